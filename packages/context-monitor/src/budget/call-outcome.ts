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

/** HTTP answers after which a model may have worked all the same: somebody between gave up waiting. */
const UNKNOWN_FATE = new Set([408, 499, 502, 504, 524]);

/** Whether an error proves that the request never left: refused before sending, or no connection was made. */
export function wasNotSent(error: unknown): boolean {
  for (const cause of causes(error)) {
    if (field(field(cause, "details"), "sent") === false) return true;
    if (isMnemosyneError(cause) && (cause.code === "E_BUDGET" || cause.code === "E_INPUT")) return true;
    if (isMnemosyneError(cause) && cause.code === "E_MODEL_AUTH" && statusOf(cause) === undefined)
      return true;
    if (UNREACHED.has(String(field(cause, "code")))) return true;
  }
  return false;
}

/** Whether an error proves that the provider answered with an error of its own, which it does not charge. Anything else may have been charged. */
export function wasNotCharged(error: unknown): boolean {
  for (const cause of causes(error)) {
    const status = statusOf(cause);
    if (status !== undefined) return status >= 400 && status < 600 && !UNKNOWN_FATE.has(status);
  }
  return false;
}

function statusOf(error: unknown): number | undefined {
  const status = field(error, "status") ?? field(field(error, "details"), "status");
  return typeof status === "number" ? status : undefined;
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
