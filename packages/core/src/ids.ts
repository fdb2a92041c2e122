import { MnemosyneError } from "./errors.ts";

declare const brand: unique symbol;

/** A string that was checked to be of a certain form. */
export type Branded<Name extends string> = string & { readonly [brand]: Name };

/** Id of a memory: a UUID version 7 in lower case. */
export type MemoryId = Branded<"MemoryId">;
/** Id of a run. */
export type RunId = Branded<"RunId">;
/** Id of a task within its plan. */
export type TaskId = Branded<"TaskId">;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** Run and task ids: a letter or digit, then at most 63 of letters, digits, dot, underscore, hyphen. */
export const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Makes and checks memory ids. */
export const MemoryId = {
  /**
   * A new UUID version 7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then random bits.
   * The only place of this package that reads the clock, and only when `at` is not given.
   */
  new(at: Date = new Date()): MemoryId {
    const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
    let time = at.getTime();
    for (let index = 5; index >= 0; index--) {
      bytes[index] = time % 256;
      time = Math.floor(time / 256);
    }
    bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
    bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
    let hex = "";
    for (const byte of bytes) hex += (byte < 16 ? "0" : "") + byte.toString(16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as MemoryId;
  },
  /** True for a UUID in lower case. */
  is(value: unknown): value is MemoryId {
    return typeof value === "string" && UUID.test(value);
  },
  /** Checks a text; upper case is accepted and lowered. Throws `E_INPUT`. */
  parse(value: string): MemoryId {
    const id = value.toLowerCase();
    if (MemoryId.is(id)) return id;
    throw new MnemosyneError(
      "E_INPUT",
      `'${value}' is not a memory id; it must be a UUID such as ${EXAMPLE}.`,
      {
        kind: "input",
        path: "id",
      },
    );
  },
} as const;

const EXAMPLE = "019340a0-7c1e-7a2b-8f00-3d5b6c7d8e9f";

function parseName<Id extends RunId | TaskId>(kind: string, value: string): Id {
  if (NAME_PATTERN.test(value)) return value as Id;
  throw new MnemosyneError(
    "E_INPUT",
    `'${value}' is not a ${kind} id; use a letter or digit, then at most 63 letters, digits, '.', '_' or '-'.`,
    { kind: "input", path: `${kind}Id` },
  );
}

/** Checks run ids. */
export const RunId = {
  is: (value: unknown): value is RunId => typeof value === "string" && NAME_PATTERN.test(value),
  /** Throws `E_INPUT`. */
  parse: (value: string): RunId => parseName<RunId>("run", value),
} as const;

/** Checks task ids. */
export const TaskId = {
  is: (value: unknown): value is TaskId => typeof value === "string" && NAME_PATTERN.test(value),
  /** Throws `E_INPUT`. */
  parse: (value: string): TaskId => parseName<TaskId>("task", value),
} as const;
