/** Most milliseconds for which anything is held or put off: a year and a day. */
export const LONGEST_TTL = 366 * 24 * 3_600_000;
