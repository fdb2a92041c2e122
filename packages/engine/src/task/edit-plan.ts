import { canonicalJson, type Json, type Plan, type RunInput, type Task, type TaskId } from "@mnemosyne/core";
import { rollbackScope, taskState } from "@mnemosyne/plan";
import type { ManifestEntry, MergeRecord } from "@mnemosyne/workspace";
import { jsonHash } from "../run/payload.ts";
import type { RunLog } from "../run/run-log.ts";
import { undoTask } from "./compensate-task.ts";
import { outputOf, readPayload, valueAt } from "./outputs.ts";
import type { RunServices } from "./run-services.ts";
import { changedPart, dependsOnFiles, filesKey, manifestNow, toolsKey } from "./task-key.ts";

/** What an edit means for one task, and why. */
export interface EditedTask {
  readonly task: TaskId;
  /** `removed`: finished, and the new plan does not have it; what it did stays unless it is undone. */
  readonly action: "kept" | "run" | "added" | "removed" | "dropped";
  readonly reason: string;
}

/** What an edit of a run's plan means. */
export interface PlanEdit {
  readonly runId: string;
  readonly tasks: readonly EditedTask[];
}

/** Says for every task of both plans what an edit means, and gives the input that makes it. Changes nothing. */
export async function planEdit(
  services: RunServices,
  log: RunLog,
  plan: Plan,
): Promise<{ readonly edit: PlanEdit; readonly input: Extract<RunInput, { readonly type: "plan.edited" }> }> {
  const tasks: EditedTask[] = [];
  const kept = new Set<string>();
  const files = await WorkspaceThen.read(services, log);
  for (const task of inOrder(plan)) {
    const known = taskState(log.state, task.id);
    if (known === undefined) {
      tasks.push({ task: task.id, action: "added", reason: "It is new." });
      continue;
    }
    const reason = reasonToRun(services, log, files, task, kept);
    if (reason === undefined) kept.add(task.id);
    tasks.push({
      task: task.id,
      action: reason === undefined ? "kept" : "run",
      reason: reason ?? "Nothing that it depends on changed.",
    });
  }
  const planned = new Set<string>(plan.tasks.map(({ id }) => id));
  for (const { id } of log.plan.tasks) {
    if (planned.has(id)) continue;
    const finished = taskState(log.state, id)?.status === "completed";
    tasks.push({
      task: id,
      action: finished ? "removed" : "dropped",
      reason: finished
        ? "The plan no longer has it; what it did stays."
        : "The plan no longer has it; it had not completed.",
    });
  }
  const order = new Map(plan.tasks.map(({ id }, index) => [id as string, index]));
  tasks.sort((a, b) => (order.get(a.task) ?? Infinity) - (order.get(b.task) ?? Infinity));
  return {
    edit: { runId: services.runId, tasks },
    input: {
      type: "plan.edited",
      by: "person",
      plan,
      keep: [...kept] as TaskId[],
      ...(await looksAt(services, log, plan, kept)),
    },
  };
}

/** Compensates finished tasks that an edit removes, the last claimed first. Throws where one cannot be undone. */
export async function undoRemoved(
  services: RunServices,
  log: RunLog,
  { tasks }: PlanEdit,
  signal: AbortSignal,
): Promise<readonly TaskId[]> {
  const removed = new Set<string>(tasks.filter(({ action }) => action === "removed").map(({ task }) => task));
  const undone: TaskId[] = [];
  for (const { task, outcome } of rollbackScope(log.state).compensate) {
    if (!removed.has(task)) continue;
    await undoTask(services, { task, outcome }, log, signal);
    undone.push(task);
  }
  return undone;
}

function reasonToRun(
  services: RunServices,
  log: RunLog,
  files: WorkspaceThen,
  task: Task,
  kept: ReadonlySet<string>,
): string | undefined {
  const known = taskState(log.state, task.id);
  if (known?.status !== "completed") return `It is ${known?.status ?? "new"}.`;
  if (known.children.some((child) => taskState(log.state, child)?.status !== "completed"))
    return "Not all of what it added has completed.";
  const changed = changedFields(known.task, task);
  if (changed.length > 0) return `Its definition changed: ${changed.join(", ")}.`;
  const rerun = task.dependsOn.find((name) => !kept.has(name));
  if (rerun !== undefined) return `'${rerun}' runs again.`;
  // A template has no execution of its own.
  if (task.forEach !== undefined) return undefined;
  const { key, mergesBefore = 0 } = log.projection.task(task.id);
  if (key === undefined) return "It is not known what its result depended on.";
  const changedUse = changedPart(key.tools, toolsKey(services, task));
  if (changedUse !== undefined) return changedUse;
  const lost = files.changedOutput(task.id);
  if (lost !== undefined) return `Its file ${lost} was changed.`;
  if (dependsOnFiles(task) && key.files !== filesKey(task, files.before(mergesBefore)))
    return task.reads.length > 0
      ? "A file that it reads changed."
      : "The files of the workspace changed (it names no 'reads').";
  return undefined;
}

