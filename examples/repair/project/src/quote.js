import { chargedWeight } from "./weight.js";
import { rateOf } from "./zones.js";

/** The price of a parcel in cents. */
export function quote({ weight, size, zone }) {
  const { base, step } = rateOf(zone);
  return base + step * (chargedWeight(weight, size) * 2);
}
