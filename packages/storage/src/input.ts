import { MnemosyneError } from "@mnemosyne/core";

/** The error for a field that is not as it must be. `problem` reads on after "`path`". */
export function inputError(path: string, problem: string): MnemosyneError {
  return new MnemosyneError("E_INPUT", `${path} ${problem}.`, { kind: "input", path });
}

/** A limit from 1 to 1000, or the default. Throws `E_INPUT`. */
export function checkLimit(limit: number | undefined, standard: number, path = "limit"): number {
  if (limit === undefined) return standard;
  return checkInteger(limit, path, 1, 1000);
}

/** A whole number within bounds. Throws `E_INPUT`. */
export function checkInteger(value: unknown, path: string, least: number, most: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw inputError(path, `must be a whole number from ${least} to ${most}, not ${show(value)}`);
}

/** A short name: text of 1 to `most` characters without control characters. Throws `E_INPUT`. */
export function checkName(value: unknown, path: string, most = 512): string {
  if (typeof value === "string" && value !== "" && value.length <= most && !CONTROL.test(value)) return value;
  throw inputError(
    path,
    `must be text of 1 to ${most} characters without control characters, not ${show(value)}`,
  );
}

// oxlint-disable-next-line no-control-regex -- control characters are what it finds
const CONTROL = /[\u0000-\u001f\u007f]/;

/** A wrong value as an error message shows it: short, and never an object's content. */
export function show(value: unknown): string {
  if (typeof value === "string")
    return value.length > 40 ? `a text of ${value.length} characters` : `'${value}'`;
  if (value === null || typeof value === "number" || typeof value === "boolean" || value === undefined)
    return String(value);
  return Array.isArray(value) ? "an array" : `a value of type ${typeof value}`;
}
