import type { Json } from "./json.ts";

/** What a caller can do about an error; it decides the command's exit code. */
export type ErrorKind =
  /** The caller's data is wrong: fix it and call again. */
  | "input"
  /** The named thing does not exist. */
  | "notFound"
  /** The state of the world is not the one that the call assumed; read again and decide. */
  | "conflict"
  /** A person has to decide before this can go on. */
  | "waiting"
  /** A budget of tokens, money, calls or time is used up. */
  | "budget"
  /** Storage, network or model cannot be reached now. */
  | "unavailable"
  /** Somebody asked for this to stop. */
  | "cancelled"
  /** Ours: a bug. */
  | "internal";

/** Stable names of errors. Additions are not breaking; removals are. */
export type ErrorCode =
  | "E_INPUT"
  | "E_PLAN_INVALID"
  | "E_RUN_EXISTS"
  | "E_NOT_FOUND"
  | "E_MEMORY_NOT_FOUND"
  | "E_RUN_NOT_FOUND"
  | "E_TASK_NOT_FOUND"
  | "E_CONFLICT"
  | "E_VERSION_CONFLICT"
  | "E_STALE"
  | "E_LEASE_HELD"
  | "E_LEASE_LOST"
  | "E_DEADLOCK"
  | "E_MERGE_CONFLICT"
  | "E_WAITING"
  | "E_BUDGET"
  | "E_UNAVAILABLE"
  | "E_STORAGE"
  | "E_STORAGE_BUSY"
  | "E_COMMIT_UNKNOWN"
  | "E_SCHEMA_NEWER"
  | "E_BLOB_GONE"
  | "E_CLOSED"
  | "E_MODEL"
  | "E_MODEL_AUTH"
  | "E_MODEL_OVERLOADED"
  | "E_MODEL_OUTPUT"
  | "E_MODEL_REFUSED"
  | "E_CONTEXT_OVERFLOW"
  | "E_TURN_LIMIT"
  | "E_SCRIPT"
  | "E_TIMEOUT"
  | "E_CANCELLED"
  | "E_DENIED"
  | "E_COMMAND_FAILED"
  | "E_TASK_FAILED"
  | "E_DEPENDENCY_FAILED"
  | "E_GATE"
  | "E_GATE_FAILED"
  | "E_CRASHED"
  | "E_PATH_ESCAPE"
  | "E_NOT_ALLOWED"
  | "E_SANDBOX"
  | "E_TOOL"
  | "E_PLAYBOOK_LOSS"
  | "E_INTERNAL";

/** Options of {@link MnemosyneError}. */
export interface MnemosyneErrorOptions {
  readonly kind: ErrorKind;
  /** Whether the same call may succeed later without a change. Default: true for `unavailable`, else false. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
  /** Where in the input the fault is, e.g. `tasks[2].dependsOn[0]`. */
  readonly path?: string;
  /** What to do next, as one sentence. */
  readonly hint?: string;
  /** More facts, as JSON. Never secrets. */
  readonly details?: Json;
}

const MARKER = Symbol.for("mnemosyne.error");

/**
 * The one error class of all packages. `message` says what happened and what to do next; `code` is stable.
 * Test with {@link isMnemosyneError}, never with `instanceof`: two copies of this package may be loaded.
 */
export class MnemosyneError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly retryable: boolean;
  readonly path: string | undefined;
  readonly hint: string | undefined;
  readonly details: Json | undefined;

  constructor(code: ErrorCode, message: string, options: MnemosyneErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "MnemosyneError";
    this.code = code;
    this.kind = options.kind;
    this.retryable = options.retryable ?? options.kind === "unavailable";
    this.path = options.path;
    this.hint = options.hint;
    this.details = options.details;
    Object.defineProperty(this, MARKER, { value: true });
  }

  /** The form that `--json` and the journal carry; no stack. */
  toJSON(): ErrorRecord {
    return {
      code: this.code,
      kind: this.kind,
      message: this.message,
      ...(this.path === undefined ? {} : { path: this.path }),
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }
}

/** An error as data: what journals, results and `--json` carry. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly path?: string;
  readonly hint?: string;
  readonly details?: Json;
}

/** True for an error of any copy of this package. */
export function isMnemosyneError(value: unknown): value is MnemosyneError {
  return typeof value === "object" && value !== null && MARKER in value;
}

/** Any thrown value as data. What is not a {@link MnemosyneError} becomes `E_INTERNAL`. */
export function toErrorRecord(value: unknown): ErrorRecord {
  if (isMnemosyneError(value)) return value.toJSON();
  if (isAbortError(value)) return { code: "E_CANCELLED", kind: "cancelled", message: value.message };
  const message = value instanceof Error ? value.message : String(value);
  return { code: "E_INTERNAL", kind: "internal", message };
}

/** True for the `AbortError` that an `AbortSignal` throws. */
export function isAbortError(value: unknown): value is Error {
  return value instanceof Error && value.name === "AbortError";
}

const EXIT_CODES: Readonly<Record<ErrorKind, number>> = {
  input: 2,
  notFound: 1,
  conflict: 1,
  waiting: 3,
  budget: 4,
  unavailable: 5,
  cancelled: 6,
  internal: 70,
};

/** The command's exit code for a kind of error: input 2, notFound and conflict 1, waiting 3, budget 4, unavailable 5, cancelled 6, internal 70. */
export function exitCodeOf(kind: ErrorKind): number {
  return EXIT_CODES[kind];
}
