import { statementFacts, type Embedder } from "@mnemosyne/core";
import { termSetOf } from "../relevance.ts";

/** Says how near statements are in meaning. */
export interface Similarity {
  /** Who says so: an embedder's id, or `lexical`. */
  readonly name: string;
  /** From which similarity on two statements say the same. */
  readonly duplicateAt: number;
  /** Pairs that say the same, nearest first; each names two places in the list, the earlier one first. */
  duplicates(statements: readonly string[], signal?: AbortSignal): Promise<readonly SimilarPair[]>;
}

/** Two statements that say the same. */
export interface SimilarPair {
  readonly a: number;
  readonly b: number;
  /** 0 to 1. */
  readonly similarity: number;
}

const BY_MEANING = 0.9;
const BY_WORDS = 0.75;

/**
 * Similarity by an embedder's vectors, or without one by shared words. Either way two statements whose numbers, names or
 * negations contradict each other never say the same: `use port 8443` is no duplicate of `use port 9443`.
 */
export function createSimilarity(
  options: { readonly embedder?: Embedder; readonly duplicateAt?: number } = {},
): Similarity {
  const { embedder } = options;
  const duplicateAt = options.duplicateAt ?? (embedder === undefined ? BY_WORDS : BY_MEANING);
  return {
    name: embedder?.id ?? "lexical",
    duplicateAt,
    async duplicates(statements, signal) {
      const near =
        embedder === undefined
          ? byWords(statements)
          : byVectors(await embedder.embed(statements, signal === undefined ? {} : { signal }));
      const found: SimilarPair[] = [];
      for (let b = 1; b < statements.length; b++)
        for (let a = 0; a < b; a++) {
          const similarity = near(a, b);
          if (similarity >= duplicateAt && compatible(statements[a] ?? "", statements[b] ?? ""))
            found.push({ a, b, similarity });
        }
      return found.toSorted((x, y) => y.similarity - x.similarity || x.b - y.b || x.a - y.a);
    },
  };
}

type Near = (a: number, b: number) => number;

function byWords(statements: readonly string[]): Near {
  const known = new Map<string, readonly string[]>();
  const terms = statements.map((statement) => termSetOf(statement, known));
  return (a, b) => {
    const first = terms[a] ?? new Set();
    const second = terms[b] ?? new Set();
    if (first.size + second.size === 0) return statements[a] === statements[b] ? 1 : 0;
    let shared = 0;
    for (const term of first) if (second.has(term)) shared++;
    return (2 * shared) / (first.size + second.size);
  };
}

function byVectors(vectors: readonly (Float32Array | undefined)[]): Near {
  return (a, b) => {
    const first = vectors[a];
    const second = vectors[b];
    if (first === undefined || second === undefined) return 0;
    let dot = 0;
    for (let at = 0; at < first.length; at++) dot += (first[at] ?? 0) * (second[at] ?? 0);
    return Math.min(1, Math.max(0, dot));
  };
}

function compatible(a: string, b: string): boolean {
  const first = statementFacts(a);
  const second = statementFacts(b);
  const negated = (facts: typeof first): boolean => facts.conditions.some(({ marker }) => marker === "not");
  return (
    negated(first) === negated(second) &&
    nested(first.numbers, second.numbers) &&
    nested(
      first.names.map((name) => name.toLowerCase()),
      second.names.map((name) => name.toLowerCase()),
    )
  );
}

/** One holds all of the other. */
function nested(a: readonly string[], b: readonly string[]): boolean {
  const [small, large] = a.length <= b.length ? [a, b] : [b, a];
  return small.every((each) => large.includes(each));
}
