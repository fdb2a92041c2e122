import { Validator } from "@cfworker/json-schema";
import { transformJSONSchema } from "@anthropic-ai/sdk/lib/transform-json-schema";
import { MnemosyneError, type Json, type JsonObject } from "@mnemosyne/core";

/** Says what in a value does not fit; empty when it fits. */
export type SchemaCheck = (value: Json) => readonly string[];

const SHOWN = 8;
/** Keywords that only say that something inside them did not fit. */
const OUTER = new Set(["properties", "items", "prefixItems", "additionalProperties", "allOf", "$ref"]);

/** A check of values by a JSON Schema (draft 2020-12). Throws `E_INPUT` when the schema cannot be used. */
export function schemaCheck(schema: JsonObject, path: string): SchemaCheck {
  let validator: Validator;
  try {
    validator = new Validator(schema, "2020-12", false);
  } catch (error) {
    throw unusable(error, path);
  }
  return (value) => {
    let errors;
    try {
      ({ errors } = validator.validate(value));
    } catch (error) {
      // A reference that leads nowhere is seen when it is followed.
      throw unusable(error, path);
    }
    const telling = errors.filter((error) => !OUTER.has(error.keyword));
    const lines = (telling.length > 0 ? telling : errors).map(
      (error) => `${place(error.instanceLocation)}: ${error.error}`,
    );
    const unique = [...new Set(lines)];
    return unique.length <= SHOWN ? unique : [...unique.slice(0, SHOWN), `and ${unique.length - SHOWN} more`];
  };
}

/** A schema in the subset that the provider can hold a model to; the rest of it moves into descriptions. Throws `E_INPUT`. */
export function strictSchema(schema: JsonObject): Record<string, unknown> {
  try {
    return transformJSONSchema(schema);
  } catch (error) {
    throw unusable(error, "schema");
  }
}

function place(pointer: string): string {
  const path = pointer.replace(/^#\/?/, "").split("/").filter(Boolean).join(".");
  return path === "" ? "(the whole value)" : path;
}

function unusable(error: unknown, path: string): MnemosyneError {
  return new MnemosyneError(
    "E_INPUT",
    `The JSON Schema cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    { kind: "input", path, cause: error },
  );
}
