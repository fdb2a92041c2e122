/** An answer of the API that is an error. */
export interface ApiError {
  readonly status: number;
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  500: "api_error",
  504: "timeout_error",
  529: "overloaded_error",
};

/** The error type that belongs to a status. */
export function errorType(status: number): string {
  return TYPES[status] ?? (status >= 500 ? "api_error" : "invalid_request_error");
}

/** A refusal of a request that breaks the API's rules. */
export function badRequest(message: string): ApiError {
  return { status: 400, type: "invalid_request_error", message };
}
