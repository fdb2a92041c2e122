import type { EntryState, Now } from "./entry-now.ts";
import { isAbsent, sameState } from "./entry-now.ts";
import { mergeLines } from "./merge-lines.ts";
import { sha256 } from "../tree/base-reader.ts";

/** A file's content in one of the three versions. */
export type ReadContent = (version: "base" | "now" | "result") => Promise<Uint8Array | undefined>;

/** How two changes of one path go together. */
export type Joined =
  /** Write this; the content comes from the result, from what stands there, or was merged. */
  | {
      readonly kind: "write";
      readonly after: EntryState | null;
      readonly content: "result" | "now" | Uint8Array;
    }
  /** It is already as it should be. */
  | { readonly kind: "done" }
  | { readonly kind: "conflict"; readonly reason: string };

/**
 * Joins what happened to a path since the base on two sides: now (what stands there) and result (what a task made of
 * it). Content and permission bits are joined apart; contents that both changed go together only by lines, if asked.
 */
export async function joinChanges(
  base: EntryState | null,
  now: Now,
  result: EntryState | null,
  byLines: boolean,
  read: ReadContent,
): Promise<Joined> {
  if (sameState(now, base)) return { kind: "write", after: result, content: "result" };
  if (sameState(now, result) || (result === null && isAbsent(now))) return { kind: "done" };
  if (now !== null && now.type === "obstacle") return { kind: "conflict", reason: now.reason };
  // Both made the folder; whose bits it has is not worth a conflict.
  if (base === null && now?.type === "directory" && result?.type === "directory") return { kind: "done" };
  if (base?.type === "file" && now?.type === "file" && result?.type === "file") {
    return await joinFiles(base, now, result, byLines, read);
  }
  if (now === null)
    return { kind: "conflict", reason: "it was deleted in the workspace and changed by the task" };
  if (result === null)
    return { kind: "conflict", reason: "it was changed in the workspace and deleted by the task" };
  return {
    kind: "conflict",
    reason: base === null ? "both made it, with different contents" : "both changed it",
  };
}

async function joinFiles(
  base: EntryState,
  now: EntryState,
  result: EntryState,
  byLines: boolean,
  read: ReadContent,
): Promise<Joined> {
  const mode = pick(base.mode, now.mode, result.mode);
  if (mode === undefined) return { kind: "conflict", reason: "both changed its permission bits" };
  const hash = pick(base.hash, now.hash, result.hash);
  if (hash === now.hash) {
    if (mode === now.mode) return { kind: "done" };
    return { kind: "write", after: { ...now, mode }, content: "now" };
  }
  if (hash === result.hash) return { kind: "write", after: { ...result, mode }, content: "result" };
  if (!byLines) return { kind: "conflict", reason: "both changed its content" };
  const [baseBytes, nowBytes, resultBytes] = [await read("base"), await read("now"), await read("result")];
  if (baseBytes === undefined || nowBytes === undefined || resultBytes === undefined) {
    return {
      kind: "conflict",
      reason: "both changed its content, and one of the versions is not kept any more",
    };
  }
  const merged = mergeLines(baseBytes, nowBytes, resultBytes);
  if (merged === undefined) return { kind: "conflict", reason: "both changed the same lines" };
  const after: EntryState = { type: "file", mode, hash: sha256(merged), size: merged.length };
  if (sameState(after, now)) return { kind: "done" };
  return { kind: "write", after, content: merged };
}

/** The side that changed; undefined where both did, differently. */
function pick<T>(base: T, now: T, result: T): T | undefined {
  if (now === base) return result;
  return result === base || result === now ? now : undefined;
}
