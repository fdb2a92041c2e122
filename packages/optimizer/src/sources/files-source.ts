import { isMnemosyneError, type ContextSource, type Workspace } from "@mnemosyne/core";
import type { ContextOffer } from "../assembly/offer.ts";
import { excerpt } from "../compress/excerpt.ts";
import { coverage, termSetOf, termWeights } from "../relevance.ts";
import { queryOf } from "./memories-source.ts";
import { windowsAround } from "./file-windows.ts";

/** Options of {@link createFilesSource}. */
export interface FilesSourceOptions {
  /** Most files that are read to choose among. Default 200. */
  readonly readLimit?: number;
  /** Most files that are offered. Default 20. */
  readonly limit?: number;
  /** Characters of one file above which only the parts nearest to the task are offered. Default 16,000. */
  readonly excerptAt?: number;
}

/** Bytes of a file above which it is not read into a context. */
const LARGEST = 512 * 1024;
/** Characters by which a file is compared with the others. */
const JUDGED = 100_000;

/** The files that the task's `reads` name, those nearest to its instructions first; of large ones the nearest parts. */
export function createFilesSource(options: FilesSourceOptions = {}): ContextSource {
  const { readLimit = 200, limit = 20, excerptAt = 16_000 } = options;
  return {
    name: "files",
    share: "project",
    async collect(request) {
      const { workspace, task } = request;
      if (workspace === undefined || task.reads.length === 0) return [];
      const matches = await workspace.list(task.reads, { limit: readLimit + 1 });
      const paths = matches.slice(0, readLimit);
      const named = new Set(task.reads);
      const files: { path: string; text: string; terms: ReadonlySet<string> }[] = [];
      const unread: ContextOffer[] = [];
      const words = new Map<string, readonly string[]>();
      for (const path of paths) {
        request.signal?.throwIfAborted();
        const text = await read(workspace, path);
        if (typeof text === "string")
          files.push({ path, text, terms: termSetOf(`${path}\n${text.slice(0, JUDGED)}`, words) });
        else unread.push({ ...base(path), text: "", relevance: 0, leaveOut: text.reason });
      }
      const query = termSetOf(queryOf(request));
      const weight = termWeights(files.map((file) => file.terms));
      const scored = files
        .map((file) => ({
          ...file,
          relevance: named.has(file.path)
            ? 1
            : Math.min(
                1,
                0.8 * coverage(query, file.terms, weight) +
                  0.2 * coverage(termSetOf(file.path), query, () => 1),
              ),
        }))
        .toSorted((a, b) => b.relevance - a.relevance || (a.path < b.path ? -1 : 1));
      const offers = scored.slice(0, limit).map(({ path, text, relevance }): ContextOffer => {
        const whole = { ...base(path), text, relevance, attributes: { path } };
        if (text.length <= excerptAt) return whole;
        const parts =
          windowsAround(text, query, weight, excerptAt) ?? excerpt(text, excerptAt, `file:${path}`);
        return { ...whole, text: parts, whole: text, attributes: { path, excerpt: "nearest parts" } };
      });
      const farther = scored.slice(limit).map(({ path, text, relevance }): ContextOffer => ({
        ...base(path),
        text,
        relevance,
        leaveOut: `${limit} files nearer to the task were offered`,
      }));
      if (matches.length > readLimit)
        unread.push({
          ...base("..."),
          text: "",
          relevance: 0,
          leaveOut: `more than ${readLimit} files match; the first ${readLimit} were compared`,
        });
      return [...offers, ...farther, ...unread];
    },
  };
}

function base(path: string): { readonly id: string; readonly source: string; readonly kind: "file" } {
  return { id: `file:${path}`, source: "files", kind: "file" };
}

async function read(workspace: Workspace, path: string): Promise<string | { readonly reason: string }> {
  let bytes: Uint8Array;
  try {
    bytes = await workspace.readBytes(path);
  } catch (error) {
    // A file that went away or may not be read is no reason to do without all others; the report names it.
    if (isMnemosyneError(error) && error.kind !== "internal") return { reason: error.message };
    throw error;
  }
  if (bytes.byteLength > LARGEST) return { reason: `larger than ${LARGEST} bytes` };
  if (bytes.subarray(0, 8000).includes(0)) return { reason: "not text" };
  return new TextDecoder().decode(bytes);
}
