import type {
  CheckResult,
  DatabaseStats,
  EvolutionChange,
  EvolutionJobReport,
  PruneResult,
} from "@mnemosyne/storage";

/** What evolution did, for people. */
export function evolutionText(jobs: readonly EvolutionJobReport[]): string {
  return jobs
    .map(({ job, dryRun, examined, changed, changes }) => {
      const lines = changes.slice(0, 20).map((change) => `\n  ${changeText(change)}`);
      const more = changed > lines.length ? `\n  and ${changed - lines.length} more` : "";
      return `${job}: ${changed} of ${examined} ${dryRun ? "would be changed" : "changed"}${lines.join("")}${more}`;
    })
    .join("\n");
}

function changeText(change: EvolutionChange): string {
  switch (change.kind) {
    case "merged": {
      const number = change.merge === undefined ? "" : ` (merge ${change.merge})`;
      return `${change.members.join(", ")} merged into ${change.survivor}, similarity ${change.similarity}${number}`;
    }
    case "importance":
      return `${change.id} importance ${change.base}, by its use ${change.derived}`;
    case "decayed":
      return `${change.from} ${change.type} ${change.to}: ${change.before} faded to ${change.after}`;
    case "dropped":
      return `${change.from} ${change.type} ${change.to}: dropped`;
    default:
      return `${change.id} archived: ${change.reason}`;
  }
}

/** What a database holds, for people. */
export function statsLines(stats: DatabaseStats): string {
  const { bytes, freeBytes, logBytes, rows, blobBytes, retention, prunedAt, schemaVersion } = stats;
  return [
    `${bytes} bytes, ${freeBytes} of them free; ${logBytes} in the log; schema version ${schemaVersion}`,
    ...Object.entries(rows).map(([name, count]) => `  ${name}: ${count}`),
    `  bytes in blobs: ${blobBytes}`,
    `observations are kept ${days(retention.observations)}, history ${days(retention.history)}; last pruned ${prunedAt.toISOString()}`,
  ].join("\n");
}

/** What was pruned, for people. */
export function pruneText(pruned: PruneResult, dryRun: boolean): string {
  const lines = Object.entries(pruned).map(([name, count]) => `  ${name}: ${count}`);
  return [dryRun ? "Would be removed:" : "Removed:", ...lines].join("\n");
}

/** What a check found, for people. */
export function checkText({ ok, problems, notes }: CheckResult): string {
  return [ok ? "Nothing is broken." : "Broken:", ...problems.map((each) => `  ${each}`), ...notes].join("\n");
}

function days(kept: number | false): string {
  return kept === false ? "for ever" : `${kept} days`;
}
