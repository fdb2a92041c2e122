import { setTimeout as sleep } from "node:timers/promises";
import { ParallelExecutor } from "@mnemosyne/parallel-executor";
import { describe, expect, test } from "vitest";

const never = (): Promise<never> => new Promise(() => {});

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
