import type { Json } from "@mnemosyne/core";
import { inputError } from "./input.ts";

const DEEPEST = 100;

/** Throws `E_INPUT` with the path of the member that JSON would lose or change. `undefined` members are left out by JSON and legal. */
export function checkJson(value: unknown, path: string, depth = 0): asserts value is Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number" && Number.isFinite(value)) return;
  if (depth > DEEPEST) throw inputError(path, `is nested more than ${DEEPEST} levels deep`);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkJson(item, `${path}[${index}]`, depth + 1);
    return;
  }
  if (isPlainObject(value)) {
    for (const [key, item] of Object.entries(value))
      if (item !== undefined) checkJson(item, `${path}.${key}`, depth + 1);
    return;
  }
  throw inputError(
    path,
    `must be JSON; a ${typeof value === "object" ? (value.constructor?.name ?? "object") : typeof value} is not`,
  );
}

/** An object literal, not a Date, a Map or an array. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
