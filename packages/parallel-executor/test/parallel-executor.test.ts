import { setTimeout as sleep } from "node:timers/promises";
import { isMnemosyneError, type MnemosyneError } from "@mnemosyne/core";
import { ParallelExecutor, type TaskEvent, type TaskSpec } from "@mnemosyne/parallel-executor";
import { describe, expect, test } from "vitest";

const never = (): Promise<never> => new Promise(() => {});

const spin = (): void => {
  const until = performance.now() + 0.002;
  while (performance.now() < until);
};

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

async function errorOf(work: Promise<unknown>): Promise<MnemosyneError> {
  try {
    await work;
  } catch (error) {
    if (isMnemosyneError(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("executeParallel", () => {
  test("runs tuples with their arguments and gives results to dependents", async () => {
    const { ok, tasks } = await new ParallelExecutor({ concurrency: 4 }).executeParallel([
      ["a", (x: number, y: number) => x + y, [2, 3]],
      { name: "b", run: ({ results }) => (results["a"] as number) * 10, dependsOn: ["a"] },
      { name: "c", run: async ({ results }) => [results["a"], results["b"]], dependsOn: ["a", "b"] },
    ]);
    expect(ok).toBe(true);
    expect(tasks["a"]).toEqual({
      status: "completed",
      value: 5,
      attempts: 1,
      durationMs: expect.any(Number),
    });
    expect(tasks["c"]?.value).toEqual([5, 50]);
    expect(Object.keys(tasks)).toEqual(["a", "b", "c"]);
  });

  test("an empty list is done", async () => {
    expect(await new ParallelExecutor().executeParallel([])).toEqual({ ok: true, tasks: {} });
  });

  test("names of every kind are only names", async () => {
    const names = ["__proto__", "constructor", "toString", "1", "ü", "a b"];
    const { ok, tasks } = await new ParallelExecutor().executeParallel([
      ...names.map((name): TaskSpec => [name, () => name]),
      { name: "all", run: ({ results }) => Object.values(results), dependsOn: names },
    ]);
    expect(ok).toBe(true);
    expect(Object.getPrototypeOf(tasks)).toBe(Object.prototype);
    for (const name of names) expect(Object.getOwnPropertyDescriptor(tasks, name)?.value.value).toBe(name);
    expect(new Set(tasks["all"]?.value as string[])).toEqual(new Set(names));
  });

  test("a failure skips what hangs on it, with the chain of causes, and nothing else", async () => {
    const { ok, tasks } = await new ParallelExecutor().executeParallel([
      ["a", () => Promise.reject(new Error("disk full"))],
      { name: "b", run: () => "never", dependsOn: ["a"] },
      { name: "c", run: () => "never", dependsOn: ["b"] },
      ["free", () => "ran"],
    ]);
    expect(ok).toBe(false);
    expect(tasks["a"]).toMatchObject({ status: "failed", attempts: 1, error: { message: "disk full" } });
    expect(tasks["b"]).toMatchObject({ status: "skipped", causes: ["a"], attempts: 0 });
    expect(tasks["c"]).toMatchObject({
      status: "skipped",
      causes: ["b", "a"],
      error: { code: "E_DEPENDENCY_FAILED" },
    });
    expect(tasks["c"]?.error?.cause).toBe(tasks["a"]?.error);
    expect(tasks["free"]).toMatchObject({ status: "completed", value: "ran" });
  });

  test("synchronous throws, thrown non-errors and hostile thenables are fates", async () => {
    const { tasks } = await new ParallelExecutor().executeParallel([
      [
        "sync",
        () => {
          throw new TypeError("no");
        },
      ],
      [
        "text",
        () => {
          throw "plain text"; // oxlint-disable-line no-throw-literal -- what foreign code may do
        },
      ],
      ["nothing", () => Promise.reject(undefined)], // oxlint-disable-line prefer-promise-reject-errors -- as above
      [
        "getter",
        () => ({
          // oxlint-disable-next-line unicorn/no-thenable -- as above
          get then() {
            throw new Error("no then");
          },
        }),
      ],
      [
        "twice",
        () => ({
          // oxlint-disable-next-line unicorn/no-thenable -- as above
          then(done: (value: number) => void, failed: (error: Error) => void) {
            done(1);
            failed(new Error("too late"));
            done(2);
          },
        }),
      ],
    ]);
    expect(Object.fromEntries(Object.entries(tasks).map(([name, fate]) => [name, fate.status]))).toEqual({
      sync: "failed",
      text: "failed",
      nothing: "failed",
      getter: "failed",
      twice: "completed",
    });
    expect(tasks["text"]?.error).toMatchObject({ code: "E_TASK_FAILED", cause: "plain text" });
    expect(tasks["twice"]?.value).toBe(1);
  });

  test("an instance serves several executions at once, each with its own state", async () => {
    const executor = new ParallelExecutor({ concurrency: 2 });
    const runs = await Promise.all(
      Array.from({ length: 20 }, (_, run) =>
        executor.executeParallel([
          ["a", async () => (await sleep(run % 3), run)],
          { name: "b", run: ({ results }) => results["a"], dependsOn: ["a"] },
        ]),
      ),
    );
    expect(runs.map(({ tasks }) => tasks["b"]?.value)).toEqual(Array.from({ length: 20 }, (_, run) => run));
  });

  test("never runs more at once than it may", async () => {
    let now = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++now);
      await sleep(1);
      now--;
    };
    await new ParallelExecutor({ concurrency: 3 }).executeParallel(
      Array.from({ length: 20 }, (_, index): TaskSpec => [`t${index}`, work]),
    );
    expect(most).toBe(3);
  });

  test("starts the longest way first, by estimates where they are given, and priority before both", async () => {
    const order: string[] = [];
    const note = (name: string, rest: Partial<Exclude<TaskSpec, readonly unknown[]>> = {}): TaskSpec => ({
      name,
      run: () => void order.push(name),
      ...rest,
    });
    const one = new ParallelExecutor({ concurrency: 1 });
    await one.executeParallel([
      note("short"),
      note("long"),
      note("middle", { dependsOn: ["long"] }),
      note("end", { dependsOn: ["middle"] }),
    ]);
    expect(order).toEqual(["long", "middle", "short", "end"]);
    order.length = 0;
    await one.executeParallel([
      note("a", { estimate: 5 }),
      note("b", { estimate: 50 }),
      note("c", { priority: 1 }),
    ]);
    expect(order).toEqual(["c", "b", "a"]);
  });

  test("a deep chain of synchronous tasks uses no stack and lets timers through", async () => {
    const size = 30_000;
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const { ok } = await new ParallelExecutor().executeParallel(
      Array.from({ length: size }, (_, index) => ({
        name: `t${index}`,
        run: spin,
        dependsOn: index === 0 ? [] : [`t${index - 1}`],
      })),
    );
    clearInterval(timer);
    expect(ok).toBe(true);
    expect(ticks).toBeGreaterThan(1);
  });

  test("a long chain behind a failure is told in 32 names, the last one the culprit", async () => {
    const { tasks } = await new ParallelExecutor().executeParallel(
      Array.from({ length: 20_000 }, (_, index) => ({
        name: `t${index}`,
        run: () => {
          throw new Error("first");
        },
        dependsOn: index === 0 ? [] : [`t${index - 1}`],
      })),
    );
    const causes = tasks["t19999"]?.causes ?? [];
    expect(causes).toHaveLength(32);
    expect(causes.at(0)).toBe("t19998");
    expect(causes.at(-1)).toBe("t0");
  });
});

describe("bad input", () => {
  const executor = new ParallelExecutor();
  const ran: string[] = [];
  const run = (): void => void ran.push("ran");

  test.each<[string, readonly TaskSpec[], RegExp]>([
    ["a name twice", [["a", run], { name: "a", run }], /Two tasks are called 'a'/],
    ["an unknown dependency", [{ name: "a", run, dependsOn: ["ghost"] }], /'a' depends on 'ghost'/],
    ["no name", [["", run]], /needs a name/],
    ["no function", [{ name: "a" } as never], /'a' has no function/],
    ["nothing at all", [null as never], /needs a name/],
    ["arguments that are no array", [["a", run, 5 as never]], /must be an array/],
    ["a timeout of 0", [{ name: "a", run, timeout: 0 }], /more than 0/],
    ["no tries", [{ name: "a", run, retries: { attempts: 0 } }], /whole number from 1/],
    ["a priority that is no number", [{ name: "a", run, priority: Number.NaN }], /priority/],
  ])("refuses %s before anything runs", async (_, tasks, message) => {
    const error = await errorOf(executor.executeParallel([["first", run], ...tasks]));
    expect(error).toMatchObject({ code: "E_INPUT", kind: "input" });
    expect(error.message).toMatch(message);
    expect(error.path).toMatch(/^tasks/);
    expect(ran).toEqual([]);
  });

  test("names a cycle in full, and only the cycle", async () => {
    const error = await errorOf(
      executor.executeParallel([
        { name: "in", run, dependsOn: ["c"] },
        { name: "a", run, dependsOn: ["b"] },
        { name: "b", run, dependsOn: ["c"] },
        { name: "c", run, dependsOn: ["a"] },
      ]),
    );
    expect((error.details as { cycle: string[] }).cycle.toSorted()).toEqual(["a", "b", "c"]);
    expect(error.message).toMatch(/(a -> b -> c -> a|b -> c -> a -> b|c -> a -> b -> c)/);
    const self = await errorOf(executor.executeParallel([{ name: "me", run, dependsOn: ["me"] }]));
    expect(self.message).toContain("me -> me");
  });

  test.each([
    { concurrency: 0 },
    { concurrency: 1.5 },
    { policy: "maybe" as never },
    { grace: -1 },
    { timeout: 0 },
  ])("refuses options %o", (options) => {
    expect(() => new ParallelExecutor(options)).toThrowError(/is a|is one of|must be/);
  });
});

describe("time", () => {
  test("a task that never settles ends by its timeout, and its signal fires", async () => {
    let reason: unknown;
    const began = performance.now();
    const { tasks } = await new ParallelExecutor({ timeout: 30 }).executeParallel([
      ["tuple", never],
      {
        name: "listens",
        run: ({ signal }) => {
          signal.addEventListener("abort", () => {
            reason = signal.reason;
          });
          return never();
        },
      },
      { name: "own", timeout: 10, run: never },
    ]);
    expect(performance.now() - began).toBeLessThan(1000);
    for (const name of ["tuple", "listens", "own"])
      expect(tasks[name]).toMatchObject({ status: "failed", error: { code: "E_TIMEOUT" } });
    expect(reason).toMatchObject({ code: "E_TIMEOUT" });
  });

  test("what a task left behind does later changes nothing", async () => {
    const late: string[] = [];
    const { tasks } = await new ParallelExecutor({ concurrency: 1 }).executeParallel([
      { name: "slow", timeout: 10, run: async () => (await sleep(40), late.push("slow"), "late") },
      { name: "next", run: async () => (await sleep(60), "fine") },
    ]);
    expect(tasks["slow"]).toMatchObject({ status: "failed", error: { code: "E_TIMEOUT" } });
    expect(tasks["next"]).toMatchObject({ status: "completed", value: "fine" });
    expect(late).toEqual(["slow"]);
  });

  test("tries again with growing, jittered waits, and says how often", async () => {
    const waits: number[] = [];
    let calls = 0;
    const executor = new ParallelExecutor({
      random: () => 0.5,
      onEvent: ({ type, delayMs }) => {
        if (type === "task.retried") waits.push(delayMs ?? -1);
      },
    });
    const { ok, tasks } = await executor.executeParallel([
      {
        name: "flaky",
        retries: { attempts: 4, backoff: 4, jitter: 0.5, maxBackoff: 10 },
        run: ({ attempt }) => {
          expect(attempt).toBe(++calls);
          if (calls < 4) throw new Error(`no ${calls}`);
          return "yes";
        },
      },
      { name: "after", dependsOn: ["flaky"], run: ({ results }) => results["flaky"] },
    ]);
    expect(ok).toBe(true);
    expect(waits).toEqual([3, 6, 7.5]);
    expect(tasks["flaky"]).toMatchObject({ status: "completed", value: "yes", attempts: 4 });
    expect(tasks["flaky"]).not.toHaveProperty("error");
    expect(tasks["after"]?.value).toBe("yes");
  });

  test("a try that is not worth it is not made; a predicate that throws ends the tries", async () => {
    const { tasks } = await new ParallelExecutor({ retries: { attempts: 5, backoff: 1 } }).executeParallel([
      { name: "hopeless", retries: { when: () => false }, run: () => Promise.reject(new Error("bad input")) },
      {
        name: "broken",
        retries: {
          when: () => {
            throw new Error("predicate");
          },
        },
        run: () => Promise.reject(new Error("work")),
      },
      ["default", () => Promise.reject(new Error("again"))],
    ]);
    expect(tasks["hopeless"]).toMatchObject({ status: "failed", attempts: 1 });
    expect(tasks["broken"]?.attempts).toBe(1);
    expect(tasks["broken"]?.error?.message).toMatch(/work.*predicate/);
    expect(tasks["default"]).toMatchObject({ status: "failed", attempts: 5, error: { message: "again" } });
  });

  test("cancellation ends everything soon: what obeys, what ignores it, what waits and what never began", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 20);
    const began = performance.now();
    const { ok, tasks } = await new ParallelExecutor({ concurrency: 4, grace: 50 }).executeParallel(
      [
        { name: "obeys", run: ({ signal }) => sleep(10_000, undefined, { signal }) },
        ["ignores", never],
        { name: "finishes", run: async () => (await sleep(40), "done") },
        { name: "waits", retries: { backoff: 10_000 }, run: () => Promise.reject(new Error("x")) },
        { name: "behind", run: () => 1, dependsOn: ["obeys"] },
      ],
      { signal: controller.signal },
    );
    expect(performance.now() - began).toBeLessThan(1000);
    expect(ok).toBe(false);
    expect(tasks["finishes"]).toMatchObject({ status: "completed", value: "done" });
    for (const name of ["obeys", "ignores", "waits", "behind"])
      expect(tasks[name]).toMatchObject({ status: "cancelled", error: { code: "E_CANCELLED" } });
    expect(tasks["behind"]?.attempts).toBe(0);
    expect(tasks["behind"]?.error?.cause).toMatchObject({ message: "enough" });
  });

  test("nothing runs when it was cancelled before", async () => {
    let ran = 0;
    const { tasks } = await new ParallelExecutor().executeParallel([["a", () => ran++]], {
      signal: AbortSignal.abort(),
    });
    expect(tasks["a"]?.status).toBe("cancelled");
    expect(ran).toBe(0);
  });

  test("leaves no listener on the signal that it was given", async () => {
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
    await new ParallelExecutor().executeParallel([["a", () => 1]], { signal });
    expect(listeners).toBe(0);
  });
});

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
