import { MnemosyneError } from "../errors.ts";
import type { Playbook, PlaybookDelta, PlaybookItem, PlaybookItemChange } from "../ports/playbook-store.ts";
import { checkDeltas } from "./check-deltas.ts";
import { checkLoss } from "./loss-guards.ts";

/** A playbook after a set of deltas, and what they changed. */
export interface DeltasApplied {
  readonly playbook: Playbook;
  /** For each delta the id of the item that it made or changed. */
  readonly ids: readonly string[];
  /** Every item that is not as it was, by id. */
  readonly changes: readonly PlaybookItemChange[];
}

const EVIDENCE_KEPT = 10;

/** The playbook of a namespace that has none. */
export const EMPTY_PLAYBOOK: Playbook = Object.freeze({ version: 0, nextId: 1, items: [] });

/**
 * Applies a set of deltas in order, all or none: the one account of what deltas mean, for every store. Pure. Throws
 * `E_INPUT` for a delta that is none, `E_NOT_FOUND` for an unknown item, `E_CONFLICT` for an id that is taken, and
 * `E_PLAYBOOK_LOSS` when verified content would be lost ({@link checkLoss}).
 */
export function applyPlaybookDeltas(playbook: Playbook, deltas: readonly PlaybookDelta[]): DeltasApplied {
  checkDeltas(deltas);
  const applied = carryOut(playbook, deltas);
  checkLoss(playbook, deltas, applied.playbook);
  return applied;
}

/** As {@link applyPlaybookDeltas}, for deltas that take back what was applied before: nothing guards what they lose. */
export function applyInverseDeltas(playbook: Playbook, deltas: readonly PlaybookDelta[]): DeltasApplied {
  return carryOut(playbook, deltas);
}

function carryOut(playbook: Playbook, deltas: readonly PlaybookDelta[]): DeltasApplied {
  const items = new Map(playbook.items.map((item) => [item.id, item]));
  let nextId = playbook.nextId;
  const fresh = (section: string): string => {
    for (;;) {
      const id = `${slug(section)}-${String(nextId++).padStart(5, "0")}`;
      if (!items.has(id)) return id;
    }
  };
  const ids = deltas.map((delta, index) => {
    const path = `deltas[${index}]`;
    const known = (id: string): PlaybookItem => {
      const item = items.get(id);
      if (item !== undefined) return item;
      throw new MnemosyneError(
        "E_NOT_FOUND",
        `${path} names '${id}', which is not in the playbook; read it again.`,
        { kind: "notFound", path: `${path}.id` },
      );
    };
    switch (delta.op) {
      case "add": {
        if (delta.id !== undefined && items.has(delta.id))
          throw new MnemosyneError(
            "E_CONFLICT",
            `${path} adds '${delta.id}', which is there already; update it or leave the id out.`,
            { kind: "conflict", path: `${path}.id` },
          );
        const id = delta.id ?? fresh(delta.section);
        nextId = Math.max(nextId, numberOf(id) + 1);
        const verified = delta.verified ?? false;
        items.set(id, {
          id,
          section: delta.section,
          content: delta.content,
          helpful: delta.helpful ?? 0,
          harmful: delta.harmful ?? 0,
          verified,
          ...(verified ? { verifiedContent: delta.content } : {}),
          evidence: [delta.evidence],
          ...(delta.origin === undefined ? {} : { origin: delta.origin }),
        });
        return id;
      }
      case "update": {
        const item = known(delta.id);
        items.set(item.id, reworded(item, delta, item.verifiedContent));
        return item.id;
      }
      case "tag": {
        const item = known(delta.id);
        items.set(item.id, {
          ...item,
          helpful: Math.max(0, item.helpful + (delta.helpful ?? 0)),
          harmful: Math.max(0, item.harmful + (delta.harmful ?? 0)),
          evidence: withEvidence(item.evidence, delta.evidence),
        });
        return item.id;
      }
      case "merge": {
        const members = delta.ids.map(known);
        const [first, ...rest] = members;
        if (first === undefined)
          throw new MnemosyneError("E_INTERNAL", "A merge has no members.", { kind: "internal" });
        const checked = members.flatMap(({ verifiedContent }) => verifiedContent ?? []);
        for (const { id } of rest) items.delete(id);
        const sum = (pick: (item: PlaybookItem) => number): number =>
          members.reduce((total, item) => total + pick(item), 0);
        items.set(first.id, {
          ...reworded(first, delta, checked.length === 0 ? undefined : [...new Set(checked)].join("\n")),
          helpful: sum(({ helpful }) => helpful),
          harmful: sum(({ harmful }) => harmful),
          evidence: withEvidence([...new Set(members.flatMap(({ evidence }) => evidence))], delta.evidence),
        });
        return first.id;
      }
      case "remove":
        items.delete(known(delta.id).id);
        return delta.id;
      case "restore":
        break;
    }
    items.set(delta.item.id, delta.item);
    nextId = Math.max(nextId, numberOf(delta.item.id) + 1);
    return delta.item.id;
  });
  return {
    playbook: {
      version: playbook.version + 1,
      nextId,
      items: orderPlaybookItems([...items.values()]),
    },
    ids,
    changes: difference(playbook.items, items),
  };
}

function reworded(
  item: PlaybookItem,
  delta: {
    readonly content: string;
    readonly section?: string;
    readonly verified?: boolean;
    readonly evidence: string;
  },
  checked: string | undefined,
): PlaybookItem {
  const { verifiedContent: _, ...rest } = item;
  const verifiedContent = delta.verified === true ? delta.content : checked;
  return {
    ...rest,
    content: delta.content,
    section: delta.section ?? item.section,
    verified: verifiedContent === delta.content,
    ...(verifiedContent === undefined ? {} : { verifiedContent }),
    evidence: withEvidence(item.evidence, delta.evidence),
  };
}

function withEvidence(before: readonly string[], evidence: string): readonly string[] {
  return (before.at(-1) === evidence ? before : [...before, evidence]).slice(-EVIDENCE_KEPT);
}

function difference(
  before: readonly PlaybookItem[],
  after: ReadonlyMap<string, PlaybookItem>,
): readonly PlaybookItemChange[] {
  const old = new Map(before.map((item) => [item.id, item]));
  const changes: PlaybookItemChange[] = [];
  for (const [id, item] of old) {
    const now = after.get(id);
    if (now !== item) changes.push({ id, before: item, ...(now === undefined ? {} : { after: now }) });
  }
  for (const [id, item] of after) if (!old.has(id)) changes.push({ id, after: item });
  return changes;
}

/** The first letters of a section's name: `Strategies and insights` gives `str`. */
function slug(section: string): string {
  const letters = section
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/gu, "");
  return letters === "" ? "item" : letters.slice(0, 3);
}

/** Items in the order in which a playbook lists them: by the number of their ids. */
export function orderPlaybookItems(items: readonly PlaybookItem[]): readonly PlaybookItem[] {
  return items.toSorted((a, b) => numberOf(a.id) - numberOf(b.id) || (a.id < b.id ? -1 : 1));
}

/** The number at the end of an id; ids without one come last. */
function numberOf(id: string): number {
  const digits = /(\d{1,15})$/.exec(id)?.[1];
  return digits === undefined ? Number.MAX_SAFE_INTEGER : Number(digits);
}
