import { MnemosyneError, type Json } from "@mnemosyne/core";

/** As a database would give it back: no shared references, no `undefined`. */
export function copy(value: Json): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

export function invalid(path: string, message: string): MnemosyneError {
  return new MnemosyneError("E_INPUT", message, { kind: "input", path });
}

/** A number of milliseconds above 0. */
export function checkTtl(ttl: number, path = "ttl"): number {
  if (Number.isFinite(ttl) && ttl > 0) return ttl;
  throw invalid(path, `${path} is a number of milliseconds above 0, not ${ttl}.`);
}

/** A name that is not empty. */
export function checkName(name: string, path: string): string {
  if (typeof name === "string" && name !== "") return name;
  throw invalid(path, `${path} is a name that is not empty.`);
}

export function lost(id: string, token: number): MnemosyneError {
  return new MnemosyneError(
    "E_LEASE_LOST",
    `'${id}' has expired or was given back; stop the work that it protected and begin anew.`,
    { kind: "conflict", details: { id, token } },
  );
}
