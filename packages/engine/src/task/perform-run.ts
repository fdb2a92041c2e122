import type { Performer } from "../run/work.ts";
import { approvalSubject } from "./approval-subject.ts";
import { compensateTask } from "./compensate-task.ts";
import { endLeftovers } from "./end-leftovers.ts";
import { executeTask } from "./execute-task.ts";
import { judgeRun } from "./judge-run.ts";
import { learnFromTask } from "./learn-from-task.ts";
import { quarantine } from "./quarantine.ts";
import { restoreWorkspace } from "./restore-workspace.ts";
import { reviewTask, settleTask } from "./review-task.ts";
import type { RunServices } from "./run-services.ts";
import { TreeStore } from "./tree-store.ts";

/** Does one run's work with the given services. */
export function performRun(services: RunServices): Performer {
  const trees = new TreeStore(services);
  return {
    execute: (claim, command, context) =>
      executeTask(services, trees, { ...claim, escalation: command.escalation }, context),
    review: ({ task, attempt, epoch }, context) =>
      reviewTask(services, trees, { task, attempt, epoch }, context),
    compensate: (command, context) => compensateTask(services, command, context),
    restore: (command, context) => restoreWorkspace(services, command, context),
    judge: (_command, context) => judgeRun(services, context),
    settleFailed: async (task, context) => {
      const observations = await quarantine(services, context.log, task.id, "failed");
      await learnFromTask(services, task, context);
      return { inputs: [], observations };
    },
    approvalSubject: (task, context) => approvalSubject(services, task, context),
    settle: (task, context) => settleTask(services, trees, task, context),
    endLeftovers: (task, context) => endLeftovers(services, task, context),
  };
}
