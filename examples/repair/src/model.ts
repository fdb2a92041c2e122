import { existsSync } from "node:fs";
import path from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import { createAnthropicModel, createModelCatalog } from "@mnemosyne/anthropic";
import type { LanguageModel, ModelCatalog } from "@mnemosyne/core";
import { loadScript, startMessagesServer } from "@mnemosyne/testkit";
import type { DemoArguments } from "./arguments.ts";

/** The model of the demonstration, and what to say about it. */
export interface DemoModel {
  readonly model: LanguageModel;
  readonly catalog: ModelCatalog;
  readonly banner: string;
  readonly scripted: boolean;
  readonly secrets: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** Small and cheap; `MNEMOSYNE_MODEL` names another one. */
const DEFAULT_MODEL = "claude-haiku-5-5";

/** Claude where a key is set and no script was asked for; else a script, served over loopback HTTP to the real SDK. */
export async function chooseModel(options: DemoArguments, scripts: string): Promise<DemoModel> {
  const model = process.env["MNEMOSYNE_MODEL"] ?? DEFAULT_MODEL;
  const key = process.env["ANTHROPIC_API_KEY"] ?? "";
  const catalog = createModelCatalog();
  if (key !== "" && !options.scripted) {
    const baseURL = process.env["ANTHROPIC_BASE_URL"];
    const client = new Anthropic({ apiKey: key, ...(baseURL === undefined ? {} : { baseURL }) });
    return {
      catalog,
      model: createAnthropicModel({ client, model }),
      banner: `Model: ${model}. Cap: 0.50 USD for both plans together.`,
      scripted: false,
      secrets: [key],
      [Symbol.asyncDispose]: async () => {},
    };
  }
  const known = path.join(scripts, `${options.script}.js`);
  const server = await startMessagesServer(
    await loadScript(existsSync(known) ? known : path.resolve(options.script)),
  );
  return {
    catalog,
    model: createAnthropicModel({
      client: new Anthropic({ apiKey: "scripted", baseURL: server.url }),
      provider: "scripted",
      model,
    }),
    banner: [
      `A script plays the model's part ('${options.script}'); every record says provider "scripted".`,
      "Everything else is real: the SDK, the HTTP calls, the files, the tests, the gates, the database.",
    ].join("\n"),
    scripted: true,
    secrets: [],
    [Symbol.asyncDispose]: () => server.close(),
  };
}
