import { setTimeout as sleep } from "node:timers/promises";
import { ParallelExecutor, type TaskEvent, type TaskSpec } from "@mnemosyne/parallel-executor";
import { describe, expect, test } from "vitest";

const never = (): Promise<never> => new Promise(() => {});

const sharing = (size: number): TaskSpec[] =>
  Array.from({ length: size }, (_, index) => ({
    name: `t${index}`,
    resources: ["one"],
    run: async () => {},
  }));

const timeOf = async (size: number): Promise<number> => {
  const began = performance.now();
  await new ParallelExecutor({ concurrency: 8 }).executeParallel(sharing(size));
  return (performance.now() - began) / size;
};

describe("resources", () => {
  test("tasks that name one never overlap, and all of them run", async () => {
    const holders = new Map<string, string>();
    const task = (
      name: string,
      resources: readonly string[],
      dependsOn: readonly string[] = [],
    ): TaskSpec => ({
      name,
      resources,
      dependsOn,
      run: async () => {
        for (const resource of new Set(resources)) {
          expect(holders.get(resource)).toBeUndefined();
          holders.set(resource, name);
        }
        await sleep(1);
        for (const resource of resources) holders.delete(resource);
      },
    });
    const { ok } = await new ParallelExecutor({ concurrency: 8 }).executeParallel([
      ...Array.from({ length: 30 }, (_, index) =>
        task(`t${index}`, [`r${index % 3}`, ...(index % 4 === 0 ? [`r${(index + 1) % 3}`, "db"] : [])]),
      ),
      task("last", ["db", "db"], ["t1", "t2"]),
    ]);
    expect(ok).toBe(true);
  });

  test("many waiters for one resource cost no more each than few", async () => {
    await timeOf(2000);
    const few = await timeOf(2000);
    expect(await timeOf(40_000)).toBeLessThan(Math.max(0.02, few * 20));
  });

  test("a failed, skipped or cancelled waiter does not keep others from the resource", async () => {
    const { tasks } = await new ParallelExecutor({ concurrency: 4 }).executeParallel([
      { name: "holds", resources: ["x"], run: () => sleep(15) },
      { name: "fails", run: async () => (await sleep(5), Promise.reject(new Error("no"))) },
      { name: "timesOut", resources: ["y"], timeout: 5, run: never },
      { name: "waitsX", resources: ["x"], run: () => "x" },
      { name: "waitsY", resources: ["y"], run: () => "y" },
      { name: "skipped", resources: ["x"], dependsOn: ["fails"], run: () => "never" },
    ]);
    expect(tasks["waitsX"]?.value).toBe("x");
    expect(tasks["waitsY"]?.value).toBe("y");
    expect(tasks["skipped"]?.status).toBe("skipped");
  });
});

