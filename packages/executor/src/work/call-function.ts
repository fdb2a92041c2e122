import {
  MnemosyneError,
  type AgentContext,
  type AgentMemory,
  type AgentResult,
  type AgentTask,
  type CommandRunner,
  type Json,
  type Workspace,
} from "@mnemosyne/core";
import { failedWith, failureOf } from "../failure.ts";
import { toJson } from "../json-value.ts";
import type { ExecutorSettings } from "../settings.ts";
import { limitTime, timeAllowed, untilAborted } from "../time-limit.ts";
import { completedWith } from "./checked-output.ts";

/** What a plan's function may use. */
export interface FunctionContext {
  /** Fires when the run is cancelled or the task's time is over; a function that ignores it is left behind. */
  readonly signal: AbortSignal;
  /** `run:task:attempt`: the same for a repeated execution of the same attempt. */
  readonly idempotencyKey: string;
  readonly runId: string;
  readonly task: string;
  readonly attempt: number;
  readonly epoch: number;
  readonly memory: AgentMemory;
  readonly workspace: Workspace;
  readonly commands: CommandRunner;
  /** The element of a `forEach` instance. */
  readonly element?: Json;
  /** Answers to questions that it asked, oldest first. */
  readonly answers: AgentTask["answers"];
  /** Ends the execution; the attempt goes on when a person has answered. */
  ask(question: string): never;
  /** Says that it is alive. */
  heartbeat(note?: string): void;
}

/** A function of a module plan. Gets its dependencies' outputs by task id; what it returns must be JSON. */
export type TaskFunction = (inputs: Readonly<Record<string, Json>>, context: FunctionContext) => unknown;

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

function functionContext(task: AgentTask, context: AgentContext, signal: AbortSignal): FunctionContext {
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
