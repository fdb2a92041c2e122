/** Cubic centimetres that count as one kilogram. */
const VOLUME_DIVISOR = 5000;

/** The heaviest parcel, in kilograms. */
export const HEAVIEST = 20;

/** The weight in kilograms that a parcel's volume stands for. */
export function volumeWeight({ length, width, height }) {
  return (length * width * height) / VOLUME_DIVISOR;
}

/**
 * The weight that is charged: the larger of weight and volume weight, in steps of half a kilogram, any part of a step
 * counting as a whole one.
 */
export function chargedWeight(weight, size) {
  const larger = Math.max(weight, volumeWeight(size));
  if (larger > HEAVIEST) throw new RangeError(`${larger} kg is freight; a parcel has at most ${HEAVIEST} kg`);
  return Math.floor(larger * 2) / 2;
}
