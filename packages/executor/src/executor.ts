import { createHash } from "node:crypto";
import type { Agent, AgentContext, AgentResult, AgentTask } from "@mnemosyne/core";
import { failureOf } from "./failure.ts";
import { settingsOf, type ExecutorOptions, type ExecutorSettings } from "./settings.ts";
import { callFunction } from "./work/call-function.ts";
import { RULES } from "./work/first-message.ts";
import { followInstructions } from "./work/follow-instructions.ts";
import { runLine } from "./work/run-line.ts";

/**
 * The agent that does a plan's work: shell lines, functions and instructions for a model, each in its task's tree.
 *
 * An ordinary failure is a result, never a throw. Thrown are only the errors that the engine acts on: `E_CANCELLED`
 * (the signal fired), `E_WAITING` (a person was asked), `E_BUDGET`, and `E_MODEL_AUTH` (no valid key). Holds nothing
 * open; one executor may work on several tasks at once.
 *
 * @example
 * const engine = new OrchestrationEngine({ storage, model, agents: [new Executor({ maxTurns: 30 })] });
 */
export class Executor implements Agent {
  readonly name: string;
  /** A hash of the prompt that every model's work begins with. */
  readonly version: string = createHash("sha256").update(RULES).digest("hex").slice(0, 12);
  readonly #settings: ExecutorSettings;

  constructor(options: ExecutorOptions = {}) {
    this.name = options.name ?? "executor";
    this.#settings = settingsOf(options);
  }

  /** Does one attempt of a task. An abort of the context's signal ends it soon, with `E_CANCELLED`. */
  async execute(task: AgentTask, context: AgentContext): Promise<AgentResult> {
    try {
      context.signal.throwIfAborted();
      return await this.#work(task, context);
    } catch (error) {
      return failureOf(error, context.signal, `Task '${task.definition.id}' failed`);
    }
  }

  #work(task: AgentTask, context: AgentContext): Promise<AgentResult> {
    const { work } = task.definition;
    if (work.kind === "run") return runLine(work.run, task, context, this.#settings);
    if (work.kind === "function") return callFunction(work.function, task, context, this.#settings);
    return followInstructions(task, context, this.#settings);
  }
}
