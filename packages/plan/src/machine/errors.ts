import type { ErrorRecord, TaskId } from "@mnemosyne/core";
import type { TaskCell } from "./task-cell.ts";

/** A person said no. */
export function deniedError(what: string, by: string, reason: string | undefined): ErrorRecord {
  return {
    code: "E_DENIED",
    kind: "conflict",
    message: `${what} was denied by ${by}${reason === undefined || reason === "" ? "" : `: ${reason}`}.`,
  };
}

/** Gates did not pass and no attempt is left. */
export function gateError(cell: TaskCell, verdict: string, summary: string | undefined): ErrorRecord {
  return {
    code: "E_GATE_FAILED",
    kind: "conflict",
    message: `The gates of task '${cell.id}' did not pass (${verdict}) in attempt ${cell.attempt} of ${cell.lastAttempt}${tail(summary)}`,
    hint: `Look at the findings with 'mnemosyne show', then retry the task.`,
  };
}

/** The whole did not pass its final gates. */
export function finalGateError(verdict: string, summary: string | undefined): ErrorRecord {
  return {
    code: "E_GATE_FAILED",
    kind: "conflict",
    message: `The run did not pass its final gates (${verdict})${tail(summary)}`,
  };
}

/** A worker died and the plan says not to run the task again. */
export function crashedError(cell: TaskCell): ErrorRecord {
  return {
    code: "E_CRASHED",
    kind: "conflict",
    message: `The worker of task '${cell.id}' died while it ran (attempt ${cell.attempt}, execution ${cell.epoch}); its effects may or may not have happened.`,
    hint: "Check them, then retry the task or roll the run back.",
  };
}

/** A budget of tokens, money or time is used up. */
export function budgetError(message: string): ErrorRecord {
  return { code: "E_BUDGET", kind: "budget", message };
}

/** What a `when` or `forEach` needs did not come with the completion of the task that it looks at. */
export function missingInputError(cell: TaskCell, key: "when" | "forEach", from: TaskId): ErrorRecord {
  return {
    code: "E_INPUT",
    kind: "input",
    message: `Task '${cell.id}' cannot start: the completion of '${from}' did not say what its '${key}' needs.`,
    path: `tasks.${cell.id}.${key}`,
  };
}

/** A `forEach` task whose instance failed. */
export function instanceError(cell: TaskCell, instance: TaskCell): ErrorRecord {
  return {
    code: "E_TASK_FAILED",
    kind: "conflict",
    message: `Task '${cell.id}' failed because its instance '${instance.id}' did not complete.`,
    details: { cause: instance.id },
  };
}

/** The run's error: the one of the task that failed first, with where it came from. */
export function runError(first: TaskCell, failed: number): ErrorRecord {
  const error = first.extra?.error;
  const others = failed > 1 ? ` ${failed - 1} more failed after it.` : "";
  return {
    code: error?.code ?? "E_TASK_FAILED",
    kind: error?.kind ?? "conflict",
    message: `Task '${first.id}' failed: ${error?.message ?? "no reason was given."}${others}`,
    ...(error?.hint === undefined ? {} : { hint: error.hint }),
    details: {
      task: first.id,
      attempt: first.attempt,
      ...(error?.details === undefined ? {} : { cause: error.details }),
    },
  };
}

/** Somebody asked for the end. */
export function cancelledError(by: string, reason: string | undefined): ErrorRecord {
  return {
    code: "E_CANCELLED",
    kind: "cancelled",
    message: `The run was cancelled by ${by}${reason === undefined || reason === "" ? "" : `: ${reason}`}.`,
  };
}

/** A rollback that left something standing. */
export function dirtyError(dirty: readonly string[], before: ErrorRecord | undefined): ErrorRecord {
  return {
    code: "E_CONFLICT",
    kind: "conflict",
    message: `The rollback could not undo ${dirty.length === 1 ? "one thing" : `${dirty.length} things`}: ${dirty.slice(0, 5).join(", ")}${dirty.length > 5 ? ", ..." : ""}.`,
    hint: "Undo what is listed by hand, or ask for the rollback again.",
    ...(before === undefined ? {} : { details: { cause: { code: before.code, message: before.message } } }),
  };
}

function tail(summary: string | undefined): string {
  return summary === undefined || summary === "" ? "." : `: ${summary}`;
}
