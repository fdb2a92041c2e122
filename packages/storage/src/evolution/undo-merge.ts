import { MnemosyneError, type ChangeNote, type MemoryId } from "@mnemosyne/core";
import { row, run, type Work } from "../database/work.ts";
import type { Vocabulary } from "../language/vocabulary.ts";
import { checkPatch } from "../memories/check-memory.ts";
import { storedOf } from "../memories/memory-row.ts";
import { getVisible } from "../memories/memory-statements.ts";
import { rewritten } from "../memories/update-memory.ts";
import { dropCopiedLinks, getMerge, markUndone } from "./evolution-statements.ts";

/**
 * Undoes a merge: the survivor's merged fields are again as they were before it, and its members are found again. Throws `E_NOT_FOUND` for an unknown merge, or one that was undone.
 */
export function* undoMerge(
  id: number,
  note: ChangeNote,
  now: number,
  vocabulary: Vocabulary,
): Work<{ readonly survivor: MemoryId; readonly members: readonly MemoryId[] }> {
  const merge = yield* row(getMerge, { id });
  if (merge === undefined || merge[4] !== null)
    throw new MnemosyneError("E_NOT_FOUND", `There is no merge ${id} that could be undone.`, {
      kind: "notFound",
      path: "merge",
    });
  const survivor = merge[0] as MemoryId;
  const members = JSON.parse(String(merge[2])) as readonly MemoryId[];
  const kept = yield* row(getVisible, { uuid: survivor });
  if (kept !== undefined) {
    const stored = storedOf(kept);
    const before = checkPatch(JSON.parse(String(merge[3])) as object);
    const by = {
      reason: `merge ${id} was undone`,
      ...note,
      change: "restored",
      fields: Object.keys(before),
      now,
    } as const;
    yield* rewritten(Number(kept[9]), stored, { ...stored, ...before }, by, vocabulary);
  }
  for (const member of members) {
    const found = yield* row(getVisible, { uuid: member });
    const stored = found === undefined ? undefined : storedOf(found);
    // Somebody may have decided otherwise since.
    if (found === undefined || stored?.supersededBy !== survivor) continue;
    const wanted = { ...stored, supersededBy: undefined, supersededAt: undefined };
    const by = {
      reason: `merge ${id} was undone`,
      ...note,
      change: "restored",
      fields: ["supersededBy"],
      now,
    } as const;
    yield* rewritten(Number(found[9]), stored, wanted, by, vocabulary);
  }
  yield* run(dropCopiedLinks, { survivor, reason: `merge ${id}` });
  yield* run(markUndone, { id, now });
  return { survivor, members };
}
