import { MnemosyneError } from "../errors.ts";
import type {
  Playbook,
  PlaybookChange,
  PlaybookDelta,
  PlaybookItem,
  PlaybookItemChange,
  PlaybookReverted,
  PlaybookRevertible,
} from "../ports/playbook-store.ts";

/** The deltas that take changes back. */
export interface RevertPlan {
  readonly deltas: readonly PlaybookDelta[];
  readonly reverted: readonly number[];
  readonly conflicts: PlaybookReverted["conflicts"];
}

/**
 * Works out how to take back one change, or all of a run or of some of its tasks. `history`: every change, oldest first. Pure. Counts that others
 * added since stay; an item whose words, section or existence others changed since is a conflict and is left alone.
 * Throws `E_NOT_FOUND` for a version that no change has.
 */
export function planPlaybookRevert(
  playbook: Playbook,
  history: readonly PlaybookChange[],
  what: PlaybookRevertible,
): RevertPlan {
  const undone = new Set(history.flatMap(({ reverts = [] }) => reverts));
  const chosen = history.filter((change) =>
    "version" in what
      ? change.version === what.version
      : change.run === what.run &&
        change.reverts === undefined &&
        (what.tasks === undefined || (change.task !== undefined && what.tasks.includes(change.task))),
  );
  if ("version" in what && chosen.length === 0)
    throw new MnemosyneError("E_NOT_FOUND", `The playbook has no change ${what.version}.`, {
      kind: "notFound",
      path: "version",
    });
  const own = new Set(chosen.map(({ version }) => version));
  const items = new Map(playbook.items.map((item) => [item.id, item]));
  const deltas: PlaybookDelta[] = [];
  const reverted: number[] = [];
  const conflicts: { id: string; version: number; since: number }[] = [];
  for (const change of chosen.toReversed()) {
    if (undone.has(change.version)) continue;
    const others = history.filter(
      ({ version, reverts }) =>
        version > change.version && !own.has(version) && !undone.has(version) && reverts === undefined,
    );
    let any = false;
    for (const each of change.changes) {
      const since = others.find(({ changes }) =>
        changes.some((later) => later.id === each.id && collides(each, later)),
      );
      if (since !== undefined) {
        conflicts.push({ id: each.id, version: change.version, since: since.version });
        continue;
      }
      const delta = inverse(each, items.get(each.id), `taken back: change ${change.version}`);
      any = true;
      if (delta === undefined) continue;
      deltas.push(delta);
      if (delta.op === "restore") items.set(delta.item.id, delta.item);
      else items.delete(each.id);
    }
    if (any) reverted.push(change.version);
  }
  return { deltas, reverted, conflicts };
}

/** Two changes of one item that cannot be told apart afterwards: all but two that only count. */
function collides(mine: PlaybookItemChange, later: PlaybookItemChange): boolean {
  // What I only counted can be taken off whatever others wrote; what others only counted stays with my words undone.
  if (onlyCounts(mine) && later.after !== undefined) return false;
  return !(onlyCounts(later) && mine.before !== undefined && mine.after !== undefined);
}

function onlyCounts({ before, after }: PlaybookItemChange): boolean {
  return (
    before !== undefined &&
    after !== undefined &&
    before.content === after.content &&
    before.section === after.section &&
    before.verifiedContent === after.verifiedContent
  );
}

function inverse(
  change: PlaybookItemChange,
  now: PlaybookItem | undefined,
  evidence: string,
): PlaybookDelta | undefined {
  const { id, before, after } = change;
  if (before === undefined) return now === undefined ? undefined : { op: "remove", id, evidence };
  if (after === undefined || now === undefined) return { op: "restore", item: before, evidence };
  const words = onlyCounts(change) ? now : before;
  const same = now === after || sameItem(now, after);
  return {
    op: "restore",
    evidence,
    item: same
      ? before
      : {
          ...words,
          helpful: Math.max(0, now.helpful - (after.helpful - before.helpful)),
          harmful: Math.max(0, now.harmful - (after.harmful - before.harmful)),
        },
  };
}

function sameItem(a: PlaybookItem, b: PlaybookItem): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
