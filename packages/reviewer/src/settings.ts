import { MnemosyneError, parseDuration, type Json, type JsonObject } from "@mnemosyne/core";

/** A gate's settings in a plan, read key by key. Anything that does not fit is refused with `E_INPUT`. */
export interface Settings {
  text(key: string): string | undefined;
  oneOf<T extends string>(key: string, values: readonly T[]): T | undefined;
  /** A list of texts; a single text is a list of one. */
  list(key: string): readonly string[];
  number(key: string): number | undefined;
  flag(key: string): boolean | undefined;
  /** Milliseconds, from a duration such as `90s` or a number of milliseconds. */
  duration(key: string): number | undefined;
}

/** Reads the settings of `gate`; a key that is not in `known` is refused. */
export function readSettings(gate: string, settings: JsonObject, known: readonly string[]): Settings {
  const refuse = (key: string, expected: string): never => {
    throw new MnemosyneError("E_INPUT", `The setting '${key}' of the gate '${gate}' must be ${expected}.`, {
      kind: "input",
      path: `${gate}.${key}`,
    });
  };
  for (const key of Object.keys(settings)) {
    if (known.includes(key)) continue;
    throw new MnemosyneError(
      "E_INPUT",
      `The gate '${gate}' has no setting '${key}'; it knows ${known.length === 0 ? "none" : known.join(", ")}.`,
      { kind: "input", path: `${gate}.${key}` },
    );
  }
  const read = <T>(key: string, fits: (value: Json) => T | undefined, expected: string): T | undefined => {
    const value = settings[key];
    if (value === undefined || value === null) return undefined;
    return fits(value) ?? refuse(key, expected);
  };
  return {
    text: (key) =>
      read(key, (value) => (typeof value === "string" && value.trim() !== "" ? value : undefined), "a text"),
    oneOf: (key, values) =>
      read(
        key,
        (value) => values.find((known) => known === value),
        `one of ${values.map((value) => `'${value}'`).join(", ")}`,
      ),
    list: (key) =>
      read(
        key,
        (value) => {
          const list = Array.isArray(value) ? value : [value];
          return list.every((item) => typeof item === "string") ? list : undefined;
        },
        "a list of texts",
      ) ?? [],
    number: (key) =>
      read(
        key,
        (value) => (typeof value === "number" && value >= 0 ? value : undefined),
        "a number that is not negative",
      ),
    flag: (key) => read(key, (value) => (typeof value === "boolean" ? value : undefined), "true or false"),
    duration: (key) =>
      read(
        key,
        (value) =>
          typeof value === "string"
            ? parseDuration(value)
            : typeof value === "number" && value > 0
              ? value
              : undefined,
        "a duration such as 90s",
      ),
  };
}
