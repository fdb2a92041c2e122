import { isMnemosyneError } from "@mnemosyne/core";

/** System errors that come before a byte of the request could be taken. */
const UNREACHED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** HTTP answers that a provider gives before a model has worked, and does not charge. */
const UNCHARGED = new Set([400, 401, 402, 403, 404, 413, 422, 429, 503, 529]);

/** Whether an error proves that the request never left: refused before sending, or no connection was made. */
export function wasNotSent(error: unknown): boolean {
  for (const cause of causes(error)) {
    if (isMnemosyneError(cause) && (cause.code === "E_BUDGET" || cause.code === "E_INPUT")) return true;
    if (UNREACHED.has(String(field(cause, "code")))) return true;
  }
  return false;
}

/** Whether an error proves that the provider answered without charging. Anything else may have been charged. */
export function wasNotCharged(error: unknown): boolean {
  for (const cause of causes(error)) {
    if (isMnemosyneError(cause) && cause.code === "E_MODEL_AUTH") return true;
    const details = field(cause, "details");
    if (UNCHARGED.has(Number(field(cause, "status") ?? field(details, "status")))) return true;
  }
  return false;
}

function* causes(error: unknown): Generator {
  let next = error;
  for (let depth = 0; depth < 8 && next !== undefined && next !== null; depth++) {
    yield next;
    next = field(next, "cause");
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && name in value
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
