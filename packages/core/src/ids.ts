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
    const time = Math.max(0, at.getTime()).toString(16).padStart(12, "0");
    const [a, b, c, d, e] = randomWords();
    const version = 0x7000 | (a & 0x0fff);
    const variant = 0x8000 | (b & 0x3fff);
    return `${time.slice(0, 8)}-${time.slice(8)}-${hex4(version)}-${hex4(variant)}-${hex4(c)}${hex4(d)}${hex4(e)}` as MemoryId;
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

const WORDS = 5;
/** Random words that no id has used yet: asking for them one id at a time would take most of its time. */
let unused: Uint16Array = new Uint16Array(0);

function randomWords(): readonly [number, number, number, number, number] {
  if (unused.length < WORDS) unused = globalThis.crypto.getRandomValues(new Uint16Array(WORDS * 64));
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = unused;
  unused = unused.subarray(WORDS);
  return [a, b, c, d, e];
}

function hex4(word: number): string {
  return word.toString(16).padStart(4, "0");
}

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
