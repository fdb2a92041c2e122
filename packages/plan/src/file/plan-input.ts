import type {
  AgentMemory,
  AgentTask,
  CommandRunner,
  Isolation,
  Json,
  JsonObject,
  OnCrash,
  OnFailure,
  SandboxMode,
  TaskId,
  Workspace,
} from "@mnemosyne/core";

/** Any schema that follows Standard Schema, such as one of zod, valibot or arktype. */
export interface StandardSchema {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => unknown;
  };
}

/** What a task's function may use. */
export interface TaskFunctionContext {
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

/**
 * A task as a function: gets the outputs of the tasks that it depends on, by id; what it returns, or resolves to, is
 * its own output and must be JSON or nothing.
 */
export type TaskFunction = (inputs: Readonly<Record<string, Json>>, context: TaskFunctionContext) => unknown;

/** What a compensation may use. */
export interface CompensationContext {
  readonly runId: string;
  readonly task: string;
  /** The same for every try. */
  readonly idempotencyKey: string;
  /** Whether the work is known to have finished. */
  readonly outcome: "completed" | "unknown";
  /** What the task gave, if it finished. */
  readonly output: Json | undefined;
  readonly signal: AbortSignal;
}

/** Undoes a task's effects. Has to be idempotent: it may run again when its worker dies. */
export type CompensationFunction = (context: CompensationContext) => unknown;

/** Limits as a plan writes them. */
export interface BudgetInput {
  readonly tokens?: number;
  readonly usd?: number;
  /** A duration such as `30m`. */
  readonly time?: string;
}

/** A gate by name, or one name with its settings. */
export type GateInput = string | { readonly [gate: string]: JsonObject | null };

interface TaskInputBase {
  readonly id: string;
  readonly dependsOn?: readonly string[];
  /** Globs, relative to the workspace. */
  readonly reads?: readonly string[];
  /** Globs, relative to the workspace: leases, and the limit of what the task may change. */
  readonly writes?: readonly string[];
  /** Default: 3 for instructions, else 1. */
  readonly attempts?: number;
  /** Longest time of one attempt, such as `120s`. */
  readonly timeout?: string;
  readonly budget?: BudgetInput;
  /** Default: the plan's for instructions, else none. */
  readonly gates?: readonly GateInput[];
  /** The question that a person has to approve before it starts. */
  readonly approval?: string;
  /** Default: `rerun`; `ask` where it has an approval. */
  readonly onCrash?: OnCrash;
  readonly compensate?: { readonly run: string } | CompensationFunction;
  /** Environment variables that it may see. */
  readonly env?: readonly string[];
  /** JSON Schema or Standard Schema of its output. */
  readonly output?: JsonObject | StandardSchema;
  readonly when?: { readonly task: string; readonly path?: string; readonly equals: Json };
  /** One instance for each element of this task's output. */
  readonly forEach?: string;
  /** Default: `tree` with instructions or writes, else `shared`. */
  readonly isolation?: Isolation;
  readonly merge?: "files" | "lines";
  /** Default: the plan's. */
  readonly sandbox?: SandboxMode;
}

/** A task as a plan writes it: a shell line, instructions for an agent, or a function. */
export type TaskInput = TaskInputBase &
  (
    | { readonly run: string; readonly instructions?: never; readonly function?: never }
    | {
        readonly instructions: string;
        readonly run?: never;
        readonly function?: never;
        /** Default: `executor`. */
        readonly agent?: string;
        readonly model?: string;
        readonly tools?: readonly string[];
      }
    | { readonly function: TaskFunction; readonly run?: never; readonly instructions?: never }
  );

/** A plan as a module writes it. */
export interface PlanInput {
  readonly version: 1;
  readonly name?: string;
  readonly goal?: string;
  readonly constraints?: readonly string[];
  readonly successCriteria?: readonly string[];
  /** Folder that tasks act on. Default: the plan file's folder. */
  readonly workspace?: string;
  readonly namespace?: string;
  /** Default 4. */
  readonly concurrency?: number;
  readonly testCommand?: string;
  readonly budget?: BudgetInput;
  /** Default `stop`. */
  readonly onFailure?: OnFailure;
  /** Gates of every instructions task that names none. Default: facts, noTodos, completeness; tests too with a testCommand. */
  readonly gates?: readonly GateInput[];
  readonly finalGates?: readonly GateInput[];
  /** Default: node_modules, .venv, target. */
  readonly caches?: readonly string[];
  /** Default `preferred`. */
  readonly sandbox?: SandboxMode;
  readonly tasks: readonly TaskInput[];
}

/** Functions of a module plan, by task id. Instances of a `forEach` task use those of their task. */
export interface PlanFunctions {
  readonly functions: Readonly<Record<TaskId, TaskFunction>>;
  readonly compensations: Readonly<Record<TaskId, CompensationFunction>>;
  /** Standard Schemas of outputs. */
  readonly outputs: Readonly<Record<TaskId, StandardSchema>>;
}
