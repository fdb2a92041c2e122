import type { Anthropic } from "@anthropic-ai/sdk";
import { MnemosyneError, type ModelCatalog, type ModelInfo } from "@mnemosyne/core";
import { MODEL_TABLE } from "./model-table.ts";

/** Options of {@link createModelCatalog}. */
export interface ModelCatalogOptions {
  /** Needed by `refresh` only. */
  readonly client?: Pick<Anthropic, "models">;
  /** Models besides the built-in ones, or instead of those of the same name: e.g. to give a price. */
  readonly models?: readonly ModelInfo[];
}

/**
 * A catalog of the built-in table and the given models. `get` finds a model by its id, with or without the date
 * behind it. `refresh` reads windows from the Models API (source `api`), keeps the prices that are known, and adds
 * models that are not, without prices. Errors of `refresh`: `E_UNAVAILABLE` without a client, else the model errors.
 *
 * @example
 * const catalog = createModelCatalog();
 * catalog.get("claude-haiku-5-5")?.prices?.above; // { tokens: 100001, input: 0.5, output: 2.5 }
 */
export function createModelCatalog(options: ModelCatalogOptions = {}): ModelCatalog {
  const { client, models = [] } = options;
  const entries = new Map([...MODEL_TABLE, ...models].map((info) => [info.model, info]));
  const get = (model: string): ModelInfo | undefined =>
    entries.get(model) ?? entries.get(model.replace(/-\d{8}$/, ""));
  return {
    get,
    list: () => [...entries.values()],
    async refresh({ signal } = {}) {
      if (client === undefined)
        throw new MnemosyneError(
          "E_UNAVAILABLE",
          "The model catalog cannot be refreshed without a client; give createModelCatalog one.",
          { kind: "unavailable", retryable: false },
        );
      const read: ModelInfo[] = [];
      try {
        for await (const found of client.models.list(
          { limit: 100 },
          signal === undefined ? {} : { signal },
        )) {
          const before = get(found.id);
          const contextTokens = found.max_input_tokens ?? before?.contextTokens;
          const maxOutputTokens = found.max_tokens ?? before?.maxOutputTokens;
          if (contextTokens === undefined || maxOutputTokens === undefined) continue;
          read.push({
            model: found.id,
            contextTokens,
            maxOutputTokens,
            source: "api",
            ...(before?.prices === undefined ? {} : { prices: before.prices }),
          });
        }
      } catch (error) {
        // With it comes the SDK, which a catalog that is only looked up in need not load.
        const { mapError } = await import("./errors.ts");
        throw mapError(error, { aborted: signal?.aborted === true ? "cancelled" : undefined });
      }
      // Only a list that was read to its end replaces what is known.
      for (const info of read) entries.set(info.model, info);
    },
  };
}
