/** Cents for the parcel, and cents for each half kilogram. */
const RATES = {
  domestic: { base: 390, step: 45 },
  neighbour: { base: 890, step: 110 },
  world: { base: 1690, step: 320 },
};

/** The rate of a zone. Throws for a zone that does not exist. */
export function rateOf(zone) {
  const rate = RATES[zone];
  if (rate === undefined)
    throw new RangeError(`'${zone}' is not a zone; there are ${Object.keys(RATES).join(", ")}`);
  return rate;
}
