/** Options of {@link Embedder.embed}. */
export interface EmbedOptions {
  readonly signal?: AbortSignal;
  /** Some models turn what is asked into other vectors than what is stored. Default: `document`. */
  readonly purpose?: "document" | "query";
}

/**
 * Turns texts into vectors. May be called many times at once; keeps no text.
 *
 * `embed` gives for each text, in order, a new vector of `dimensions` finite numbers and length 1, or `undefined` where the
 * text has no meaning to the embedder (it is blank, or all its words are unknown): never a vector of zeros, which has
 * no direction and must not be stored. The same text gives the same vector, whatever else is asked for with it. An empty
 * list gives an empty list. It rejects with `E_CANCELLED` soon after `signal` fires, with `E_UNAVAILABLE`,
 * `E_MODEL_AUTH`, `E_MODEL_OVERLOADED` or `E_MODEL` when there is no answer; a call gives all of its vectors or none.
 */
export interface Embedder {
  /**
   * Who made the vectors: `NAME@VERSION/DIMENSIONS`, then `#HASH` of the model's content where it is at hand, e.g.
   * `static-en@1/100#183f73c131aca728`. Whatever changes a vector changes the id. Vectors of different ids never meet.
   */
  readonly id: string;
  readonly dimensions: number;
  /** The share of similarity in a mixed score, 0 to 1, the rest being that of words. Default: 0.25. */
  readonly weight?: number;
  embed(texts: readonly string[], options?: EmbedOptions): Promise<readonly (Float32Array | undefined)[]>;
}
