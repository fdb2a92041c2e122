import { MnemosyneError, TaskId, type JsonObject } from "@mnemosyne/core";
import { Executor } from "@mnemosyne/executor";
import type { ScriptTurn } from "@mnemosyne/testkit";
import { describe, expect, test } from "vitest";
import { instructions, openBench, openScene, taskOf, thrown, use } from "./harness.ts";

describe("structured output", () => {
  const output: JsonObject = {
    type: "object",
    properties: {
      version: { type: "string", pattern: "^\\d" },
      files: { type: "array", items: { type: "string" } },
    },
    required: ["version"],
    additionalProperties: false,
  };
  const task = taskOf(instructions("Report the version."), { definition: { output } });

  test("is what the model hands in by finish", async () => {
    await using bench = await openBench();
    await using scene = await openScene([
      {
        when: { turn: 0, tools: ["finish"] },
        ...use("finish", { report: "Looked.", output: { version: "2.0" } }),
      },
      { when: { lastTool: "finish" }, text: "Bye." },
    ]);
    expect(await new Executor().execute(task, bench.context({ model: scene.model }))).toEqual({
      status: "completed",
      output: { version: "2.0" },
      report: "Looked.",
    });
  });

  test("that does not fit is told what is wrong and may be repaired", async () => {
    await using bench = await openBench();
    await using scene = await openScene([
      { when: { turn: 0 }, ...use("finish", { report: "r", output: { version: 2, extra: 1 } }) },
      {
        when: { turn: 1, lastToolFailed: true, lastText: "version" },
        ...use("finish", { report: "r", output: { version: "2" } }),
      },
      { when: { turn: 2 }, text: "Bye." },
    ]);
    expect(await new Executor().execute(task, bench.context({ model: scene.model }))).toMatchObject({
      status: "completed",
      output: { version: "2" },
    });
  });

  test("that is forgotten is asked for once more", async () => {
    await using bench = await openBench();
    await using scene = await openScene([
      { when: { notText: "was not handed in" }, text: "All done, version 2.0!" },
      {
        when: { lastText: "was not handed in" },
        ...use("finish", { report: "r", output: { version: "2.0" } }),
      },
      { when: { lastTool: "finish" }, text: "Bye." },
    ]);
    expect(await new Executor().execute(task, bench.context({ model: scene.model }))).toMatchObject({
      status: "completed",
      output: { version: "2.0" },
    });
  });

  test("that never comes, or never fits, is a failure", async () => {
    await using bench = await openBench();
    await using silent = await openScene([{ text: "All done!" }]);
    expect(await new Executor().execute(task, bench.context({ model: silent.model }))).toMatchObject({
      status: "failed",
      retryable: true,
      error: { code: "E_MODEL_OUTPUT" },
    });
    expect(silent.server.requests).toHaveLength(2);
    await using stubborn = await openScene([
      { when: { lastTool: "finish" }, text: "Good enough." },
      use("finish", { report: "r", output: { version: 2 } }),
    ]);
    const result = await new Executor().execute(task, bench.context({ model: stubborn.model }));
    expect(result).toMatchObject({ status: "failed", error: { code: "E_MODEL_OUTPUT" } });
    expect(JSON.stringify(result)).toContain("version");
  });

  test("that was accepted counts although the model talks on to the turn cap", async () => {
    await using bench = await openBench();
    await using scene = await openScene([
      { when: { turn: 0 }, ...use("finish", { report: "r", output: { version: "2.0" } }) },
      use("list", {}),
    ]);
    expect(
      await new Executor({ maxTurns: 3 }).execute(task, bench.context({ model: scene.model })),
    ).toMatchObject({ status: "completed", output: { version: "2.0" } });
  });

  test("a schema with references is held to as well", async () => {
    await using bench = await openBench();
    const withRefs = taskOf(instructions("x"), {
      definition: {
        output: {
          $defs: { name: { type: "string" } },
          type: "object",
          properties: { name: { $ref: "#/$defs/name" } },
          required: ["name"],
        },
      },
    });
    await using scene = await openScene([
      { when: { turn: 0 }, ...use("finish", { report: "r", output: { name: 1 } }) },
      { when: { turn: 1, lastToolFailed: true }, ...use("finish", { report: "r", output: { name: "n" } }) },
      { when: { turn: 2 }, text: "Bye." },
    ]);
    expect(await new Executor().execute(withRefs, bench.context({ model: scene.model }))).toMatchObject({
      output: { name: "n" },
    });
  });
});

