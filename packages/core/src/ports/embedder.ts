/** Turns texts into vectors. Vectors of different `id`s never meet. */
export interface Embedder {
  /** Names model and version, e.g. `static-en-40k@1`. */
  readonly id: string;
  readonly dimensions: number;
  /** One vector a text, in order; `undefined` where a text has no meaning to it (only unknown words). */
  embed(
    texts: readonly string[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<readonly (Float32Array | undefined)[]>;
}
