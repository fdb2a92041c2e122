import type { ContextSource } from "@mnemosyne/core";
import type { ContextOffer } from "../assembly/offer.ts";
import { excerpt } from "../compress/excerpt.ts";
import { coverageOf, shareOf, termSetOf } from "../relevance.ts";
import { queryOf } from "./memories-source.ts";
import { windowsAround } from "./file-windows.ts";
import { FileReader } from "./read-files.ts";

/** Options of {@link createFilesSource}. */
export interface FilesSourceOptions {
  /** Most files that are read to choose among. Default 200. */
  readonly readLimit?: number;
  /** Most files that are offered. Default 20. */
  readonly limit?: number;
  /** Characters of one file above which only the parts nearest to the task are offered. Default 16,000. */
  readonly excerptAt?: number;
}

/** The files that the task's `reads` name, those nearest to its instructions first; of large ones the nearest parts. */
export function createFilesSource(options: FilesSourceOptions = {}): ContextSource {
  const { readLimit = 200, limit = 20, excerptAt = 16_000 } = options;
  const reader = new FileReader();
  return {
    name: "files",
    share: "project",
    async collect(request) {
      const { workspace, task } = request;
      if (workspace === undefined || task.reads.length === 0) return [];
      const matches = await workspace.list(task.reads, { limit: readLimit + 1 });
      const paths = matches.slice(0, readLimit);
      const named = new Set(task.reads);
      const { files, unread: unreadable, weight } = await reader.read(workspace, paths, request.signal);
      const unread = unreadable.map(({ path, reason }): ContextOffer => ({
        ...base(path),
        text: "",
        relevance: 0,
        leaveOut: reason,
      }));
      const query = termSetOf(queryOf(request));
      const near = coverageOf(query, weight);
      const scored = files
        .map((file) => ({
          ...file,
          relevance: named.has(file.path)
            ? 1
            : Math.min(1, 0.8 * near(file.terms) + 0.2 * shareOf(file.pathTerms, query)),
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
