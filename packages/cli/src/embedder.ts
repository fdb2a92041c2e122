import { MnemosyneError, type Embedder } from "@mnemosyne/core";
import type { HostedEmbedderOptions } from "@mnemosyne/embeddings";

/**
 * What makes the vectors of memories: `static` (offline, English words), `sentence` (offline, needs packages more), `none` (words
 * alone find), a hosted model's options, or an embedder.
 */
export type EmbedderSetting = "static" | "sentence" | "none" | Embedder | HostedSetting;

/** A hosted model, in a file that should not hold its key. */
export interface HostedSetting extends HostedEmbedderOptions {
  /** The environment variable that holds the key. */
  readonly apiKeyEnv?: string;
}

/** The embedder that a setting asks for. Throws `E_INPUT` for one that is none. */
export async function embedderOf(
  setting: unknown,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Embedder | undefined> {
  if (setting === "none") return undefined;
  const embeddings = await import("@mnemosyne/embeddings");
  if (setting === undefined || setting === "static") return embeddings.createStaticEmbedder();
  if (setting === "sentence") return embeddings.createSentenceEmbedder();
  if (isEmbedder(setting)) return setting;
  if (!isHosted(setting))
    throw invalid("must be 'static', 'sentence', 'none', an embedder, or { url, model, dimensions }");
  const { apiKeyEnv, ...options } = setting;
  if (apiKeyEnv === undefined) return embeddings.createHostedEmbedder(options);
  const apiKey = env[apiKeyEnv];
  if (apiKey === undefined || apiKey === "")
    throw invalid(`needs a key in the environment variable ${apiKeyEnv}, which is not set`);
  return embeddings.createHostedEmbedder({ ...options, apiKey });
}

function isEmbedder(value: unknown): value is Embedder {
  return isObject(value) && typeof value["embed"] === "function" && typeof value["id"] === "string";
}

function isHosted(value: unknown): value is HostedSetting {
  return isObject(value) && "url" in value && "model" in value && "dimensions" in value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function invalid(problem: string): MnemosyneError {
  return new MnemosyneError("E_INPUT", `The setting 'embedder' ${problem}.`, {
    kind: "input",
    path: "embedder",
  });
}