/** Fields whose change makes another task of it. */
function changedFields(before: Task, after: Task): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof Task>;
  for (const name of ["id", "attempts", "budget", "timeout", "compensate", "onCrash"] as const)
    names.delete(name);
  return [...names].filter(
    (name) => canonicalJson((before[name] ?? null) as Json) !== canonicalJson((after[name] ?? null) as Json),
  );
}

/** What kept tasks say to tasks of the new plan that look at their outputs. */
async function looksAt(
  services: RunServices,
  log: RunLog,
  plan: Plan,
  kept: ReadonlySet<string>,
): Promise<{
  readonly when?: Record<string, boolean>;
  readonly forEach?: Record<string, readonly string[]>;
}> {
  const when: Record<string, boolean> = {};
  const forEach: Record<string, readonly string[]> = {};
  for (const task of plan.tasks) {
    if (kept.has(task.id)) continue;
    if (task.when !== undefined && kept.has(task.when.task)) {
      const output = await outputOf(services, log, task.when.task);
      when[task.id] =
        canonicalJson(valueAt(output, task.when.path) ?? null) === canonicalJson(task.when.equals);
    }
    if (task.forEach !== undefined && kept.has(task.forEach)) {
      const output = await outputOf(services, log, task.forEach);
      if (Array.isArray(output))
        forEach[task.id] = (output as readonly Json[]).map((element) => jsonHash(element));
    }
  }
  return { when, forEach };
}

/** Dependencies first. */
function inOrder(plan: Plan): readonly Task[] {
  const tasks = new Map(plan.tasks.map((task) => [task.id as string, task]));
  const ordered = new Set<Task>();
  for (const start of plan.tasks) {
    const open = [start];
    for (let task = open.at(-1); task !== undefined; task = open.at(-1)) {
      const next = task.dependsOn
        .map((name) => tasks.get(name))
        .find((each) => each !== undefined && !ordered.has(each));
      if (next === undefined) {
        ordered.add(task);
        open.pop();
      } else open.push(next);
    }
  }
  return [...ordered];
}

type Entries = ReadonlyMap<string, ManifestEntry>;

/** The workspace as it was before the run's merges, as far as nobody else changed what they left. */
class WorkspaceThen {
  readonly #now: Entries;
  readonly #merges: readonly { readonly task: string; readonly record: MergeRecord }[];
  readonly #last = new Map<string, MergeRecord["paths"][number]>();

  private constructor(
    now: Entries,
    merges: readonly { readonly task: string; readonly record: MergeRecord }[],
  ) {
    this.#now = now;
    this.#merges = merges;
    for (const { record } of merges) for (const change of record.paths) this.#last.set(change.path, change);
  }

  static async read(services: RunServices, log: RunLog): Promise<WorkspaceThen> {
    const merges: { task: string; record: MergeRecord }[] = [];
    for (const { task, record } of log.projection.mergesFrom(0))
      merges.push({ task, record: (await readPayload(services, record)) as unknown as MergeRecord });
    return new WorkspaceThen((await manifestNow(services)).entries, merges);
  }

  /** A path that a task merged and that somebody else changed since. */
  changedOutput(task: string): string | undefined {
    for (const { task: owner, record } of this.#merges)
      if (owner === task) for (const { path } of record.paths) if (!this.#standsAsLeft(path)) return path;
    return undefined;
  }

  /** All entries as they were before the merges from a place on. */
  before(place: number): Entries {
    const entries = new Map(this.#now);
    for (const { record } of this.#merges.slice(place).toReversed())
      for (const { path, before } of record.paths) {
        if (!this.#standsAsLeft(path)) continue;
        if (before === null) entries.delete(path);
        else entries.set(path, before);
      }
    return entries;
  }

  #standsAsLeft(path: string): boolean {
    const after = this.#last.get(path)?.after ?? null;
    const now = this.#now.get(path);
    if (after === null) return now === undefined;
    return now !== undefined && now.type === after.type && now.mode === after.mode && now.hash === after.hash;
  }
}
