import type { JsonObject } from "@mnemosyne/core";
import { z } from "zod";
import { planFileSchema } from "./schema.ts";

/** The JSON Schema (2020-12) of the plan file, generated from the schema that plans are checked with. */
export function planJsonSchema(): JsonObject {
  const { $schema, ...rest } = z.toJSONSchema(planFileSchema, { io: "input" }) as JsonObject;
  return {
    ...($schema === undefined ? {} : { $schema }),
    $id: "https://mnemosyne.invalid/plan.schema.json",
    title: "Mnemosyne plan",
    ...rest,
  };
}
