import { isMnemosyneError, type RunInput } from "@mnemosyne/core";
import type { RunDriverOptions } from "./run-driver-options.ts";
import type { RunLog } from "./run-log.ts";
import { taskOf } from "./task-of.ts";
import type { WorkContext, WorkResult } from "./work.ts";

/**
 * Takes a run for a worker. Whoever held it before can append nothing from here on; what it left running is ended, and
 * each of its executions goes on by its task's rule. With `reopen` those that may simply run again are opened at once.
 */
export async function takeOver(
  { log, performer, worker, token }: RunDriverOptions,
  context: WorkContext,
  options: { readonly reopen?: boolean } = {},
): Promise<void> {
  await log.take(worker, token);
  const uncertain: RunInput[] = [];
  for (const { id, status, attempt, epoch } of log.snapshot().tasks) {
    const { task, needsReview } = taskOf(log.state, id);
    if (status === "completed" && needsReview) await performer.settle(task, context);
    if (status !== "running" && status !== "reviewing") continue;
    await performer.endLeftovers(task, context);
    if (status === "running" && (task.onCrash !== "rerun" || options.reopen === true))
      uncertain.push({ type: "task.uncertain", task: id, attempt, epoch, policy: task.onCrash });
  }
  if (uncertain.length > 0) await log.append({ inputs: uncertain, observations: [], payloads: [] });
}

/** What came of work that was in flight when another worker took the run: it is journalled as stale. */
export async function reportLate(log: RunLog, results: readonly WorkResult[]): Promise<void> {
  if (log.lost === undefined) return;
  try {
    await log.append({
      inputs: results.flatMap(({ inputs }) => inputs),
      observations: [],
      payloads: [],
    });
  } catch (error) {
    // It says that the run is lost, which is why this is called.
    if (!isMnemosyneError(error) || error.code !== "E_LEASE_LOST") throw error;
  }
}