describe("policies", () => {
  test("stop: nothing new starts, what runs may end", async () => {
    const { tasks } = await new ParallelExecutor({ policy: "stop", concurrency: 2 }).executeParallel([
      ["fails", async () => (await sleep(5), Promise.reject(new Error("no")))],
      ["running", async () => (await sleep(20), "ended")],
      ["unstarted", () => "never"],
      { name: "dependent", run: () => "never", dependsOn: ["fails"] },
    ]);
    expect(tasks["running"]).toMatchObject({ status: "completed", value: "ended" });
    expect(tasks["unstarted"]).toMatchObject({ status: "cancelled", causes: ["fails"], attempts: 0 });
    expect(tasks["dependent"]).toMatchObject({ status: "skipped", causes: ["fails"] });
  });

  test("rollback: running tasks are aborted, completed ones compensated last first, the rest goes on when one fails", async () => {
    const undone: string[] = [];
    const undo = ({ name, value }: { name: string; value: unknown }): void =>
      void undone.push(`${name}:${String(value)}`);
    const events: TaskEvent[] = [];
    const { ok, tasks } = await new ParallelExecutor({
      policy: "rollback",
      onEvent: (event) => events.push(event),
    }).executeParallel([
      { name: "one", run: () => 1, compensate: undo },
      {
        name: "two",
        run: () => 2,
        dependsOn: ["one"],
        compensate: () => Promise.reject(new Error("cannot")),
      },
      { name: "three", run: () => 3, dependsOn: ["two"], compensate: undo },
      { name: "hangs", run: () => 4, dependsOn: ["three"], timeout: 10, compensate: never },
      { name: "plain", run: () => 5, dependsOn: ["one"] },
      { name: "runs", run: ({ signal }) => sleep(10_000, undefined, { signal }), compensate: undo },
      {
        name: "fails",
        dependsOn: ["hangs"],
        run: () => {
          throw new Error("no");
        },
        compensate: undo,
      },
    ]);
    expect(ok).toBe(false);
    expect(undone).toEqual(["three:3", "one:1"]);
    expect(tasks["one"]).toMatchObject({ status: "compensated", value: 1 });
    expect(tasks["three"]?.status).toBe("compensated");
    expect(tasks["two"]).toMatchObject({ status: "completed", error: { message: "cannot" } });
    expect(tasks["hangs"]).toMatchObject({ status: "completed", error: { code: "E_TIMEOUT" } });
    expect(tasks["plain"]?.status).toBe("completed");
    expect(tasks["runs"]).toMatchObject({ status: "cancelled", error: { cause: { message: "no" } } });
    expect(tasks["fails"]?.status).toBe("failed");
    expect(events.filter(({ type }) => type.startsWith("compens")).map(({ task }) => task)).toEqual([
      "hangs",
      "two",
    ]);
  });

  test("rollback: a cancelled execution compensates too, and the cancellation does not cut that short", async () => {
    const controller = new AbortController();
    const undone: string[] = [];
    const { tasks } = await new ParallelExecutor({ policy: "rollback" }).executeParallel(
      [
        { name: "a", run: () => 1, compensate: async ({ name }) => (await sleep(10), undone.push(name)) },
        { name: "b", dependsOn: ["a"], run: () => (controller.abort(), never()) },
      ],
      { signal: controller.signal },
    );
    expect(undone).toEqual(["a"]);
    expect(tasks["a"]?.status).toBe("compensated");
  });

  test("rollback without a failure undoes nothing", async () => {
    const { ok, tasks } = await new ParallelExecutor({ policy: "rollback" }).executeParallel([
      { name: "a", run: () => 1, compensate: () => Promise.reject(new Error("must not run")) },
    ]);
    expect(ok).toBe(true);
    expect(tasks["a"]?.status).toBe("completed");
  });
});

describe("events", () => {
  test("tell each step with the progress", async () => {
    const events: TaskEvent[] = [];
    await new ParallelExecutor({ concurrency: 1, onEvent: (event) => events.push(event) }).executeParallel([
      ["a", () => 1],
      { name: "b", dependsOn: ["a"], run: () => Promise.reject(new Error("no")) },
      { name: "c", dependsOn: ["b"], run: () => 1 },
    ]);
    expect(events.map(({ type, task, settled }) => [type, task, settled])).toEqual([
      ["task.started", "a", 0],
      ["task.completed", "a", 1],
      ["task.started", "b", 1],
      ["task.failed", "b", 2],
      ["task.skipped", "c", 3],
    ]);
    expect(events.every(({ total }) => total === 3)).toBe(true);
  });

  test("a task whose start was told to a listener that cancels finds its signal fired", async () => {
    const controller = new AbortController();
    const seen: boolean[] = [];
    await new ParallelExecutor({ grace: 5, onEvent: () => controller.abort() }).executeParallel(
      [{ name: "a", run: ({ signal }) => void seen.push(signal.aborted) }],
      { signal: controller.signal },
    );
    expect(seen).toEqual([true]);
  });

  test("a listener that throws is heard no more, and the result says so", async () => {
    let calls = 0;
    const { ok, eventError } = await new ParallelExecutor({
      onEvent: () => {
        calls++;
        throw new Error("listener");
      },
    }).executeParallel([
      ["a", () => 1],
      ["b", () => 2],
    ]);
    expect(ok).toBe(true);
    expect(calls).toBe(1);
    expect(eventError?.message).toBe("listener");
  });

  test.each([
    "task.started",
    "task.completed",
    "task.failed",
    "task.retried",
    "task.skipped",
    "task.cancelled",
  ])("a listener may cancel at the first %s", async (type) => {
    for (const policy of ["continue", "stop", "rollback"] as const) {
      const controller = new AbortController();
      const { tasks } = await new ParallelExecutor({
        policy,
        concurrency: 2,
        grace: 5,
        onEvent: (event) => {
          if (event.type === type) controller.abort();
        },
      }).executeParallel(
        [
          ["a", () => 1],
          { name: "b", retries: { attempts: 2, backoff: 1 }, run: () => Promise.reject(new Error("no")) },
          { name: "c", dependsOn: ["b"], run: () => 1 },
          { name: "d", dependsOn: ["c"], run: () => 1 },
          ["e", () => sleep(3)],
          ["f", () => 1],
        ],
        { signal: controller.signal },
      );
      for (const fate of Object.values(tasks))
        expect(fate.status).toMatch(/completed|failed|skipped|cancelled/);
    }
  });
});
