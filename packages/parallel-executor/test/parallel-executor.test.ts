import { setTimeout as sleep } from "node:timers/promises";
import { isMnemosyneError, type MnemosyneError } from "@mnemosyne/core";
import { ParallelExecutor, type TaskSpec } from "@mnemosyne/parallel-executor";
import { describe, expect, test } from "vitest";

const spin = (): void => {
  const until = performance.now() + 0.002;
  while (performance.now() < until);
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