describe("the model", () => {
  test("missing, it is E_UNAVAILABLE with a hint", async () => {
    await using bench = await openBench();
    expect(await new Executor().execute(taskOf(instructions("x")), bench.context())).toMatchObject({
      status: "failed",
      retryable: false,
      error: { code: "E_UNAVAILABLE", hint: expect.stringContaining("ANTHROPIC_API_KEY") },
    });
  });

  test("is the task's, and after an escalation the stronger one", async () => {
    await using bench = await openBench();
    await using scene = await openScene([{ text: "ok" }]);
    await using other = await openScene([{ text: "stronger" }]);
    const used = async (
      strongerModel: ConstructorParameters<typeof Executor>[0],
      escalation: "none" | "model",
      model?: string,
    ): Promise<unknown> => {
      await new Executor(strongerModel).execute(
        taskOf(instructions("x"), { escalation, definition: model === undefined ? {} : { model } }),
        bench.context({ model: scene.model }),
      );
      const body = scene.server.requests.at(-1)?.body as { model: string } | undefined;
      return body?.model;
    };
    expect(await used({}, "none")).toBe("claude-sonnet-5-5");
    expect(await used({}, "none", "claude-haiku-5-5")).toBe("claude-haiku-5-5");
    expect(await used({ strongerModel: "claude-opus-5-5" }, "none", "claude-haiku-5-5")).toBe(
      "claude-haiku-5-5",
    );
    expect(await used({ strongerModel: "claude-opus-5-5" }, "model", "claude-haiku-5-5")).toBe(
      "claude-opus-5-5",
    );
    await used({ strongerModel: other.model }, "model");
    expect(other.server.requests).toHaveLength(1);
    expect(
      await new Executor({ model: scene.model }).execute(taskOf(instructions("x")), bench.context()),
    ).toMatchObject({ status: "completed" });
  });

  test.each<[string, ScriptTurn, JsonObject]>([
    ["overloaded", { error: { status: 529 } }, { retryable: true, code: "E_MODEL_OVERLOADED" }],
    ["refusing", { text: "No.", stopReason: "refusal" }, { retryable: false, code: "E_MODEL_REFUSED" }],
    ["cut off", { text: "And so", stopReason: "max_tokens" }, { retryable: true, code: "E_MODEL_OUTPUT" }],
    [
      "out of its window",
      { text: "", stopReason: "model_context_window_exceeded" },
      { code: "E_CONTEXT_OVERFLOW" },
    ],
    ["given a bad request", { error: { status: 400 } }, { retryable: false }],
  ])("%s: the task fails", async (_, turn, { code, ...expected }) => {
    await using bench = await openBench();
    await using scene = await openScene([turn]);
    expect(
      await new Executor().execute(taskOf(instructions("x")), bench.context({ model: scene.model })),
    ).toMatchObject({ status: "failed", ...expected, ...(code === undefined ? {} : { error: { code } }) });
  });

  test("without a valid key it is thrown on, unavailable", async () => {
    await using bench = await openBench();
    await using scene = await openScene([{ error: { status: 401 } }]);
    const error = await thrown(
      new Executor().execute(taskOf(instructions("x")), bench.context({ model: scene.model })),
    );
    expect(error).toMatchObject({ code: "E_MODEL_AUTH", kind: "unavailable", retryable: false });
  });

  test("a budget that is used up before a call is thrown on, and nothing is sent", async () => {
    await using bench = await openBench();
    await using scene = await openScene([{ text: "ok" }]);
    const error = await thrown(
      new Executor().execute(
        taskOf(instructions("x")),
        bench.context({
          model: scene.model,
          observer: {
            before: () => {
              throw new MnemosyneError("E_BUDGET", "60000 tokens are used up", { kind: "budget" });
            },
          },
        }),
      ),
    );
    expect(error.code).toBe("E_BUDGET");
    expect(scene.server.requests).toHaveLength(0);
  });

  test("several tasks at once do not meet", async () => {
    await using bench = await openBench();
    await using scene = await openScene([({ task }) => ({ text: `did ${task ?? "?"}`, delayMs: 5 })]);
    const executor = new Executor();
    const results = await Promise.all(
      ["a", "b", "c"].map((id) =>
        executor.execute(
          taskOf(instructions("x"), { definition: { id: TaskId.parse(id) } }),
          bench.context({ model: scene.model }),
        ),
      ),
    );
    expect(results.map((result) => (result as { report?: string }).report)).toEqual([
      "did a",
      "did b",
      "did c",
    ]);
  });
});
