import { Validator } from "@cfworker/json-schema";
import { MnemosyneError, type Json, type JsonObject } from "@mnemosyne/core";

const SHOWN = 8;

/**
 * What in a value does not fit a JSON Schema (draft 2020-12), one line each with its place; empty when it fits.
 * Throws `E_INPUT` when the schema itself cannot be used.
 */
export function schemaFaults(schema: JsonObject, value: Json): readonly string[] {
  let errors;
  try {
    errors = new Validator(schema, "2020-12", false).validate(value).errors;
  } catch (error) {
    throw new MnemosyneError(
      "E_INPUT",
      `The JSON Schema cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      { kind: "input", path: "output", cause: error },
    );
  }
  // A keyword that only says "something inside did not fit" repeats what the inner line says.
  const outer = new Set(["properties", "items", "prefixItems", "additionalProperties", "allOf", "$ref"]);
  const telling = errors.filter((error) => !outer.has(error.keyword));
  const lines = (telling.length > 0 ? telling : errors).map(
    (error) => `${place(error.instanceLocation)}: ${error.error}`,
  );
  const unique = [...new Set(lines)];
  return unique.length <= SHOWN ? unique : [...unique.slice(0, SHOWN), `and ${unique.length - SHOWN} more`];
}

function place(pointer: string): string {
  const path = pointer.replace(/^#\/?/, "").split("/").filter(Boolean).join(".");
  return path === "" ? "(the value itself)" : path;
}
