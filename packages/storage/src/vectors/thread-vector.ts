import { call, row, runAll, type Call, type Work } from "../database/work.ts";
import { fromCell, inverseLength, quantize, toCell, type Quantized } from "./quantized.ts";
import { getVector, insertVector, noteVector, putVector } from "./vector-statements.ts";

/** What an embedder made of a memory's text. */
export interface Embedded {
  /** The embedder's row. */
  readonly embedder: number;
  /** `undefined`: the text has no meaning to it. */
  readonly own: Quantized | undefined;
}

/** How much the memories before one in its thread count in its vector, the nearest first. */
const SHARES = [0.5, 0.25] as const;
const NOTHING = new Uint8Array(0);

/** Stores the vector of the memory that was just inserted. `before`: those of the memories before it, the nearest first. */
export function insertion(embedded: Embedded, before: readonly unknown[]): Call {
  return call(insertVector, { embedder: embedded.embedder, ...cellsOf(embedded.own, before) });
}

/** Gives a memory the vector of its text. */
export function replacement(rowId: number, embedded: Embedded, before: readonly unknown[]): readonly Call[] {
  return [
    call(putVector, { row: rowId, embedder: embedded.embedder, ...cellsOf(embedded.own, before) }),
    call(noteVector, { row: rowId }),
  ];
}

/** Who has made a memory's vector: 0 when it has none. */
export function* embedderOf(rowId: number): Work<number> {
  return Number((yield* row(getVector, { row: rowId }))?.[0] ?? 0);
}

/** Works out a memory's vector anew after something before it in its thread has changed. */
export function* remix(rowId: number, before: readonly unknown[]): Work<void> {
  const found = yield* row(getVector, { row: rowId });
  if (found === undefined) return;
  const [embedder, vector, own] = found;
  const text = { embedder: Number(embedder), own: fromCell(own === null ? vector : own) };
  yield* runAll(replacement(rowId, text, before));
}

function cellsOf(
  own: Quantized | undefined,
  before: readonly unknown[],
): { readonly vector: Uint8Array | null; readonly own: Uint8Array | null } {
  const vectors = SHARES.map((_, index) => fromCell(before[index]));
  if (vectors.every((vector) => vector === undefined))
    return { vector: own === undefined ? null : toCell(own), own: null };
  const mixed = mix([own, ...vectors]);
  return {
    vector: mixed === undefined ? null : toCell(mixed),
    own: own === undefined ? NOTHING : toCell(own),
  };
}

function mix(vectors: readonly (Quantized | undefined)[]): Quantized | undefined {
  const dimensions = Math.max(...vectors.map((vector) => vector?.length ?? 0));
  const sum = new Float32Array(dimensions);
  for (const [index, vector] of vectors.entries()) {
    if (vector === undefined) continue;
    const share = inverseLength(vector) * (index === 0 ? 1 : (SHARES[index - 1] ?? 0));
    for (let at = 0; at < dimensions; at++) sum[at] = (sum[at] ?? 0) + share * (vector[at] ?? 0);
  }
  return quantize(sum);
}
