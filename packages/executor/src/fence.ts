import { randomBytes } from "node:crypto";

/** Text of others between delimiters that it cannot forge: they carry a random mark that is made for this call. */
export function fenced(label: string, text: string): string {
  const mark = randomBytes(6).toString("hex");
  return `<data-${mark} source="${label}">\n${text}\n</data-${mark}>`;
}
