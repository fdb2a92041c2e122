import { setTimeout as sleep } from "node:timers/promises";
import { MnemosyneError, type Json } from "@mnemosyne/core";
import { Executor } from "@mnemosyne/executor";
import type { TaskFunction } from "@mnemosyne/plan";
import { expect, test } from "vitest";
import { openBench, taskOf, thrown } from "./harness.ts";

const call = { kind: "function", function: "f" } as const;

test("a function gets inputs and context, and what it returns is the output", async () => {
  await using bench = await openBench({ "a.txt": "text" });
  const seen: unknown[] = [];
  const f: TaskFunction = async (
    inputs,
    { signal, idempotencyKey, attempt, element, workspace, task, memory },
  ) => {
    seen.push(signal.aborted, idempotencyKey, attempt, element, task);
    await memory.remember("The function ran.");
    return { sum: (inputs["a"] as number) + 1, text: await workspace.readText("a.txt"), left: undefined };
  };
  const context = bench.context();
  const result = await new Executor({ functions: { f } }).execute(
    taskOf(call, { attempt: 2, inputs: { a: 41 }, element: "e" }),
    context,
  );
  expect(result).toEqual({ status: "completed", output: { sum: 42, text: "text" } });
  expect(seen).toEqual([false, "run-1:work:1", 2, "e", "work"]);
  expect(await context.memory.recall("function ran")).toHaveLength(1);
});

test.each<[string, TaskFunction, Json]>([
  ["undefined", () => undefined, null],
  ["null", () => null, null],
  ["a plain value, not a promise", () => 7, 7],
])("%s is an output", async (_, f, output) => {
  await using bench = await openBench();
  expect(await new Executor({ functions: { f } }).execute(taskOf(call), bench.context())).toEqual({
    status: "completed",
    output,
  });
});

test.each<[string, unknown, RegExp]>([
  ["a Date", { when: [1, new Date()] }, /output\.when\[1\] is an instance of Date/],
  ["NaN", { n: Number.NaN }, /output\.n is NaN/],
  ["a function", [() => 1], /output\[0\] is a function/],
  ["a bigint", 5n, /output is a bigint/],
  ["a Map", new Map(), /output is an instance of Map/],
  [
    "a cycle",
    (() => {
      const loop: Record<string, unknown> = {};
      loop["self"] = { loop };
      return loop;
    })(),
    /output\.self\.loop is a reference/,
  ],
])("%s is no output, and the place is named", async (_, value, message) => {
  await using bench = await openBench();
  const result = await new Executor({ functions: { f: () => value } }).execute(taskOf(call), bench.context());
  expect(result).toMatchObject({ status: "failed", retryable: false, error: { code: "E_INPUT" } });
  expect((result as { error: { message: string } }).error.message).toMatch(message);
});

test("a throw fails the task: retryable, unless the error says otherwise", async () => {
  await using bench = await openBench();
  const run = (error: unknown) =>
    new Executor({
      functions: {
        f: () => {
          throw error;
        },
      },
    }).execute(taskOf(call), bench.context());
  expect(await run(new TypeError("x is not a function"))).toMatchObject({
    status: "failed",
    retryable: true,
    error: { code: "E_TASK_FAILED", message: "Function 'f' threw: x is not a function" },
  });
  expect(await run("text")).toMatchObject({
    status: "failed",
    error: { message: "Function 'f' threw: text" },
  });
  expect(await run(new MnemosyneError("E_INPUT", "bad", { kind: "input" }))).toMatchObject({
    status: "failed",
    retryable: false,
    error: { code: "E_INPUT", message: "bad" },
  });
  expect(await run(new MnemosyneError("E_UNAVAILABLE", "down", { kind: "unavailable" }))).toMatchObject({
    retryable: true,
  });
  expect(await run(new DOMException("its own fetch", "AbortError"))).toMatchObject({ status: "failed" });
});

test("what concerns the engine is thrown on: a question, a budget", async () => {
  await using bench = await openBench();
  const run = (f: TaskFunction) =>
    thrown(new Executor({ functions: { f } }).execute(taskOf(call), bench.context()));
  expect(await run((_, context) => context.ask("Which version?"))).toMatchObject({
    code: "E_WAITING",
    message: "Which version?",
  });
  const budget = new MnemosyneError("E_BUDGET", "used up", { kind: "budget" });
  expect(
    await run(() => {
      throw budget;
    }),
  ).toBe(budget);
});

test("a function that is not there is a failure that a retry cannot heal; names of Object's own are not there", async () => {
  await using bench = await openBench();
  for (const name of ["missing", "toString", "__proto__"])
    expect(
      await new Executor({ functions: {} }).execute(
        taskOf({ kind: "function", function: name }),
        bench.context(),
      ),
    ).toMatchObject({ status: "failed", retryable: false, error: { code: "E_NOT_FOUND" } });
});

test("a table may be a way to find functions", async () => {
  await using bench = await openBench();
  const executor = new Executor({ functions: (name, task) => () => `${name} of ${task.runId}` });
  expect(await executor.execute(taskOf(call), bench.context())).toMatchObject({ output: "f of run-1" });
});

test("a function that ignores its time or an abort is left behind", async () => {
  await using bench = await openBench();
  const executor = new Executor({ functions: { f: () => new Promise(() => {}) } });
  const began = performance.now();
  expect(
    await executor.execute(taskOf(call, { definition: { timeout: 30 } }), bench.context()),
  ).toMatchObject({
    status: "failed",
    retryable: true,
    error: { code: "E_TIMEOUT" },
  });
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  const error = await thrown(executor.execute(taskOf(call), bench.context({ signal: controller.signal })));
  expect(error.code).toBe("E_CANCELLED");
  expect(performance.now() - began).toBeLessThan(5000);
});

test("one that heeds its signal ends at once, and its clean-up has run before the result is told", async () => {
  await using bench = await openBench();
  let cleaned = false;
  const f: TaskFunction = async (_, { signal }) => {
    try {
      await sleep(10_000, undefined, { signal });
    } finally {
      await sleep(20);
      cleaned = true;
    }
  };
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  const began = performance.now();
  const error = await thrown(
    new Executor({ functions: { f } }).execute(taskOf(call), bench.context({ signal: controller.signal })),
  );
  expect(error.code).toBe("E_CANCELLED");
  expect(cleaned).toBe(true);
  expect(performance.now() - began).toBeLessThan(900);
});

test("its output is held to the task's schema", async () => {
  await using bench = await openBench();
  const executor = new Executor({ functions: { f: () => ({ n: "one" }) } });
  const definition = { output: { type: "object", properties: { n: { type: "number" } } } };
  expect(await executor.execute(taskOf(call, { definition }), bench.context())).toMatchObject({
    status: "failed",
    error: { code: "E_TASK_FAILED", path: "output" },
  });
});
