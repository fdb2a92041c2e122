/** The vector at length 1, as a new one; undefined where it has no direction (zeros) or is no vector (NaN, infinity). */
export function unitVector(numbers: ArrayLike<number>): Float32Array | undefined {
  let squares = 0;
  for (let at = 0; at < numbers.length; at++) squares += (numbers[at] ?? 0) ** 2;
  const length = Math.sqrt(squares);
  if (!(length > 1e-12 && length < Number.POSITIVE_INFINITY)) return undefined;
  const unit = new Float32Array(numbers.length);
  for (let at = 0; at < unit.length; at++) unit[at] = (numbers[at] ?? 0) / length;
  return unit;
}
