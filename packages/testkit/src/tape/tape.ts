import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { MnemosyneError, canonicalJson, type Json } from "@mnemosyne/core";

/**
 * How a recorded reply ended. `whole`: as it should. `cut`: the connection ended in the middle. `left`: the caller
 * went away. `unreached`: no answer came at all.
 */
export type TapeEnding = "whole" | "cut" | "left" | "unreached";

/** One recorded request with its reply. Retries are entries of their own. */
export interface TapeEntry {
  /** Hash of method, path and the request's body without what is volatile. */
  readonly key: string;
  readonly method: string;
  readonly path: string;
  /** The body, secrets masked. */
  readonly request: Json;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The reply's body as it came, secrets masked. */
  readonly body: string;
  readonly ending: TapeEnding;
}

/** Parts of a request that differ from run to run and do not change what it asks. */
export const VOLATILE: readonly RegExp[] = [
  // UUIDs, times, durations, hashes, ids of temporary folders, random delimiters.
  /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi,
  /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?/g,
  /\b\d{4}-\d\d-\d\d\b/g,
  /\b\d+(?:\.\d+)? ?(?:ms|s|min|seconds?|milliseconds?)\b/g,
  /\bduration_ms:? \d+(?:\.\d+)?/g,
  /\b(?=[0-9a-f]*\d)[0-9a-f]{12,}\b/gi,
  /(?:\/private)?\/(?:tmp|var\/folders\/[^\s"']+?\/T)\/[\w.-]+/g,
  /\b[bcdfghjklmnpqrst]{8}\b/g,
];

/** A body without its volatile parts, as the key sees it. */
export function stableBody(body: Json, volatile: readonly RegExp[]): string {
  return volatile.reduce((text, pattern) => text.replace(pattern, "~"), canonicalJson(body));
}

/** The key of a request. */
export function tapeKey(method: string, path: string, body: Json, volatile: readonly RegExp[]): string {
  return createHash("sha256")
    .update(`${method} ${path}\n${stableBody(body, volatile)}`)
    .digest("hex")
    .slice(0, 32);
}

const HEADER = { tape: 1 };

/** The first line of a tape. */
export const TAPE_HEADER = `${JSON.stringify(HEADER)}\n`;

/** Reads a tape. Throws `E_NOT_FOUND`, or `E_INPUT` naming the line that is none. */
export async function readTape(file: string): Promise<readonly TapeEntry[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new MnemosyneError("E_NOT_FOUND", `The tape ${file} cannot be read: ${(error as Error).message}.`, {
      kind: "notFound",
      path: "file",
      cause: error,
    });
  }
  const lines = text.split("\n").map((line, index) => ({ line, number: index + 1 }));
  const [first, ...rest] = lines.filter(({ line }) => line !== "");
  const header =
    first === undefined ? undefined : (parseLine(file, first.line, first.number) as Partial<typeof HEADER>);
  if (header?.tape !== 1) throw notATape(file, 1);
  return rest.map(({ line, number }) => {
    const entry = parseLine(file, line, number) as TapeEntry;
    if (typeof entry.key !== "string" || typeof entry.body !== "string") throw notATape(file, number);
    return entry;
  });
}

function parseLine(file: string, line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw notATape(file, number, error);
  }
}

function notATape(file: string, line: number, cause?: unknown): MnemosyneError {
  return new MnemosyneError(
    "E_INPUT",
    `${file}, line ${line}, is not of a tape of version 1; record it again.`,
    {
      kind: "input",
      path: "file",
      ...(cause === undefined ? {} : { cause }),
    },
  );
}
