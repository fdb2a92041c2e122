import type { MemoryId } from "@mnemosyne/core";
import { row, rows, run, runAll, type Row, type Work } from "../database/work.ts";
import { changeCall } from "../memories/changes.ts";
import { dropLinkById, pageOfLinks, setStrength, versionOf } from "./evolution-statements.ts";
import type { EvolutionChange } from "./evolution.ts";
import type { JobContext, JobOutcome } from "./job.ts";
import { decayedStrength, WEAKEST_LINK } from "./rules.ts";

/** Lets unused links fade, always from the strength that they were given, and drops the weakest. */
export async function links({ database, dryRun, now, signal, note }: JobContext): Promise<JobOutcome> {
  let examined = 0;
  for (let after = 0; ;) {
    signal?.throwIfAborted();
    const from = after;
    const page = await database.read(() => rows(pageOfLinks, { after: from }));
    const last = page.at(-1);
    if (last === undefined) return { examined };
    after = Number(last[0]);
    examined += page.length;
    const due = page.flatMap((cells) => {
      const change = judge(cells, now);
      return change === undefined ? [] : [{ cells, change }];
    });
    if (due.length > 0 && !dryRun)
      await database.write(function* (): Work<void> {
        for (const { cells, change } of due) yield* apply(cells, change, now);
      });
    for (const { change } of due) note(change);
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

type LinkChange = Extract<EvolutionChange, { readonly kind: "decayed" | "dropped" }>;

function judge(cells: Row, now: number): LinkChange | undefined {
  const [, from, to, type, before, baseStrength, createdAt, usedAt] = cells;
  const link = { baseStrength: Number(baseStrength), createdAt: Number(createdAt), usedAt: Number(usedAt) };
  const after = decayedStrength(link, now);
  const kind = after < WEAKEST_LINK ? "dropped" : "decayed";
  if (kind === "decayed" && after === before) return undefined;
  return {
    kind,
    from: from as MemoryId,
    to: to as MemoryId,
    type: String(type),
    before: Number(before),
    after: kind === "dropped" ? 0 : after,
  };
}

function* apply(cells: Row, change: LinkChange, now: number): Work<void> {
  const values = { id: Number(cells[0]), base: Number(cells[5]) };
  if (change.kind === "decayed") {
    yield* run(setStrength, { ...values, strength: change.after });
    return;
  }
  if ((yield* run(dropLinkById, values)) === 0) return;
  const version = Number((yield* row(versionOf, { uuid: change.from }))?.[0] ?? 0);
  yield* runAll([
    changeCall({
      change: "unlinked",
      uuid: change.from,
      version,
      at: now,
      by: "evolution",
      reason: `unused, below ${WEAKEST_LINK}`,
      before: { to: change.to, type: change.type, strength: change.before },
    }),
  ]);
}
