import { setTimeout as delay } from "node:timers/promises";
import type { Journal, RunEvent } from "@mnemosyne/core";
import type { PlanInput } from "@mnemosyne/plan";
import type { Effect } from "@mnemosyne/testkit";
import type { WorkerProcess } from "./worker-process.ts";

/** Numbers in [0, 1) that a seed determines. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A shell line that tells the effect sink what a task did, and fails where the sink did not take it: a node for each would take the processors for itself. */
export function postLine(task: string): string {
  const body = `{"name":"${task}","key":"'$MNEMOSYNE_IDEMPOTENCY_KEY'","epoch":'$MNEMOSYNE_EPOCH',"pid":'$PPID'}`;
  return `curl -sSf -o /dev/null -d '${body}' "$EFFECT_SINK_URL"`;
}

/** A plan of tasks that each depend on up to three earlier ones and post one effect. */
export function chaosPlan(options: {
  readonly name: string;
  readonly tasks: number;
  readonly workspace: string;
  readonly effect: (task: string) => string;
  readonly random: () => number;
}): PlanInput {
  const { name, tasks, workspace, effect, random } = options;
  return {
    version: 1,
    name,
    workspace,
    concurrency: 3,
    tasks: Array.from({ length: tasks }, (_, index) => {
      const before = new Set<string>();
      for (let count = Math.min(index, Math.floor(random() * 4)); count > 0; count--)
        before.add(`t${Math.max(0, index - 1 - Math.floor(random() * 6))}`);
      const pause = (0.02 + random() * 0.2).toFixed(3);
      return {
        id: `t${index}`,
        dependsOn: [...before],
        env: ["EFFECT_SINK_URL"],
        sandbox: "off" as const,
        run: `sleep ${pause}; ${effect(`t${index}`)}; sleep ${pause}`,
      };
    }),
  };
}

/** What was done to the workers. */
export interface Faults {
  readonly kills: number;
  readonly pauses: number;
}

/**
 * Every so many milliseconds a fault, where a worker is there that has begun to work, until the signal aborts: two in three are kill -9 (and a new process), one in
 * three stops a worker for longer than its lease lasts.
 */
export async function raiseFaults(
  workers: readonly WorkerProcess[],
  options: {
    readonly every: number;
    readonly pause: number;
    /** So many faults, then no more: a machine that is busy with other things still comes to an end. */
    readonly most: number;
    readonly random: () => number;
    readonly signal: AbortSignal;
  },
): Promise<Faults> {
  const { every, pause, most, random, signal } = options;
  let kills = 0;
  let pauses = 0;
  const resuming: Promise<void>[] = [];
  while (!signal.aborted && kills + pauses < most) {
    await delay(every, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const running = workers.filter((worker) => !worker.stopped && worker.busy);
    const worker = running[Math.floor(random() * running.length)];
    if (worker === undefined) continue;
    if (random() < 2 / 3) {
      kills += 1;
      await worker.kill();
    } else {
      pauses += 1;
      worker.pause();
      resuming.push(
        delay(pause, undefined, { signal })
          .catch(() => undefined)
          .then(() => worker.resume()),
      );
    }
  }
  await Promise.all(resuming);
  return { kills, pauses };
}

/** What is wrong with a run's journal and effects; empty where every promise was kept. */
export function brokenPromises(
  runId: string,
  plan: PlanInput,
  events: readonly RunEvent[],
  effects: readonly Effect[],
): readonly string[] {
  const broken: string[] = [];
  const at = new Map<string, { completed?: RunEvent; claims: number }>();
  for (const event of events) {
    if (event.type !== "task.started" && event.type !== "task.completed") continue;
    const known = at.get(event.task) ?? { claims: 0 };
    at.set(event.task, known);
    if (known.completed !== undefined) broken.push(`${event.task}: ${event.type} after it had completed`);
    if (event.type === "task.completed") known.completed = event;
    else known.claims += 1;
  }
  const finished =
    events.at(-1)?.type === "run.finished"
      ? events.at(-1)
      : events.find(({ type }) => type === "run.finished");
  if (finished?.type !== "run.finished" || finished.status !== "completed")
    broken.push(`the run did not complete: ${JSON.stringify(finished ?? "no end")}`);
  for (const { id, dependsOn = [] } of plan.tasks) {
    const own = effects.filter(({ key }) => key === `${runId}:${id}:1`);
    const facts = at.get(id);
    if (own.length === 0) broken.push(`${id}: no effect`);
    if (own.length > (facts?.claims ?? 0))
      broken.push(`${id}: ${own.length} effects of ${facts?.claims} claims`);
    let epoch = 0;
    for (const effect of own) {
      if (effect.epoch <= epoch)
        broken.push(`${id}: an effect of epoch ${effect.epoch} after one of ${epoch}`);
      epoch = effect.epoch;
      if (facts?.completed !== undefined && effect.at > facts.completed.at)
        broken.push(`${id}: an effect after it had completed`);
      for (const name of dependsOn) {
        const dependency = at.get(name)?.completed;
        if (dependency === undefined || effect.at < dependency.at)
          broken.push(`${id}: began before ${name} was done`);
      }
    }
  }
  const keys = new Set(plan.tasks.map(({ id }) => `${runId}:${id}:1`));
  for (const { key } of effects)
    if (key.startsWith(`${runId}:`) && !keys.has(key)) broken.push(`an effect with the key ${key}`);
  return broken;
}

/** Waits until every run has ended. */
export async function allEnded(
  journal: Journal,
  runs: readonly string[],
  options: { readonly timeout: number },
): Promise<void> {
  const until = performance.now() + options.timeout;
  for (;;) {
    const open = [];
    for (const run of runs) {
      const record = await journal.getRun(run);
      if (record?.status === "running" || record?.status === "pending") open.push(run);
    }
    if (open.length === 0) return;
    if (performance.now() > until) throw new Error(`Runs that did not end: ${open.join(", ")}`);
    await delay(250);
  }
}
