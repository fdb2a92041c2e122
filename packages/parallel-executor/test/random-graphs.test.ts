import { setTimeout as sleep } from "node:timers/promises";
import { ParallelExecutor, type TaskContext, type TaskDefinition } from "@mnemosyne/parallel-executor";
import fc from "fast-check";
import { expect, test } from "vitest";

type Behaviour =
  | "sync"
  | "async"
  | "slow"
  | "throws"
  | "rejects"
  | "rejectsLate"
  | "never"
  | "flaky"
  | "obeys";

interface Drawn {
  readonly behaviour: Behaviour;
  readonly dependsOn: readonly number[];
  readonly resources: readonly string[];
  readonly priority: number | undefined;
  readonly compensate: boolean;
}

const drawnTask = (index: number): fc.Arbitrary<Drawn> =>
  fc.record({
    behaviour: fc.constantFrom<Behaviour>(
      "sync",
      "sync",
      "async",
      "async",
      "slow",
      "throws",
      "rejects",
      "rejectsLate",
      "never",
      "flaky",
      "obeys",
    ),
    dependsOn: index === 0 ? fc.constant([]) : fc.uniqueArray(fc.nat(index - 1), { maxLength: 3 }),
    resources: fc.subarray(["db", "gpu"], { maxLength: 2 }),
    priority: fc.option(fc.integer({ min: -2, max: 2 }), { nil: undefined }),
    compensate: fc.boolean(),
  });

const drawnGraph = fc
  .integer({ min: 0, max: 14 })
  .chain((size) => fc.tuple(...Array.from({ length: size }, (_, index) => drawnTask(index))));

const drawnCase = fc.record({
  graph: drawnGraph,
  concurrency: fc.integer({ min: 1, max: 4 }),
  policy: fc.constantFrom("continue" as const, "stop" as const, "rollback" as const),
  cancelAfter: fc.option(fc.nat(12), { nil: undefined }),
});

const behave = async (behaviour: Behaviour, { attempt, signal }: TaskContext): Promise<string> => {
  if (behaviour === "slow") await sleep(2);
  if (behaviour === "obeys") await sleep(4, undefined, { signal });
  if (behaviour === "rejects") throw new Error("rejected");
  if (behaviour === "rejectsLate") {
    await sleep(1);
    throw new Error("rejected late");
  }
  if (behaviour === "never") await new Promise(() => {});
  if (behaviour === "flaky" && attempt === 1) throw new Error("flaky");
  return "value";
};
const fails = (behaviour: Behaviour): boolean => behaviour === "throws" || behaviour === "rejects";

