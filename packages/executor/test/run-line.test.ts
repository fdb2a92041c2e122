import { readdir } from "node:fs/promises";
import { TaskId } from "@mnemosyne/core";
import { Executor } from "@mnemosyne/executor";
import { expect, test } from "vitest";
import { line, openBench, taskOf, thrown } from "./harness.ts";

const NODE = JSON.stringify(process.execPath);
/** Writes what it finds in its environment as its output. */
const REPORT = `${NODE} -e '
  const { readFileSync, writeFileSync } = require("node:fs");
  const { env } = process;
  writeFileSync(env.MNEMOSYNE_OUTPUT, JSON.stringify({
    inputs: JSON.parse(readFileSync(env.MNEMOSYNE_INPUTS, "utf8")),
    element: env.MNEMOSYNE_ELEMENT && JSON.parse(readFileSync(env.MNEMOSYNE_ELEMENT, "utf8")),
    key: env.MNEMOSYNE_IDEMPOTENCY_KEY, attempt: env.MNEMOSYNE_ATTEMPT, epoch: env.MNEMOSYNE_EPOCH,
    run: env.MNEMOSYNE_RUN_ID, task: env.MNEMOSYNE_TASK, cwd: process.cwd(),
    token: env.SOME_TOKEN, other: env.OTHER_SECRET,
    outside: !env.MNEMOSYNE_OUTPUT.startsWith(process.cwd()),
  }));'`;

test("a line gets its inputs and identity, sees only the variables it names, and gives JSON back", async () => {
  await using bench = await openBench();
  const executor = new Executor({
    temporaryFolder: bench.outside,
    environment: { SOME_TOKEN: "token-value-1", OTHER_SECRET: "never" },
  });
  const result = await executor.execute(
    taskOf(line(REPORT), {
      attempt: 2,
      epoch: 3,
      inputs: { build: { files: ["a"] }, other: null },
      element: { n: 1 },
      definition: { id: TaskId.parse("report"), env: ["SOME_TOKEN", "NOT_SET"] },
    }),
    bench.context({ idempotencyKey: "run-1:report:2" }),
  );
  expect(result).toEqual({
    status: "completed",
    output: {
      inputs: { build: { files: ["a"] }, other: null },
      element: { n: 1 },
      key: "run-1:report:2",
      attempt: "2",
      epoch: "3",
      run: "run-1",
      task: "report",
      cwd: bench.root,
      token: "token-value-1",
      outside: true,
    },
  });
  expect(await readdir(bench.outside)).toEqual([]);
  expect(await readdir(bench.root)).toEqual([]);
});

test("works in a sandbox too, where there is one", async () => {
  await using bench = await openBench();
  const result = await new Executor({ temporaryFolder: bench.outside }).execute(
    taskOf(line(REPORT), { inputs: { a: 1 }, definition: { sandbox: "preferred" } }),
    bench.context(),
  );
  expect(result).toMatchObject({ status: "completed", output: { inputs: { a: 1 }, cwd: bench.root } });
});

test("without written output the exit code and stdout are the output; variables' values stay hidden", async () => {
  await using bench = await openBench({ "a.txt": "hello" });
  const executor = new Executor({ environment: { API_TOKEN: "s3cr3t-value" } });
  const result = await executor.execute(
    taskOf(line('cat a.txt && echo " $API_TOKEN"'), { definition: { env: ["API_TOKEN"] } }),
    bench.context(),
  );
  expect(result).toEqual({ status: "completed", output: { exitCode: 0, stdout: "hello [API_TOKEN]\n" } });
  expect(bench.observations).toMatchObject([
    {
      type: "tool.used",
      tool: "run",
      ok: true,
      task: "work",
      attempt: 1,
      input: { line: expect.any(String) },
    },
  ]);
  expect(JSON.stringify(bench.observations)).not.toContain("s3cr3t-value");
  expect(bench.beats()).toBeGreaterThan(0);
});

test("long output is cut and says so", async () => {
  await using bench = await openBench();
  const result = await new Executor({ outputLimit: 1000 }).execute(
    taskOf(line(`${NODE} -e 'process.stdout.write("x".repeat(50000))'`)),
    bench.context(),
  );
  expect(result).toMatchObject({
    output: { stdout: expect.stringMatching(/^[^]{100,2000}$/), truncated: expect.any(Number) },
  });
});

