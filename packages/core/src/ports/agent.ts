import type { AgentMemory } from "../memory/agent-memory.ts";
import type { Json } from "../json.ts";
import type { Task } from "../plan/plan.ts";
import type { EscalationLevel } from "../run/events.ts";
import type { RunObservation } from "../run/observations.ts";
import type { ErrorRecord } from "../errors.ts";
import type { ContextPayload } from "./context.ts";
import type { CommandRunner } from "./command-runner.ts";
import type { CallObserver, LanguageModel } from "./language-model.ts";
import type { Finding } from "./gate.ts";
import type { Tool } from "./tool.ts";
import type { Workspace } from "./workspace.ts";

/** A task as an agent gets it. */
export interface AgentTask {
  readonly runId: string;
  readonly definition: Task;
  readonly attempt: number;
  readonly epoch: number;
  readonly goal: string;
  readonly constraints: readonly string[];
  /** Outputs of the tasks it depends on, by task id. */
  readonly inputs: Readonly<Record<string, Json>>;
  /** What blocked the attempt before. */
  readonly findings: readonly Finding[];
  /** Answers to questions that it asked, oldest first. */
  readonly answers: readonly { readonly question: string; readonly text: string }[];
  readonly escalation: EscalationLevel;
  /** Who handed the task over in this attempt, and why. */
  readonly handedOver?: { readonly from: string; readonly reason: string };
  /** The element of a `forEach` instance. */
  readonly element?: Json;
}

/**
 * What an agent keeps of its work, so that another process, or another agent, can go on with it. Saved at the end of each
 * turn and before a context is compacted, while nothing of the agent's runs.
 */
export interface AgentCheckpoint {
  /**
   * What was saved of this attempt, oldest first; empty where there is nothing to go on with. The workspace is then as it
   * was when the last of it was saved.
   */
  readonly restored: readonly Json[];
  /**
   * Keeps one more piece of state with the task's files as they are now; durable when it resolves. `reset`: what was
   * saved before counts no more. Throws `E_LEASE_LOST` where another process has the run.
   */
  save(state: Json, options?: { readonly reset?: boolean }): Promise<void>;
}

/** What an agent may use. */
export interface AgentContext {
  readonly signal: AbortSignal;
  /** `run:task:attempt`: the same for a repeated execution of the same attempt. */
  readonly idempotencyKey: string;
  /** What the optimizer put together; missing for commands and functions. */
  readonly payload?: ContextPayload;
  readonly memory: AgentMemory;
  readonly model?: LanguageModel;
  /** Reserves before and settles after each model call; pass it to every call. */
  readonly observer: CallObserver;
  readonly tools: readonly Tool[];
  readonly workspace: Workspace;
  readonly commands: CommandRunner;
  /** Missing where nothing can be kept. */
  readonly checkpoint?: AgentCheckpoint;
  /** Names of other agents that the task can be handed to; none where it was handed over already. */
  readonly handOffTo?: readonly string[];
  /**
   * Gives the task to another agent, which goes on from the last checkpoint in the same workspace, and gives what that one
   * came to: return it. From then on the attempt is that agent's, also in another process. Throws `E_INPUT` for an unknown name.
   */
  handOff?(to: string, reason: string): Promise<AgentResult>;
  /** Milliseconds left, if the task or run has a deadline. */
  readonly timeLeft?: () => number;
  /** Adds tasks to the run that this one's dependents wait for. */
  spawn(tasks: readonly Task[]): Promise<void>;
  /** Ends the execution by throwing `E_WAITING`; the attempt goes on when a person has answered. */
  ask(question: string): never;
  /** Says that it is alive; a task without one for 60 s raises a stall alert. */
  heartbeat(note?: string): void;
  emit(observation: RunObservation): void;
}

/** What an agent's work came to. */
export type AgentResult =
  | {
      readonly status: "completed";
      readonly output?: Json;
      /** What it says it did, for people and gates. */ readonly report?: string;
    }
  | {
      readonly status: "failed";
      readonly error: ErrorRecord;
      readonly retryable: boolean;
      readonly output?: Json;
    };

/** Does the work of tasks. May be called for several tasks at once; an abort of the signal must end it soon. */
export interface Agent {
  readonly name: string;
  /** Changes with its prompt and whatever else makes another result of the same task: part of a finished task's key. */
  readonly version?: string;
  execute(task: AgentTask, context: AgentContext): Promise<AgentResult>;
}
