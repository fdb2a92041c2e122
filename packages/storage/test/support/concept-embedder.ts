import type { Embedder } from "@mnemosyne/core";

/** Words that mean the same; any other word is unknown. */
const CONCEPTS = [
  "car automobile vehicle",
  "physician doctor medic",
  "glad happy joyful",
  "purchase acquire buy",
  "begin start commence",
  "ocean sea deep",
  "rapid quick fast",
  "house home dwelling",
  "error bug defect",
  "release deploy ship",
].map((words) => words.split(" "));

/** An embedder that can be broken, and counts what it was asked. */
export interface ConceptEmbedder extends Embedder {
  broken: boolean;
  readonly texts: string[];
}

/** Deterministic: a text is the sum of its concepts' directions. */
export function conceptEmbedder(
  options: { id?: string; weight?: number; dimensions?: number } = {},
): ConceptEmbedder {
  const dimensions = options.dimensions ?? 24;
  return {
    id: options.id ?? "concepts@1",
    dimensions,
    weight: options.weight ?? 0.5,
    broken: false,
    texts: [],
    embed(texts) {
      this.texts.push(...texts);
      if (this.broken) return Promise.reject(new Error("the model is away"));
      return Promise.resolve(
        texts.map((text) => {
          const vector = new Float32Array(dimensions);
          for (const word of text.toLowerCase().match(/[a-z]+/g) ?? []) {
            const concept = CONCEPTS.findIndex((words) => words.includes(word));
            if (concept >= 0) vector[concept] = (vector[concept] ?? 0) + 1;
          }
          const length = Math.hypot(...vector);
          return length === 0 ? undefined : vector.map((value) => value / length);
        }),
      );
    },
  };
}