test("an exit code other than 0 fails, retryable, with the last lines", async () => {
  await using bench = await openBench();
  const result = await new Executor({ environment: { TOKEN: "hide-me-please" } }).execute(
    taskOf(line('for i in 1 2 3; do echo "out $i"; done; echo "broken: $TOKEN" >&2; exit 7'), {
      definition: { env: ["TOKEN"] },
    }),
    bench.context(),
  );
  expect(result).toMatchObject({
    status: "failed",
    retryable: true,
    error: {
      code: "E_COMMAND_FAILED",
      details: { exitCode: 7, stdout: "out 1\nout 2\nout 3", stderr: "broken: [TOKEN]" },
    },
  });
  const { error } = result as { error: { message: string } };
  expect(error.message).toContain("exited with 7");
  expect(error.message).toContain("broken: [TOKEN]");
  expect(JSON.stringify(result)).not.toContain("hide-me-please");
});

test("a signal that ends the command is named", async () => {
  await using bench = await openBench();
  const result = await new Executor().execute(taskOf(line("kill -9 $$")), bench.context());
  expect(result).toMatchObject({ status: "failed", error: { code: "E_COMMAND_FAILED" } });
  expect(JSON.stringify(result)).toMatch(/SIGKILL|137/);
});

test.each([
  ["no JSON", "echo nonsense", /MNEMOSYNE_OUTPUT is not JSON/],
  ["a folder", "rm -f file; mkdir", /is not a file|cannot be read/],
])("what is written as output but is %s fails and names the variable", async (_, command, message) => {
  await using bench = await openBench();
  const written = command.startsWith("echo")
    ? `${command} > "$MNEMOSYNE_OUTPUT"`
    : `${command} "$MNEMOSYNE_OUTPUT"`;
  const result = await new Executor({ temporaryFolder: bench.outside }).execute(
    taskOf(line(written)),
    bench.context(),
  );
  expect(result).toMatchObject({ status: "failed", retryable: true, error: { code: "E_TASK_FAILED" } });
  expect((result as { error: { message: string } }).error.message).toMatch(message);
  expect(await readdir(bench.outside)).toEqual([]);
});

test("output that does not fit the task's schema fails and says where", async () => {
  await using bench = await openBench();
  const definition = {
    output: {
      type: "object",
      properties: { version: { type: "string" }, count: { type: "integer" } },
      required: ["version"],
    },
  };
  const run = (json: string) =>
    new Executor().execute(
      taskOf(line(`echo '${json}' > "$MNEMOSYNE_OUTPUT"`), { definition }),
      bench.context(),
    );
  expect(await run('{"version":"2.0","count":1}')).toMatchObject({ status: "completed" });
  const wrong = await run('{"version":2,"count":1.5}');
  expect(wrong).toMatchObject({ status: "failed", error: { code: "E_TASK_FAILED", path: "output" } });
  expect(JSON.stringify(wrong)).toMatch(/version.*count/);
});

test("a line that takes too long is stopped with all that it started", async () => {
  await using bench = await openBench();
  const began = performance.now();
  const result = await new Executor().execute(
    taskOf(line("(sleep 30; touch late.txt) & sleep 30"), { definition: { timeout: 200 } }),
    bench.context(),
  );
  expect(performance.now() - began).toBeLessThan(8000);
  expect(result).toMatchObject({ status: "failed", retryable: true, error: { code: "E_TIMEOUT" } });
});

test("a run's deadline counts as a limit", async () => {
  await using bench = await openBench();
  const result = await new Executor().execute(
    taskOf(line("sleep 30")),
    bench.context({ timeLeft: () => 150 }),
  );
  expect(result).toMatchObject({ status: "failed", error: { code: "E_TIMEOUT" } });
});

test("an abort ends it soon with E_CANCELLED and leaves no files", async () => {
  await using bench = await openBench();
  const controller = new AbortController();
  const began = performance.now();
  setTimeout(() => controller.abort(), 150);
  const error = await thrown(
    new Executor({ temporaryFolder: bench.outside }).execute(
      taskOf(line("sleep 30")),
      bench.context({ signal: controller.signal }),
    ),
  );
  expect(error).toMatchObject({ code: "E_CANCELLED", kind: "cancelled" });
  expect(performance.now() - began).toBeLessThan(8000);
  expect(await readdir(bench.outside)).toEqual([]);
});

test("nothing is begun when it was aborted before", async () => {
  await using bench = await openBench();
  const error = await thrown(
    new Executor().execute(taskOf(line("touch begun.txt")), bench.context({ signal: AbortSignal.abort() })),
  );
  expect(error.code).toBe("E_CANCELLED");
  expect(await readdir(bench.root)).toEqual([]);
});
