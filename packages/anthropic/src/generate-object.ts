import type { Anthropic } from "@anthropic-ai/sdk";
import {
  MnemosyneError,
  type Json,
  type JsonObject,
  type ModelOptions,
  type ModelResponse,
  type ModelUsage,
} from "@mnemosyne/core";
import { ask, type Answer, type AskContext } from "./ask.ts";
import { schemaCheck, strictSchema, type SchemaCheck } from "./json-schema.ts";
import { withMessages, type MessageParams } from "./message-params.ts";
import { addModelUsage, repeatable } from "./response.ts";

/** An object that fits its schema. */
export interface GeneratedObject {
  readonly value: Json;
  readonly response: ModelResponse;
  /** Of both tries. */
  readonly usage: ModelUsage;
}

/**
 * Asks for an answer that fits a schema, and checks it by the whole schema: the provider enforces a subset only. A
 * misfit is shown to the model once. Throws `E_MODEL_OUTPUT` when the second answer does not fit either.
 */
export async function generateObject(
  context: AskContext,
  base: Omit<MessageParams, "messages">,
  messages: readonly Anthropic.MessageParam[],
  schema: JsonObject,
  options: ModelOptions,
): Promise<GeneratedObject> {
  const check = schemaCheck(schema, "schema");
  const format: Anthropic.JSONOutputFormat = { type: "json_schema", schema: strictSchema(schema) };
  const formed = { ...base, output_config: { ...base.output_config, format } };
  const first = await ask(context, withMessages(formed, messages, false), options, 1);
  const read = readAnswer(first, check);
  if ("value" in read) return { value: read.value, response: first.response, usage: first.response.usage };

  const repair = withMessages(
    formed,
    [...messages, ...asked(first), { role: "user", content: complaint(read.faults) }],
    false,
  );
  const second = await ask(context, repair, options, 2);
  const again = readAnswer(second, check);
  if ("value" in again)
    return {
      value: again.value,
      response: second.response,
      usage: addModelUsage(first.response.usage, second.response.usage),
    };
  throw new MnemosyneError(
    "E_MODEL_OUTPUT",
    `The model's answer does not fit its schema, after one repair: ${again.faults.join("; ")}.`,
    {
      kind: "conflict",
      retryable: true,
      details: { faults: again.faults, text: second.response.text.slice(0, 2000) },
    },
  );
}

function readAnswer(
  { response }: Answer,
  check: SchemaCheck,
): { readonly value: Json } | { readonly faults: readonly string[] } {
  if (response.stopReason === "maxTokens")
    throw new MnemosyneError(
      "E_MODEL_OUTPUT",
      "The model's answer was cut at maxTokens before it was complete.",
      {
        kind: "conflict",
        retryable: true,
        hint: "Raise maxTokens, or ask for less.",
        details: { outputTokens: response.usage.outputTokens },
      },
    );
  let value: Json;
  try {
    value = JSON.parse(response.text) as Json;
  } catch (error) {
    return { faults: [`it is not JSON: ${(error as Error).message}`] };
  }
  const faults = check(value);
  return faults.length === 0 ? { value } : { faults };
}

/** The first answer as a turn of the conversation; one without content cannot be repeated. */
function asked({ message }: Answer): readonly Anthropic.MessageParam[] {
  const turn = repeatable(message);
  return turn.content.length === 0 ? [] : [turn];
}

function complaint(faults: readonly string[]): string {
  return [
    "That answer does not fit the JSON Schema:",
    ...faults.map((fault) => `- ${fault}`),
    "Answer again with the corrected JSON and nothing else.",
  ].join("\n");
}
