import { randomUUID } from "node:crypto";

/** `name-` and eight random hex digits, within the limits of a run id. */
export function newRunId(name: string): string {
  const stem = name
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 48);
  return `${stem === "" ? "run" : stem}-${randomUUID().slice(0, 8)}`;
}