test("any graph with any behaviour ends, in order, within its limits, each try once", async () => {
  await fc.assert(
    fc.asyncProperty(drawnCase, async ({ graph, concurrency, policy, cancelAfter }) => {
      const began = new Map<string, number[]>();
      const ended = new Set<string>();
      const running = new Set<string>();
      const undone: string[] = [];
      const completionOrder: string[] = [];
      const faults: string[] = [];

      const tasks = graph.map(
        ({ behaviour, dependsOn, resources, priority, compensate }, index): TaskDefinition => {
          const name = `t${index}`;
          const finish = (): void => {
            running.delete(name);
          };
          return {
            name,
            dependsOn: dependsOn.map((at) => `t${at}`),
            resources,
            timeout: 12,
            retries: { attempts: 2, backoff: 1 },
            ...(priority === undefined ? {} : { priority }),
            ...(compensate ? { compensate: ({ name: undo }) => void undone.push(undo) } : {}),
            run: (context) => {
              began.set(name, [...(began.get(name) ?? []), context.attempt]);
              for (const at of dependsOn) {
                if (!ended.has(`t${at}`)) faults.push(`${name} began before t${at} ended`);
                if (context.results[`t${at}`] !== "value") faults.push(`${name} lacks t${at}'s result`);
              }
              for (const other of running)
                if (graph[Number(other.slice(1))]?.resources.some((resource) => resources.includes(resource)))
                  faults.push(`${name} and ${other} share a resource`);
              running.add(name);
              if (running.size > concurrency) faults.push(`${running.size} at once`);
              if (behaviour === "sync" || behaviour === "throws") {
                finish();
                if (behaviour === "throws") throw new Error("thrown");
                return "value";
              }
              // What is left behind by its timeout counts as ended: the executor cannot end it.
              setTimeout(finish, 11.5);
              return behave(behaviour, context).finally(finish);
            },
          };
        },
      );
      const controller = new AbortController();
      const timer = cancelAfter === undefined ? undefined : setTimeout(() => controller.abort(), cancelAfter);
      const outcome = await Promise.race([
        new ParallelExecutor({
          concurrency,
          policy,
          grace: 5,
          onEvent: ({ type, task }) => {
            if (type !== "task.completed") return;
            ended.add(task);
            completionOrder.push(task);
          },
        }).executeParallel(tasks, { signal: controller.signal }),
        sleep(5000, "hung" as const),
      ]);
      clearTimeout(timer);
      if (outcome === "hung") throw new Error("it hung");

      expect(faults).toEqual([]);
      expect(Object.keys(outcome.tasks)).toEqual(tasks.map(({ name }) => name));
      const failing = new Set(
        Object.entries(outcome.tasks)
          .filter(([, fate]) => fate.status === "failed")
          .map(([name]) => name),
      );
      for (const [name, fate] of Object.entries(outcome.tasks)) {
        const tries = began.get(name) ?? [];
        expect(tries).toEqual(Array.from({ length: fate.attempts }, (_, at) => at + 1));
        expect(fate.attempts).toBeLessThanOrEqual(2);
        const skipped = fate.status === "skipped";
        const done = fate.status === "completed" || fate.status === "compensated";
        if (skipped && !failing.has(fate.causes?.at(-1) ?? "")) faults.push(`${name} blames no failed task`);
        if (skipped && !tasks[Number(name.slice(1))]?.dependsOn?.includes(fate.causes?.[0] ?? ""))
          faults.push(`${name}'s nearest cause is none of its dependencies`);
        if (skipped && fate.attempts > 0) faults.push(`${name} was skipped and ran`);
        if (done ? fate.value !== "value" : !(fate.error instanceof Error))
          faults.push(`${name} has no value or error`);
      }
      expect(faults).toEqual([]);
      expect(outcome.ok).toBe(Object.values(outcome.tasks).every(({ status }) => status === "completed"));
      const expected =
        policy === "rollback" && !outcome.ok
          ? completionOrder.toReversed().filter((name) => graph[Number(name.slice(1))]?.compensate)
          : [];
      expect(undone).toEqual(expected);
    }),
    { numRuns: 150 },
  );
}, 60_000);

test("policy continue: exactly what does not depend on a failure completes", async () => {
  await fc.assert(
    fc.asyncProperty(drawnGraph, async (graph) => {
      const { tasks } = await new ParallelExecutor({ concurrency: 3 }).executeParallel(
        graph.map(({ behaviour, dependsOn, resources }, index) => ({
          name: `t${index}`,
          dependsOn: dependsOn.map((at) => `t${at}`),
          resources,
          run: () => (fails(behaviour) ? Promise.reject(new Error("no")) : Promise.resolve(index)),
        })),
      );
      const blocked: boolean[] = [];
      for (const [index, { behaviour, dependsOn }] of graph.entries()) {
        const behind = dependsOn.some((at) => blocked[at] === true || fails(graph[at]?.behaviour ?? "sync"));
        blocked.push(behind);
        expect(tasks[`t${index}`]?.status).toBe(
          behind ? "skipped" : fails(behaviour) ? "failed" : "completed",
        );
      }
    }),
    { numRuns: 200 },
  );
});
