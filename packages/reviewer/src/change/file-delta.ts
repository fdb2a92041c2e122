import type { FileChange, GateSubject } from "@mnemosyne/core";
import { diffLines, linesOf, similarity, type LineDiff } from "./line-diff.ts";

/** What a task did to one text file. */
export interface FileDelta extends LineDiff {
  readonly path: string;
  readonly kind: FileChange["kind"] | "renamed";
  /** Where it stood before, if it was renamed. */
  readonly from?: string;
  /** Its text before; missing if there was none. */
  readonly before?: string;
  /** Its text now; missing if it is gone. */
  readonly after?: string;
}

/** Bytes beyond which a file is taken for data that no rule about source text applies to. */
const MAX_BYTES = 2 * 1024 * 1024;
/** A new file that has this much of a deleted one is that one, renamed. */
const RENAMED_FROM = 0.6;
/** Pairs of files that are compared in search of renames; with more, only equal contents are paired. */
const MAX_PAIRS = 2500;

/**
 * What the task changed, by file and line, against its base: text files only. A file that was moved is compared with
 * what it was before, so that moving it does not make its old faults new ones.
 */
export async function readDeltas(subject: GateSubject): Promise<readonly FileDelta[]> {
  const { workspace } = subject;
  const files = subject.changes.filter(({ type }) => type === "file");
  const deleted: Side[] = [];
  const added: Side[] = [];
  const deltas: FileDelta[] = [];
  for (const change of files) {
    const before = change.kind === "added" ? undefined : textOf(await workspace.readBase(change.path));
    const after = change.kind === "deleted" ? undefined : textOf(await workspace.readBytes(change.path));
    if (change.kind === "deleted") {
      if (before !== undefined) deleted.push({ path: change.path, text: before });
    } else if (change.kind === "added") {
      if (after !== undefined) added.push({ path: change.path, text: after });
    } else if (after !== undefined) {
      deltas.push({
        path: change.path,
        kind: "modified",
        ...(before === undefined ? {} : { before }),
        after,
        ...diffLines(before ?? "", after),
      });
    }
  }

  const origins = pairRenames(deleted, added);
  const moved = new Set(origins.values());
  for (const file of added) {
    const from = origins.get(file);
    deltas.push(
      from === undefined
        ? { path: file.path, kind: "added", after: file.text, added: numbered(file.text), removed: [] }
        : {
            path: file.path,
            kind: "renamed",
            from: from.path,
            before: from.text,
            after: file.text,
            ...diffLines(from.text, file.text),
          },
    );
  }
  for (const file of deleted)
    if (!moved.has(file))
      deltas.push({
        path: file.path,
        kind: "deleted",
        before: file.text,
        added: [],
        removed: numbered(file.text),
      });
  return deltas.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

interface Side {
  readonly path: string;
  readonly text: string;
}

function pairRenames(deleted: readonly Side[], added: readonly Side[]): Map<Side, Side> {
  const origins = new Map<Side, Side>();
  const left = new Set(deleted);
  for (const file of added) {
    const same = [...left].find(({ text }) => text === file.text);
    if (same === undefined) continue;
    origins.set(file, same);
    left.delete(same);
  }
  const open = added.filter((file) => !origins.has(file));
  if (open.length * left.size > MAX_PAIRS) return origins;
  const pairs = open
    .flatMap((file) =>
      [...left].map((origin) => ({ file, origin, score: similarity(origin.text, file.text) })),
    )
    .filter(({ score }) => score >= RENAMED_FROM)
    .toSorted((a, b) => b.score - a.score);
  for (const { file, origin } of pairs) {
    if (origins.has(file) || !left.has(origin)) continue;
    origins.set(file, origin);
    left.delete(origin);
  }
  return origins;
}

function numbered(text: string): LineDiff["added"] {
  return linesOf(text).map((line, index) => ({ line: index + 1, text: line }));
}

/** The text of a file, or `undefined` for one that is binary or too large to be source. */
function textOf(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined || bytes.byteLength > MAX_BYTES || bytes.includes(0)) return undefined;
  return new TextDecoder().decode(bytes);
}
