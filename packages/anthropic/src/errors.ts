import {
  APIConnectionError,
  APIConnectionTimeoutError,
  APIError,
  APIUserAbortError,
} from "@anthropic-ai/sdk";
import { MnemosyneError, isAbortError, isMnemosyneError, type Json } from "@mnemosyne/core";

/** Why a call was aborted from here. */
export type AbortCause = "cancelled" | "timeout" | "idle";

/** What is known of a call that failed, besides the error. */
export interface FailureContext {
  readonly aborted?: AbortCause | undefined;
  /** HTTP requests that left. */
  readonly attempts?: number | undefined;
  /** Milliseconds of the limit that ran out. */
  readonly limit?: number | undefined;
  /** The reason of the caller's signal. */
  readonly reason?: unknown;
}

const AUTH_HINT =
  "Set ANTHROPIC_API_KEY (https://platform.claude.com/settings/keys), or pass apiKey or client to createAnthropicModel.";

/**
 * Any error of the SDK as a `MnemosyneError`. `details` carries `status`, `type`, `requestId`, `retryAfterMs` and
 * `attempts` where they are known; `cause` is the SDK's error.
 */
export function mapError(error: unknown, context: FailureContext = {}): MnemosyneError {
  if (context.aborted !== undefined) return abortError(context.aborted, error, context);
  if (isMnemosyneError(error)) return error;
  if (error instanceof APIUserAbortError || isAbortError(error))
    return abortError("cancelled", error, context);
  if (error instanceof APIConnectionTimeoutError) return abortError("timeout", error, context);
  if (error instanceof APIConnectionError) return unreachable(error, context);
  if (error instanceof APIError) return apiError(error, context);
  if (context.attempts === 0 || isAuthFault(error)) return beforeSending(error);
  return brokenReply(error, context);
}

/** The error of a call that was stopped between its reservation and its sending: `details.sent` is false. */
export function notSent(why: AbortCause, reason: unknown): MnemosyneError {
  return new MnemosyneError("E_CANCELLED", `The call of the model was stopped (${why}) before it was sent.`, {
    kind: "cancelled",
    details: { sent: false },
    cause: reason,
  });
}

/** True for a reply that began and did not arrive whole: another try may get it. */
export function isBrokenReply(error: unknown): boolean {
  return isMnemosyneError(error) && isRecord(error.details) && error.details["reply"] === "broken";
}

/** The error of an answer by its status and headers alone, for attempts that the SDK goes on to repeat. */
export function statusError(status: number, headers: Headers): MnemosyneError {
  return overloaded(`The model's provider answered with status ${status}`, {
    status,
    ...headerFacts(headers),
  });
}

