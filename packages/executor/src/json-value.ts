import { MnemosyneError, type Json } from "@mnemosyne/core";

const MAX_DEPTH = 200;

/**
 * A copy of a value that is certain to survive JSON: `undefined` becomes `null` at the top and is left out of objects.
 * Throws `E_INPUT` naming the place of anything else (a Date, a function, NaN, a cycle, an instance of a class).
 */
export function toJson(value: unknown, path = "output"): Json {
  return value === undefined ? null : copy(value, path, []);
}

function copy(value: unknown, path: string, parents: readonly object[]): Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") {
    if (Number.isFinite(value)) return value;
    throw notJson(path, `${value}`);
  }
  if (typeof value !== "object") throw notJson(path, `a ${typeof value}`);
  if (parents.includes(value)) throw notJson(path, "a reference to an object that contains it");
  if (parents.length >= MAX_DEPTH) throw notJson(path, `nested deeper than ${MAX_DEPTH} levels`);
  const inside = [...parents, value];
  if (Array.isArray(value)) return value.map((item, index) => copy(item, `${path}[${index}]`, inside));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    throw notJson(path, `an instance of ${value.constructor?.name ?? "a class"}`);
  const result: Record<string, Json> = {};
  for (const [key, item] of Object.entries(value))
    if (item !== undefined)
      Object.defineProperty(result, key, {
        value: copy(item, `${path}.${key}`, inside),
        enumerable: true,
        configurable: true,
        writable: true,
      });
  return result;
}

function notJson(path: string, what: string): MnemosyneError {
  return new MnemosyneError(
    "E_INPUT",
    `${path} is ${what}, which JSON cannot hold; return strings, finite numbers, booleans, null, arrays and plain objects.`,
    { kind: "input", path },
  );
}
