import type { MemoryId } from "@mnemosyne/core";
import type { Database } from "../database/database.ts";
import { EventLoopTurn } from "../database/event-loop-turn.ts";
import { call, row, rows, runAll, type Row, type Work } from "../database/work.ts";
import type { Vocabulary } from "../language/vocabulary.ts";
import { fieldsBefore } from "../memories/changes.ts";
import { storedOf, type StoredMemory } from "../memories/memory-row.ts";
import { getVisible } from "../memories/memory-statements.ts";
import { rewritten } from "../memories/update-memory.ts";
import { fill } from "../memories/write-memory.ts";
import { fromCell } from "../vectors/quantized.ts";
import { copyLinks, insertMerge, namespaces, pageToCompare, undonePair } from "./evolution-statements.ts";
import type { EvolutionChange } from "./evolution.ts";
import type { JobContext, JobOutcome } from "./job.ts";
import { planConsolidation, type PlannedMerge, type Subject } from "./plan-consolidation.ts";
import { wordsOf } from "./similarity.ts";

/** So many of a namespace's newest memories are compared with each other: the time grows with the square of it. */
const MOST = 4000;
const FIELDS = ["content", "importance", "tags", "keywords", "metadata", "provenance"] as const;

/** Merges near duplicates, namespace by namespace. */
export async function consolidate(context: JobContext): Promise<JobOutcome> {
  const { database, namespace, dryRun, signal, note, embed } = context;
  const turn = new EventLoopTurn();
  const names =
    namespace === undefined
      ? (await database.read(() => rows(namespaces))).map(([name]) => String(name))
      : [namespace];
  let examined = 0;
  for (const name of names) {
    const subjects = await subjectsOf(database, name, context.now, turn);
    examined += subjects.length;
    const apart = async (a: string, b: string): Promise<boolean> =>
      (await database.read(() => row(undonePair, { a, b }))) !== undefined;
    for (const planned of await planConsolidation(subjects, { apart, embed, turn, signal })) {
      signal?.throwIfAborted();
      const merge = dryRun
        ? undefined
        : await database.write(() => carryOut(planned, context.now, context.vocabulary));
      if (merge !== undefined || dryRun) note(changeOf(planned, merge));
    }
  }
  return { examined };
}

async function subjectsOf(
  database: Database,
  namespace: string,
  now: number,
  turn: EventLoopTurn,
): Promise<readonly Subject[]> {
  const subjects: Subject[] = [];
  let at = { before: Number.MAX_SAFE_INTEGER, row: 0 };
  while (subjects.length < MOST) {
    const from = at;
    const page = await database.read(() => rows(pageToCompare, { namespace, now, ...from }));
    for (const cells of page) {
      const memory = storedOf(cells);
      const vector = fromCell(cells[10]) ?? fromCell(cells[11]);
      subjects.push({
        memory,
        words: wordsOf(memory.content),
        // A driver may give the same buffer again.
        vector: vector?.slice(),
        embedder: Number(cells[9] ?? 0),
      });
      await turn.yieldIfSpent();
    }
    const last = page.at(-1);
    if (last === undefined) break;
    at = { before: Number(last[5]), row: Number(last[8]) };
  }
  // Oldest first, so that places do not depend on what came later.
  return subjects.slice(0, MOST).toReversed();
}

/** Carries out one merge, unless any of its memories has changed since it was planned. Gives the merge's number. */
function* carryOut(planned: PlannedMerge, now: number, vocabulary: Vocabulary): Work<number | undefined> {
  const { survivor, members, result } = planned;
  const found = new Map<MemoryId, Row>();
  for (const memory of [survivor, ...members]) {
    const cells = yield* row(getVisible, { uuid: memory.id });
    if (cells === undefined || !isSame(storedOf(cells), memory)) return undefined;
    found.set(memory.id, cells);
  }
  const current = storedOf(found.get(survivor.id) as Row);
  const before = fieldsBefore(current, FIELDS);
  const inserted = yield* row(insertMerge, {
    at: now,
    survivor: survivor.id,
    version: current.version + 1,
    members: JSON.stringify(members.map(({ id }) => id)),
    before: JSON.stringify(before),
    similarity: planned.similarity,
  });
  const merge = Number(inserted?.[0]);
  const by = { by: "evolution", reason: `merge ${merge}`, now } as const;
  const wanted = { ...current, ...pick(result) };
  yield* rewritten(
    Number(found.get(survivor.id)?.[9]),
    current,
    wanted,
    { ...by, change: "merged", fields: FIELDS },
    vocabulary,
  );
  if (planned.embedded !== undefined) yield* fill(survivor.id, wanted.content, planned.embedded);
  for (const { id } of members) {
    const cells = found.get(id) as Row;
    const stored = storedOf(cells);
    yield* runAll([call(copyLinks, { member: id, survivor: survivor.id, reason: `merge ${merge}` })]);
    yield* rewritten(
      Number(cells[9]),
      stored,
      { ...stored, supersededBy: survivor.id, supersededAt: now },
      { ...by, change: "superseded", fields: ["supersededBy"] },
      vocabulary,
    );
  }
  return merge;
}

function pick(memory: StoredMemory): Partial<StoredMemory> {
  return Object.fromEntries(FIELDS.map((field) => [field, memory[field]]));
}

/** Whether nobody has changed what a plan was made from. A merge earlier in the plan has raised the version. */
function isSame(stored: StoredMemory, planned: StoredMemory): boolean {
  return (
    stored.supersededBy === undefined &&
    stored.content === planned.content &&
    stored.trust === planned.trust &&
    stored.importance === planned.importance
  );
}

function changeOf(planned: PlannedMerge, merge: number | undefined): EvolutionChange {
  return {
    kind: "merged",
    ...(merge === undefined ? {} : { merge }),
    survivor: planned.survivor.id,
    members: planned.members.map(({ id }) => id),
    similarity: Math.round(planned.similarity * 10_000) / 10_000,
    by: planned.by,
    extended: planned.result.content !== planned.survivor.content,
  };
}