/** Milliseconds that a provider asks to wait. */
export function retryAfterMs(headers: Headers): number | undefined {
  const exact = Number.parseFloat(headers.get("retry-after-ms") ?? "");
  if (exact >= 0) return exact;
  const given = headers.get("retry-after");
  if (given === null) return undefined;
  const seconds = Number.parseFloat(given);
  if (seconds >= 0) return seconds * 1000;
  const date = Date.parse(given);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

function apiError(error: APIError, context: FailureContext): MnemosyneError {
  const { status, type } = error;
  const said = error.apiMessage ?? error.message;
  const details: Record<string, Json> = {
    ...(status === undefined ? {} : { status }),
    ...(type === null ? {} : { type }),
    ...(error.headers === undefined ? {} : headerFacts(error.headers)),
    ...(context.attempts === undefined ? {} : { attempts: context.attempts }),
  };
  if (
    error.errorCode === "script_no_turn" ||
    error.errorCode === "script_failed" ||
    error.errorCode === "tape_miss"
  )
    return new MnemosyneError("E_SCRIPT", `The scripted model cannot answer: ${said}`, {
      kind: "input",
      hint: "Add a turn that matches the request to the script, or record the tape again.",
      details,
      cause: error,
    });
  if (status === 401 || status === 403 || type === "authentication_error" || type === "permission_error")
    return new MnemosyneError("E_MODEL_AUTH", `The model's provider refused the key: ${said}`, {
      kind: "unavailable",
      retryable: false,
      hint: AUTH_HINT,
      details,
      cause: error,
    });
  if (status === 413 || isOverflow(said))
    return new MnemosyneError("E_CONTEXT_OVERFLOW", `The request is too long for the model: ${said}`, {
      kind: "conflict",
      hint: "Send less: lower the context's budget, or start a new conversation.",
      details,
      cause: error,
    });
  if (isOverloaded(status, type)) {
    // An error without a status came in the middle of a stream.
    const broken = status === undefined ? { reply: "broken" } : {};
    return overloaded(
      `The model's provider is overloaded or failing: ${said}`,
      { ...details, ...broken },
      error,
    );
  }
  const billing = status === 402;
  return new MnemosyneError("E_MODEL", `The model's provider refused the request: ${said}`, {
    kind: billing ? "unavailable" : "input",
    retryable: status === 408 || status === 409,
    ...(status === 404
      ? { hint: "Name a model that the provider offers (MNEMOSYNE_MODEL or the option model)." }
      : {}),
    details,
    cause: error,
  });
}

function isOverflow(message: string): boolean {
  return /prompt is too long|exceeds? (?:the )?(?:model's )?context (?:window|limit)/i.test(message);
}

function isOverloaded(status: number | undefined, type: string | null): boolean {
  if (status !== undefined) return status === 408 || status === 429 || status >= 500;
  return (
    type === "overloaded_error" ||
    type === "api_error" ||
    type === "rate_limit_error" ||
    type === "timeout_error"
  );
}

function overloaded(message: string, details: Json, cause?: unknown): MnemosyneError {
  return new MnemosyneError("E_MODEL_OVERLOADED", message, {
    kind: "unavailable",
    hint: "Try again later, or resume the run.",
    details,
    ...(cause === undefined ? {} : { cause }),
  });
}

function unreachable(error: APIConnectionError, context: FailureContext): MnemosyneError {
  const cause = deepest(error);
  return overloaded(
    `The model's provider cannot be reached: ${cause}`,
    context.attempts === undefined ? {} : { attempts: context.attempts },
    error,
  );
}

function brokenReply(error: unknown, context: FailureContext): MnemosyneError {
  return overloaded(
    `The model's answer broke off or could not be read: ${deepest(error)}`,
    { reply: "broken", ...(context.attempts === undefined ? {} : { attempts: context.attempts }) },
    error,
  );
}

function beforeSending(error: unknown): MnemosyneError {
  if (isAuthFault(error))
    return new MnemosyneError("E_MODEL_AUTH", "There is no key for the model's provider.", {
      kind: "unavailable",
      retryable: false,
      hint: AUTH_HINT,
      cause: error,
    });
  return new MnemosyneError("E_MODEL", `The request could not be made: ${deepest(error)}`, {
    kind: "input",
    cause: error,
  });
}

function isAuthFault(error: unknown): boolean {
  return error instanceof Error && /resolve authentication|credential|api ?key|profile/i.test(error.message);
}

function abortError(why: AbortCause, error: unknown, context: FailureContext): MnemosyneError {
  if (why === "cancelled")
    return new MnemosyneError("E_CANCELLED", "The call of the model was cancelled.", {
      kind: "cancelled",
      cause: context.reason ?? error,
    });
  const limit = context.limit === undefined ? "" : ` within ${context.limit} ms`;
  const what = why === "idle" ? "sent nothing more" : "did not answer";
  return new MnemosyneError("E_TIMEOUT", `The model ${what}${limit}.`, {
    kind: "unavailable",
    hint: "Try again, or raise the timeout of the model.",
    details: { timeout: why === "idle" ? "idle" : "total" },
    cause: error,
  });
}

function headerFacts(headers: Headers): Record<string, Json> {
  const wait = retryAfterMs(headers);
  const requestId = headers.get("request-id");
  return {
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    ...(requestId === null ? {} : { requestId }),
  };
}

/** The message of the innermost cause: SDK and fetch wrap what really happened. */
function deepest(error: unknown): string {
  let next = error;
  for (let depth = 0; depth < 8; depth++) {
    if (!(next instanceof Error) || next.cause === undefined || next.cause === null) break;
    next = next.cause;
  }
  const message = next instanceof Error ? next.message : String(next);
  return message === "" ? String((next as { readonly code?: unknown }).code ?? next) : message;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
