/** The cosine of two vectors of length 1. */
export function cosine(one: Float32Array | undefined, other: Float32Array | undefined): number {
  if (one === undefined || other === undefined) return Number.NaN;
  return one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
}
