import type { JournalEntry, RunInput, RunObservation } from "@mnemosyne/core";

/** Events with text that people, models or commands wrote. */
export const CARRIES_TEXT: ReadonlySet<string> = new Set([
  "task.failed",
  "task.rejected",
  "review.failed",
  "question.asked",
  "question.answered",
  "approval.denied",
  "compensation.failed",
  "run.judged",
  "model.called",
  "tool.used",
  "gate.judged",
  "memory.stored",
  "memory.recalled",
  "note",
]);

/** Stands in the journal for an input that changed nothing. */
export function staleEntry(input: RunInput, reason: string, at: string): JournalEntry {
  const task = "task" in input ? input.task : undefined;
  const attempt = "attempt" in input ? input.attempt : undefined;
  const body: RunObservation = {
    type: "result.stale",
    input: input.type,
    reason,
    ...(task === undefined ? {} : { task }),
    ...(attempt === undefined ? {} : { attempt }),
  };
  return { class: "observation", body, at };
}
