import type { RunId, TaskId } from "../ids.ts";
import type { Json, JsonObject } from "../json.ts";
import type { Namespace } from "../namespace.ts";

/** What happens to the run when a task has failed for good. */
export type OnFailure =
  /** Start nothing new, let running work end, keep everything for retry, resume or rollback. */
  | "stop"
  /** Stop running work, compensate, restore the files. */
  | "rollback"
  /** Go on with whatever does not depend on the failed task. */
  | "continue";

/** What happens to a command that was running when its worker died. */
export type OnCrash = "rerun" | "ask" | "fail";

/** Where a task acts: in a tree of its own that is merged when it was judged, or in the workspace itself. */
export type Isolation = "tree" | "shared";

/** Whether a command must, may or must not run in a sandbox. */
export type SandboxMode = "required" | "preferred" | "off";

/** Limits of a run or a task. A missing one is not limited here (a parent's limit still holds). */
export interface Budget {
  readonly tokens?: number;
  readonly usd?: number;
  /** Milliseconds. */
  readonly time?: number;
}

/** A gate that a task names, with its settings. */
export interface GateUse {
  readonly gate: string;
  readonly with: JsonObject;
}

/** Undoes a task's effects outside the workspace. Must be idempotent. */
export type Compensation = { readonly run: string } | { readonly function: string };

/** Runs the task only if the value at `path` in `task`'s output equals `equals`. */
export interface Condition {
  readonly task: TaskId;
  /** Dotted path such as `result.items.0`; empty: the whole output. */
  readonly path: string;
  readonly equals: Json;
}

/** What a task does: exactly one of three. */
export type TaskWork =
  /** A shell line of the plan's author, trusted like a package script. */
  | { readonly kind: "run"; readonly run: string }
  /** Work for an agent. */
  | { readonly kind: "instructions"; readonly instructions: string; readonly agent: string }
  /** A function of a module plan, by its task id in the plan's function table. */
  | { readonly kind: "function"; readonly function: string };

/** One task, checked and with every default filled in. */
export interface Task {
  readonly id: TaskId;
  readonly work: TaskWork;
  readonly dependsOn: readonly TaskId[];
  /** Globs, relative to the workspace. */
  readonly reads: readonly string[];
  /** Globs; undefined: not said (a tree task may then change anything in its tree). */
  readonly writes?: readonly string[];
  readonly isolation: Isolation;
  readonly merge: "files" | "lines";
  readonly attempts: number;
  /** Milliseconds for one attempt. */
  readonly timeout?: number;
  readonly budget: Budget;
  readonly gates: readonly GateUse[];
  /** The question that a person has to approve before it starts. */
  readonly approval?: string;
  readonly onCrash: OnCrash;
  readonly compensate?: Compensation;
  readonly model?: string;
  readonly tools?: readonly string[];
  /** Names of environment variables that it may see. */
  readonly env: readonly string[];
  /** JSON Schema of its output. */
  readonly output?: JsonObject;
  readonly when?: Condition;
  /** One instance for each element of this task's output (an array). */
  readonly forEach?: TaskId;
  readonly sandbox: SandboxMode;
}

/** A plan, checked and with every default filled in: a DAG of tasks as data. */
export interface Plan {
  readonly version: 1;
  readonly name: string;
  readonly goal: string;
  readonly constraints: readonly string[];
  readonly successCriteria: readonly string[];
  /** Folder that tasks act on; absolute, or relative to the plan file. */
  readonly workspace: string;
  readonly namespace?: Namespace;
  readonly concurrency: number;
  readonly testCommand?: string;
  readonly budget: Budget;
  readonly onFailure: OnFailure;
  /** Judge the whole run when its last task has completed. */
  readonly finalGates: readonly GateUse[];
  /** Folders that trees share read-only. */
  readonly caches: readonly string[];
  readonly sandbox: SandboxMode;
  readonly tasks: readonly Task[];
}

/** Status of a run. */
export type RunStatus =
  | "pending"
  | "running"
  | "paused"
  | "completed"
  | "failed"
  | "cancelled"
  | "rolledBack";

/** Status of a task. */
export type TaskStatus =
  | "pending"
  | "ready"
  | "running"
  | "reviewing"
  | "waiting"
  | "completed"
  | "failed"
  | "skipped"
  | "cancelled"
  | "compensated";

/** What was used: tokens, money, calls. `usd` is the sum of what each call cost at its model's prices. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly usd: number;
  readonly calls: number;
}

/** A run as the list of runs shows it. */
export interface RunRecord {
  readonly runId: RunId;
  readonly name: string;
  readonly status: RunStatus;
  readonly planHash: string;
  readonly startedAt: Date;
  readonly finishedAt?: Date;
  readonly usage: Usage;
}
