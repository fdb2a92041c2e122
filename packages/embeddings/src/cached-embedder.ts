import { MnemosyneError, type Embedder } from "@mnemosyne/core";

/** Options of {@link createCachedEmbedder}. */
export interface CachedEmbedderOptions {
  /** The most texts that are kept, the last used ones. Default: 1000. */
  readonly entries?: number;
}

/**
 * An embedder that remembers what it was asked last, so that a query asked again costs nothing. Worth it in front of a hosted
 * model or the sentence encoder; the static one is as fast as a cache.
 *
 * @example
 * const embedder = createCachedEmbedder(createSentenceEmbedder(), { entries: 500 });
 */
export function createCachedEmbedder(embedder: Embedder, options: CachedEmbedderOptions = {}): Embedder {
  const { entries = 1000 } = options;
  if (!Number.isSafeInteger(entries) || entries < 1)
    throw new MnemosyneError("E_INPUT", "entries must be a whole number from 1.", {
      kind: "input",
      path: "entries",
    });
  /** By purpose and text, the last used one last. */
  const kept = new Map<string, Float32Array | undefined>();
  return {
    id: embedder.id,
    dimensions: embedder.dimensions,
    ...(embedder.weight === undefined ? {} : { weight: embedder.weight }),
    async embed(texts, embedOptions) {
      const keyOf = (text: string): string => `${embedOptions?.purpose ?? "document"}\n${text}`;
      const found = new Map<string, Float32Array | undefined>();
      const missing = new Set<string>();
      for (const text of texts)
        if (kept.has(keyOf(text))) found.set(text, kept.get(keyOf(text)));
        else missing.add(text);
      const asked = [...missing];
      // Also where nothing is missing: a signal that has fired is heard.
      const vectors = await embedder.embed(asked, embedOptions);
      for (const [at, text] of asked.entries()) found.set(text, vectors[at]);
      for (const [text, vector] of found) {
        kept.delete(keyOf(text));
        kept.set(keyOf(text), vector);
      }
      for (const key of kept.keys()) {
        if (kept.size <= entries) break;
        kept.delete(key);
      }
      return texts.map((text) => found.get(text)?.slice());
    },
  };
}
