import {
  Namespace,
  parseDuration,
  type Budget,
  type GateUse,
  type JsonObject,
  type Plan,
  type Task,
  type TaskId,
  type TaskWork,
} from "@mnemosyne/core";
import { z } from "zod";
import type { CompensationFunction, PlanFunctions, StandardSchema, TaskFunction } from "./plan-input.ts";
import type { CheckedPlanInput, CheckedTaskInput } from "./schema.ts";

const DEFAULT_GATES = ["facts", "noTodos", "completeness"];
const DEFAULT_CACHES = ["node_modules", ".venv", "target"];
const AGENT_ATTEMPTS = 3;

/** What a task takes from its plan. */
export interface TaskDefaults {
  readonly gates: readonly GateUse[];
  readonly sandbox: Plan["sandbox"];
}

/** A plan with every default filled in, and the functions that it names. */
export interface NormalPlan extends PlanFunctions {
  readonly plan: Plan;
}

/** Fills in every default of a plan whose form was checked. */
export function normalisePlan(input: CheckedPlanInput, name: string): NormalPlan {
  const defaults: TaskDefaults = {
    gates: toGates(input.gates ?? [...DEFAULT_GATES, ...(input.testCommand === undefined ? [] : ["tests"])]),
    sandbox: input.sandbox ?? "preferred",
  };
  const functions: Record<TaskId, TaskFunction> = {};
  const compensations: Record<TaskId, CompensationFunction> = {};
  const outputs: Record<TaskId, StandardSchema> = {};
  for (const task of input.tasks) {
    const id = task.id as TaskId;
    if (task.function !== undefined) functions[id] = task.function as TaskFunction;
    if (typeof task.compensate === "function") compensations[id] = task.compensate as CompensationFunction;
    if (isStandardSchema(task.output)) outputs[id] = task.output;
  }
  const plan: Plan = {
    version: 1,
    name: input.name ?? name,
    goal: input.goal ?? "",
    constraints: input.constraints ?? [],
    successCriteria: input.successCriteria ?? [],
    workspace: input.workspace ?? ".",
    ...(input.namespace === undefined ? {} : { namespace: Namespace.parse(input.namespace) }),
    concurrency: input.concurrency ?? 4,
    ...(input.testCommand === undefined ? {} : { testCommand: input.testCommand }),
    budget: toBudget(input.budget),
    onFailure: input.onFailure ?? "stop",
    finalGates: toGates(input.finalGates ?? []),
    caches: input.caches ?? DEFAULT_CACHES,
    sandbox: defaults.sandbox,
    tasks: input.tasks.map((task) => normaliseTask(task, defaults)),
  };
  return { plan, functions, compensations, outputs };
}

/** Fills in every default of a task whose form was checked. */
export function normaliseTask(input: CheckedTaskInput, defaults: TaskDefaults): Task {
  const work = toWork(input);
  const instructions = work.kind === "instructions";
  return {
    id: input.id as TaskId,
    work,
    dependsOn: (input.dependsOn ?? []) as TaskId[],
    reads: input.reads ?? [],
    ...(input.writes === undefined ? {} : { writes: input.writes }),
    isolation: input.isolation ?? (instructions || input.writes !== undefined ? "tree" : "shared"),
    merge: input.merge ?? "files",
    attempts: input.attempts ?? (instructions ? AGENT_ATTEMPTS : 1),
    ...(input.timeout === undefined ? {} : { timeout: parseDuration(input.timeout) }),
    budget: toBudget(input.budget),
    gates: input.gates === undefined ? (instructions ? defaults.gates : []) : toGates(input.gates),
    ...(input.approval === undefined ? {} : { approval: input.approval }),
    onCrash: input.onCrash ?? (input.approval === undefined ? "rerun" : "ask"),
    ...(input.compensate === undefined
      ? {}
      : {
          compensate:
            typeof input.compensate === "function"
              ? { function: input.id }
              : (input.compensate as { readonly run: string }),
        }),
    ...(input.model === undefined ? {} : { model: input.model }),
    ...(input.tools === undefined ? {} : { tools: input.tools }),
    env: input.env ?? [],
    ...(input.output === undefined ? {} : { output: toJsonSchema(input.output) }),
    ...(input.when === undefined
      ? {}
      : {
          when: {
            task: input.when.task as TaskId,
            path: input.when.path ?? "",
            equals: input.when.equals,
          },
        }),
    ...(input.forEach === undefined ? {} : { forEach: input.forEach as TaskId }),
    sandbox: input.sandbox ?? defaults.sandbox,
  };
}

function toWork(input: CheckedTaskInput): TaskWork {
  if (input.run !== undefined) return { kind: "run", run: input.run };
  if (input.instructions !== undefined)
    return {
      kind: "instructions",
      instructions: input.instructions,
      agent: input.agent ?? "executor",
    };
  return { kind: "function", function: input.id };
}

function toBudget(input: CheckedPlanInput["budget"]): Budget {
  return {
    ...(input?.tokens === undefined ? {} : { tokens: input.tokens }),
    ...(input?.usd === undefined ? {} : { usd: input.usd }),
    ...(input?.time === undefined ? {} : { time: parseDuration(input.time) }),
  };
}

function toGates(input: NonNullable<CheckedPlanInput["gates"]>): GateUse[] {
  return input.map((gate) => {
    if (typeof gate === "string") return { gate, with: {} };
    const [[name, settings] = ["", null]] = Object.entries(gate);
    return { gate: name, with: settings ?? {} };
  });
}

/** The JSON Schema of a Standard Schema where its library can tell, else one that accepts anything. */
function toJsonSchema(output: unknown): JsonObject {
  if (!isStandardSchema(output)) return output as JsonObject;
  const { jsonSchema } = output["~standard"] as {
    readonly jsonSchema?: { readonly input?: (options: { readonly target: string }) => unknown };
  };
  const given = jsonSchema?.input?.({ target: "draft-2020-12" });
  if (typeof given === "object" && given !== null) return given as JsonObject;
  return output instanceof z.ZodType ? (z.toJSONSchema(output, { io: "input" }) as JsonObject) : {};
}

function isStandardSchema(value: unknown): value is StandardSchema {
  return (
    ((typeof value === "object" && value !== null) || typeof value === "function") && "~standard" in value
  );
}
