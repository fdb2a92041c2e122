import type { Task } from "@mnemosyne/core";
import { killProcessGroup } from "@mnemosyne/workspace";
import type { WorkContext } from "../run/work.ts";
import type { RunServices } from "./run-services.ts";

/** Ends processes that a dead worker of this host started for the task, by the pid and start time in the journal. */
export async function endLeftovers(services: RunServices, task: Task, { log }: WorkContext): Promise<void> {
  for (const { pid, startedAt, host } of log.projection.task(task.id).processes)
    if (host === services.host) await killProcessGroup(pid, startedAt);
}
