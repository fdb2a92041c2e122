import type { MemoryId } from "@mnemosyne/core";
import { row, run, type Work } from "../database/work.ts";
import { storedOf } from "../memories/memory-row.ts";
import { getVisible } from "../memories/memory-statements.ts";
import { rewritten } from "../memories/update-memory.ts";
import { pageOfUses, setDerived } from "./evolution-statements.ts";
import type { EvolutionChange } from "./evolution.ts";
import type { JobContext, JobOutcome } from "./job.ts";
import { archiveReason, derivedImportance, type Use } from "./rules.ts";

/** Milliseconds of one transaction of several changes. */
const SLICE = 15;

interface Judged extends Use {
  readonly row: number;
  readonly id: MemoryId;
  readonly derived: number | undefined;
}

/** Derives importance from use. What was said, the version and the history stay as they are. */
export function importance(context: JobContext): Promise<JobOutcome> {
  const { now } = context;
  return judgeEach(context, (memory) => {
    const derived = derivedImportance(memory, now);
    const kept = derived === memory.importance ? undefined : derived;
    if (kept === memory.derived) return undefined;
    return {
      change: { kind: "importance", id: memory.id, base: memory.importance, derived },
      *apply() {
        return (
          (yield* run(setDerived, { row: memory.row, base: memory.importance, derived: kept ?? null })) > 0
        );
      },
    };
  });
}

/** Archives what is old and unused: searches leave it out, `restore` brings it back. */
export function archive(context: JobContext): Promise<JobOutcome> {
  const { now, vocabulary } = context;
  return judgeEach(context, (memory) => {
    const reason = archiveReason(memory, memory.derived, now);
    if (reason === undefined) return undefined;
    return {
      change: { kind: "archived", id: memory.id, reason },
      *apply() {
        const found = yield* row(getVisible, { uuid: memory.id });
        const stored = found === undefined ? undefined : storedOf(found);
        // Somebody may have said meanwhile that it matters.
        if (
          found === undefined ||
          stored?.importance !== memory.importance ||
          stored.archivedAt !== undefined
        )
          return false;
        const by = { by: "evolution", reason, change: "archived", fields: ["archivedAt"], now } as const;
        yield* rewritten(Number(found[9]), stored, { ...stored, archivedAt: now }, by, vocabulary);
        return true;
      },
    };
  });
}

interface Step {
  readonly change: EvolutionChange;
  readonly apply: () => Work<boolean>;
}

/** Looks at all memories a page at a time and makes the changes in short transactions. */
async function judgeEach(
  { database, namespace, dryRun, now, signal, note }: JobContext,
  judge: (memory: Judged) => Step | undefined,
): Promise<JobOutcome> {
  let examined = 0;
  for (let after = 0; ;) {
    signal?.throwIfAborted();
    const values = { after, now, namespace: namespace ?? null };
    const [last, json] = (await database.read(() => row(pageOfUses, values))) ?? [];
    if (last === null || last === undefined) return { examined };
    after = Number(last);
    const memories = (JSON.parse(String(json)) as unknown[][]).map(judgedOf);
    examined += memories.length;
    const steps = memories.flatMap((memory) => judge(memory) ?? []);
    for (let from = dryRun ? steps.length : 0; from < steps.length;) {
      const begin = from;
      const made = await database.write(() => applySome(steps, begin));
      for (const step of made.steps) note(step.change);
      from = made.next;
      await nextTurn();
    }
    if (dryRun) for (const { change } of steps) note(change);
    await nextTurn();
  }
}

function* applySome(
  steps: readonly Step[],
  from: number,
): Work<{ readonly steps: readonly Step[]; readonly next: number }> {
  const end = performance.now() + SLICE;
  const made: Step[] = [];
  let next = from;
  for (const step of steps.slice(from)) {
    if (yield* step.apply()) made.push(step);
    next++;
    if (performance.now() > end) break;
  }
  return { steps: made, next };
}

function judgedOf(cells: readonly unknown[]): Judged {
  const [rowId, id, said, createdAt, uses, usedAt, incoming, derived] = cells;
  return {
    row: Number(rowId),
    id: id as MemoryId,
    importance: Number(said),
    createdAt: Number(createdAt),
    uses: Number(uses),
    usedAt: usedAt === null ? undefined : Number(usedAt),
    incoming: Number(incoming),
    derived: derived === null ? undefined : Number(derived),
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
