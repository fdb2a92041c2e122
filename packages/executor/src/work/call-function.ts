import { MnemosyneError, type AgentContext, type AgentResult, type AgentTask } from "@mnemosyne/core";
import type { TaskFunction, TaskFunctionContext } from "@mnemosyne/plan";
import { failedWith, failureOf } from "../failure.ts";
import { toJson } from "../json-value.ts";
import type { ExecutorSettings } from "../settings.ts";
import { limitTime, timeAllowed, untilAborted } from "../time-limit.ts";
import { completedWith } from "./checked-output.ts";

/** Functions by the name that tasks give, or a way to find them. */
export type FunctionTable =
  | Readonly<Record<string, TaskFunction>>
  | ((name: string, task: AgentTask) => TaskFunction | undefined);

/** Calls a function of the plan's table. */
export async function callFunction(
  name: string,
  task: AgentTask,
  context: AgentContext,
  settings: ExecutorSettings,
): Promise<AgentResult> {
  const called = find(settings.functions, name, task);
  if (called === undefined)
    return failedWith(
      new MnemosyneError(
        "E_NOT_FOUND",
        `Task '${task.definition.id}' calls function '${name}', which is not in the function table.`,
        {
          kind: "notFound",
          path: "function",
          hint: "Run the plan from its module, where its functions are.",
        },
      ),
      false,
    );
  const limit = limitTime(
    context.signal,
    timeAllowed(task.definition.timeout, context.timeLeft),
    `Function '${name}'`,
  );
  try {
    const value = await untilAborted(
      (async () => called(task.inputs, functionContext(task, context, limit.signal)))(),
      limit.signal,
    );
    return completedWith(task, toJson(value));
  } catch (error) {
    if (limit.passed()) return failedWith(limit.error(), true);
    return failureOf(error, context.signal, `Function '${name}' threw`);
  } finally {
    limit.stop();
  }
}

function find(table: FunctionTable, name: string, task: AgentTask): TaskFunction | undefined {
  if (typeof table === "function") return table(name, task);
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function functionContext(task: AgentTask, context: AgentContext, signal: AbortSignal): TaskFunctionContext {
  return {
    signal,
    idempotencyKey: context.idempotencyKey,
    runId: task.runId,
    task: task.definition.id,
    attempt: task.attempt,
    epoch: task.epoch,
    memory: context.memory,
    workspace: context.workspace,
    commands: context.commands,
    answers: task.answers,
    ...(task.element === undefined ? {} : { element: task.element }),
    ask: (question) => context.ask(question),
    heartbeat: (note) => context.heartbeat(note),
  };
}
