/** The longest side in centimetres that goes without a surcharge. */
const LONGEST = 120;

/** The surcharge in cents for a bulky parcel: 250 for every 20 cm, begun or whole, over the longest side. */
export function bulkySurcharge({ length, width, height }) {
  const over = Math.max(length, width, height) - LONGEST;
  return over > 0 ? Math.floor(over / 20) * 250 : 0;
}
