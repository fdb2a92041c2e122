import { isMnemosyneError, MnemosyneError, toErrorRecord, type TaskId } from "@mnemosyne/core";
import { taskOf } from "../run/task-of.ts";
import type { WorkContext, WorkResult } from "../run/work.ts";
import { readPayload } from "./outputs.ts";
import type { RunServices } from "./run-services.ts";

/** Undoes a task's effects outside the workspace by its `compensate`. It must be idempotent: it may be called again. */
export async function compensateTask(
  services: RunServices,
  command: {
    readonly task: TaskId;
    readonly attempt: number;
    readonly outcome: "completed" | "unknown";
  },
  { log, signal }: WorkContext,
): Promise<WorkResult> {
  const { task, attempt, outcome } = command;
  try {
    await undoTask(services, command, log, signal);
    return { inputs: [{ type: "compensation.completed", task, attempt }] };
  } catch (error) {
    if (signal.aborted || (isMnemosyneError(error) && error.code.startsWith("E_STORAGE"))) throw error;
    return {
      inputs: [
        {
          type: "compensation.failed",
          task,
          attempt,
          error: { ...toErrorRecord(error), details: { outcome } },
          jitter: services.random(),
        },
      ],
    };
  }
}

/** Calls a task's compensation once. */
export async function undoTask(
  services: RunServices,
  { task: id, outcome }: { readonly task: TaskId; readonly outcome: "completed" | "unknown" },
  log: WorkContext["log"],
  signal: AbortSignal,
): Promise<void> {
  const { task } = taskOf(log.state, id);
  const { compensate } = task;
  if (compensate === undefined) return;
  const idempotencyKey = `${services.runId}:${id}:compensate`;
  if ("run" in compensate) {
    const result = await services.commands.run(
      { line: compensate.run },
      {
        cwd: services.workspace,
        sandbox: "off",
        signal,
        env: {
          MNEMOSYNE_RUN_ID: services.runId,
          MNEMOSYNE_TASK: id,
          MNEMOSYNE_IDEMPOTENCY_KEY: idempotencyKey,
          MNEMOSYNE_OUTCOME: outcome,
        },
      },
    );
    if (result.exitCode === 0) return;
    const tail = (result.stderr || result.stdout).trim().split("\n").slice(-3).join("\n");
    throw new MnemosyneError(
      "E_COMMAND_FAILED",
      `The compensation of '${id}' ended with ${result.exitCode === null ? `signal ${result.signal}` : `exit code ${result.exitCode}`}: ${tail}`,
      { kind: "internal", retryable: true },
    );
  }
  const call = services.compensations.get(compensate.function);
  if (call === undefined)
    throw new MnemosyneError(
      "E_PLAN_INVALID",
      `The compensation function of '${id}' is not loaded; resume the run with its plan module.`,
      { kind: "input", path: `tasks.${id}.compensate` },
    );
  const ref = log.projection.task(id).output;
  const output = ref === undefined ? undefined : await readPayload(services, ref);
  await call({ runId: services.runId, task: id, idempotencyKey, outcome, output, signal });
}
