import type { LanguageModel } from "@mnemosyne/core";
import type { Script } from "../script/script.ts";
import { suite, type ConformanceCheck, type Opened } from "./check.ts";
import { MODEL_ANSWER_CHECKS } from "./model-answers.ts";
import { MODEL_TOOL_CHECKS } from "./model-tools.ts";

/** Opens a model whose part a script plays; for the Messages API: a client of `startMessagesServer(script)`. */
export type OpenModel = (script: Script) => Promise<Opened<LanguageModel>>;

/**
 * What every language model must do. The implementation under test talks to a scripted provider, so that its answers
 * are known.
 *
 * @example
 * const open = async (script) => {
 *   const server = await startMessagesServer(script);
 *   return { subject: createAnthropicModel({ baseURL: server.url, apiKey: "test" }), close: server.close };
 * };
 * for (const { name, run } of languageModelConformance(open)) test(name, run);
 */
export function languageModelConformance(open: OpenModel): readonly ConformanceCheck[] {
  return Object.entries({ ...MODEL_ANSWER_CHECKS, ...MODEL_TOOL_CHECKS }).flatMap(
    ([name, { turns, check }]) => suite(() => open({ name, turns }), { [name]: check }),
  );
}
