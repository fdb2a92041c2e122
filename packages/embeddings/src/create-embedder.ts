import { MnemosyneError, type EmbedOptions, type Embedder } from "@mnemosyne/core";
import { throwIfCancelled, unlessCancelled } from "./cancelled.ts";
import { unitVector } from "./unit-vector.ts";

/** What a function that embeds is told besides the texts. */
export interface EmbedCall {
  /** Fires when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  readonly purpose: "document" | "query";
}

/** Options of {@link createEmbedder}. */
export interface EmbedderOptions {
  /**
   * Name and version of what makes the vectors, e.g. `my-model@2`, without blanks. Change it when the vectors change: vectors of
   * different ids are never compared. The embedder's own id adds the dimensions.
   */
  readonly id: string;
  readonly dimensions: number;
  /** The share of similarity in a mixed score, 0 to 1. Default: 0.4; more for a strong model. */
  readonly weight?: number;
  /** The most texts a call. Default: 64. */
  readonly batchSize?: number;
  /** The most calls at once. Default: 1. */
  readonly concurrency?: number;
  /** Gives one vector a text, in order, of any length but zero. It never gets a blank text, nor an empty list. */
  readonly embed: (
    texts: readonly string[],
    call: EmbedCall,
  ) => Promise<readonly (ArrayLike<number> | undefined)[]> | readonly (ArrayLike<number> | undefined)[];
}

/**
 * An embedder from any function. Texts are given to it in batches, blank ones not at all; what it gives is checked (count,
 * dimensions, finite numbers: else `E_MODEL`) and brought to length 1; a vector of zeros becomes `undefined`. A call
 * ends with `E_CANCELLED` as soon as its signal fires, even if the function does not listen to it.
 *
 * Throws `E_INPUT` for options that are none.
 *
 * @example
 * const embedder = createEmbedder({
 *   id: "letters@1",
 *   dimensions: 26,
 *   embed: (texts) => texts.map((text) => Array.from({ length: 26 }, (_, at) => text.split(String.fromCharCode(97 + at)).length - 1)),
 * });
 */
export function createEmbedder(options: EmbedderOptions): Embedder {
  const { id, dimensions, weight = 0.4, batchSize = 64, concurrency = 1, embed } = options;
  if (typeof id !== "string" || !/^[^\s/#][^\s#]{0,199}$/.test(id))
    throw wrong("id", "must be a name of 1 to 200 characters without blanks and '#'");
  for (const [path, value] of Object.entries({ dimensions, batchSize, concurrency }))
    if (!Number.isSafeInteger(value) || value < 1 || value > 100_000)
      throw wrong(path, "must be a whole number from 1 to 100000");
  if (!(weight >= 0 && weight <= 1)) throw wrong("weight", "must be from 0 to 1");
  if (typeof embed !== "function") throw wrong("embed", "must be a function");
  return {
    id: `${id}/${dimensions}`,
    dimensions,
    weight,
    async embed(texts, { signal, purpose = "document" }: EmbedOptions = {}) {
      throwIfCancelled(signal);
      const vectors: (Float32Array | undefined)[] = Array.from(texts, () => undefined);
      const asked = [...texts.keys()].filter((at) => texts[at]?.trim() !== "");
      const failed = new AbortController();
      const call = {
        purpose,
        signal: signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]),
      };
      const next = async (): Promise<void> => {
        for (let batch = asked.splice(0, batchSize); batch.length > 0; batch = asked.splice(0, batchSize)) {
          throwIfCancelled(signal);
          const given = await embed(
            batch.map((at) => texts[at] ?? ""),
            call,
          );
          for (const [nth, vector] of checked(given, batch.length, id).entries()) {
            const at = batch[nth] ?? 0;
            vectors[at] = vector === undefined ? undefined : direction(vector, id, dimensions);
          }
        }
      };
      const workers = Array.from({ length: Math.min(concurrency, asked.length) }, next);
      try {
        await unlessCancelled(Promise.all(workers), signal);
      } catch (error) {
        throwIfCancelled(signal);
        throw error;
      } finally {
        // Whoever still works for this call need not.
        asked.length = 0;
        failed.abort();
      }
      return vectors;
    },
  };
}

function checked(
  given: readonly (ArrayLike<number> | undefined)[],
  count: number,
  id: string,
): readonly (ArrayLike<number> | undefined)[] {
  if (Array.isArray(given) && given.length === count) return given;
  throw unfit(id, `gave ${Array.isArray(given) ? given.length : "no"} vectors for ${count} texts`);
}

function direction(vector: ArrayLike<number>, id: string, dimensions: number): Float32Array | undefined {
  if (vector?.length !== dimensions)
    throw unfit(id, `gave a vector of ${vector?.length} dimensions instead of ${dimensions}`);
  for (let at = 0; at < dimensions; at++)
    if (!Number.isFinite(vector[at])) throw unfit(id, `gave ${String(vector[at])} in a vector`);
  return unitVector(vector);
}

function wrong(path: string, problem: string): MnemosyneError {
  return new MnemosyneError("E_INPUT", `${path} ${problem}.`, { kind: "input", path });
}

function unfit(id: string, fault: string): MnemosyneError {
  return new MnemosyneError("E_MODEL", `The embedder '${id}' ${fault}.`, {
    kind: "input",
    hint: "Name the model's own dimensions, and change the id when the model changes.",
  });
}
