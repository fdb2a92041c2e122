import { deepStrictEqual, ok } from "node:assert";
import { isMnemosyneError, type ErrorCode, type MnemosyneError } from "@mnemosyne/core";

/** One thing that an implementation of a port must do. Give it to any test runner. */
export interface ConformanceCheck {
  readonly name: string;
  /** Throws when the implementation does not do it. */
  readonly run: () => Promise<void>;
}

/** An implementation, opened empty for one check. */
export interface Opened<Subject> {
  readonly subject: Subject;
  /** Another handle on the same data (another connection, another process), where the implementation can have one. */
  readonly second?: Subject;
  close?(): Promise<void>;
}

/** Opens an empty implementation. */
export type Open<Subject> = () => Promise<Opened<Subject>>;

/** A check with the parts that it needs. */
export type Checks<Subject> = Readonly<Record<string, (subject: Subject, second: Subject) => Promise<void>>>;

/** Makes checks that each open their own implementation and close it whatever happens. */
export function suite<Subject>(open: Open<Subject>, checks: Checks<Subject>): readonly ConformanceCheck[] {
  return Object.entries(checks).map(([name, check]) => ({
    name,
    async run() {
      const opened = await open();
      try {
        await check(opened.subject, opened.second ?? opened.subject);
      } finally {
        await opened.close?.();
      }
    },
  }));
}

/** Throws unless both are the same by structure. */
export function same(actual: unknown, expected: unknown, what: string): void {
  deepStrictEqual(actual, expected, `${what}: got ${show(actual)}, expected ${show(expected)}`);
}

/** Throws unless the condition holds. */
export function holds(condition: boolean, what: string): asserts condition {
  ok(condition, what);
}

/** Gives the value; throws where there is none. */
export function there<Value>(value: Value | undefined, what: string): Value {
  ok(value !== undefined, `${what} is missing`);
  return value;
}

/** Gives the error with which a call was refused; throws when it was not, or by another code. */
export async function refused(
  call: Promise<unknown>,
  codes: ErrorCode | readonly ErrorCode[],
  what: string,
): Promise<MnemosyneError> {
  let value: unknown;
  try {
    value = await call;
  } catch (error) {
    ok(isMnemosyneError(error), `${what}: threw ${show(error)}, which is no MnemosyneError`);
    const wanted = typeof codes === "string" ? [codes] : codes;
    ok(
      wanted.includes(error.code),
      `${what}: threw ${error.code} (${error.message}), expected ${wanted.join(" or ")}`,
    );
    return error;
  }
  throw new Error(`${what}: was accepted (${show(value)}), expected ${String(codes)}`);
}

/** Resolves after so many milliseconds. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

/** Settles like the call, or throws when that takes longer. */
export async function soon<Value>(call: Promise<Value>, milliseconds: number, what: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}

function show(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 400 ? `${text.slice(0, 400)}...` : text;
}
