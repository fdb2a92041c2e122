import { appendFileSync, existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { OrchestrationEngine, type EngineOptions } from "@mnemosyne/engine";
import { definePlan, type PlanInput } from "@mnemosyne/plan";
import { openStorage, type Storage } from "@mnemosyne/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let folder: string;
let storage: Storage;
let engine: OrchestrationEngine;

async function open(options: Partial<EngineOptions> = {}): Promise<OrchestrationEngine> {
  const opened = new OrchestrationEngine({ storage, ...options });
  await opened.start();
  return opened;
}

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "mnemosyne-engine-"));
  await mkdir(path.join(folder, ".mnemosyne"));
  storage = await openStorage(`file:${path.join(folder, ".mnemosyne", "mnemosyne.db")}`);
  engine = await open();
});
afterEach(async () => {
  await engine.stop();
  await storage.close();
  await rm(folder, { recursive: true, force: true });
});

const plan = (tasks: PlanInput["tasks"], more: Partial<PlanInput> = {}): PlanInput => ({
  version: 1,
  name: "test",
  workspace: folder,
  tasks,
  ...more,
});

const typesOf = async (runId: string): Promise<string[]> =>
  (await storage.journal.read(runId)).map(({ type }) => type);

describe("commands", () => {
  test("outputs flow from task to task", async () => {
    const result = await engine.executePlan(
      plan([
        { id: "a", run: `echo '{"n":2}' > "$MNEMOSYNE_OUTPUT"` },
        { id: "b", dependsOn: ["a"], run: `cp "$MNEMOSYNE_INPUTS" "$MNEMOSYNE_OUTPUT"` },
      ]),
    );
    expect(result).toMatchObject({ ok: true, status: "completed", outputs: { b: { a: { n: 2 } } } });
  });

  test("a failing task skips what hangs on it; retry opens both again", async () => {
    const result = await engine.executePlan(
      plan([
        { id: "a", run: "test -e ready" },
        { id: "b", dependsOn: ["a"], run: "true" },
      ]),
      { runId: "r1" },
    );
    expect(result).toMatchObject({ ok: false, status: "failed", error: { code: expect.any(String) } });
    expect(result.tasks).toMatchObject([
      { id: "a", status: "failed", errors: [{ attempt: 1 }] },
      { id: "b", status: "skipped" },
    ]);
    await writeFile(path.join(folder, "ready"), "");
    const run = engine.open("r1");
    expect(await run.retry("a")).toBe(true);
    expect(await run.result()).toMatchObject({ ok: true, status: "completed" });
  });

  test("a time limit ends a command and all that it started", async () => {
    const began = performance.now();
    const result = await engine.executePlan(
      plan([{ id: "a", run: "sleep 30 & sleep 30", timeout: "300ms" }]),
    );
    expect(result).toMatchObject({ status: "failed", tasks: [{ errors: [{ code: "E_TIMEOUT" }] }] });
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test("an approval binds to what was approved: a changed file asks again", async () => {
    await writeFile(path.join(folder, "target.txt"), "one");
    const input = plan([
      { id: "a", approval: "Ship it?", reads: ["target.txt"], run: "cp target.txt shipped.txt" },
    ]);
    const paused = await engine.executePlan(input, { runId: "r1" });
    expect(paused).toMatchObject({ status: "paused", waiting: [{ task: "a", kind: "approval" }] });
    const run = engine.open("r1");
    await run.approve("a");
    await writeFile(path.join(folder, "target.txt"), "two");
    expect(await run.result()).toMatchObject({ status: "paused", waiting: [{ task: "a" }] });
    expect(existsSync(path.join(folder, "shipped.txt"))).toBe(false);
    await run.approve("a");
    expect(await run.result()).toMatchObject({ status: "completed" });
    expect(await readFile(path.join(folder, "shipped.txt"), "utf8")).toBe("two");
  });

  test("cancel ends running work", async () => {
    const run = await engine.submit(plan([{ id: "a", run: "touch begun; sleep 30" }]));
    while (!existsSync(path.join(folder, "begun"))) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await run.cancel()).toBe(true);
    expect(await run.result()).toMatchObject({ status: "cancelled", tasks: [{ status: "cancelled" }] });
  });
});

describe("trees", () => {
  test("a task with writes works in a tree of its own, and its files land", async () => {
    await writeFile(path.join(folder, "a.txt"), "before\n");
    const result = await engine.executePlan(
      plan([
        { id: "change", writes: ["a.txt"], run: "pwd > /dev/null; echo after > a.txt" },
        { id: "see", dependsOn: ["change"], run: `printf '"%s"' "$(cat a.txt)" > "$MNEMOSYNE_OUTPUT"` },
      ]),
      { runId: "r1" },
    );
    expect(result).toMatchObject({ status: "completed", outputs: { see: "after" } });
    expect(result.tasks[0]).toMatchObject({ changed: ["a.txt"] });
    const types = await typesOf("r1");
    expect(types.indexOf("merge.intended")).toBeLessThan(types.indexOf("workspace.merged"));
    expect(existsSync(path.join(folder, ".mnemosyne", "trees", "r1"))).toBe(false);
  });

  test("an edit of somebody else is a conflict and is never overwritten", async () => {
    await writeFile(path.join(folder, "a.txt"), "before\n");
    const result = await engine.executePlan(
      plan([
        {
          id: "change",
          sandbox: "off",
          writes: ["a.txt"],
          run: `echo ours > a.txt; echo theirs > "${folder}/a.txt"`,
        },
      ]),
    );
    expect(result.status).toBe("failed");
    expect(result.tasks[0]?.blocked[0]?.summary).toContain("merge.conflict");
    expect(await readFile(path.join(folder, "a.txt"), "utf8")).toBe("theirs\n");
  });

  test("a log that is written into the workspace all the time keeps nothing from landing", async () => {
    await writeFile(path.join(folder, "a.txt"), "before\n");
    const log = path.join(folder, "events.log");
    const writing = setInterval(() => appendFileSync(log, "line\n"), 5);
    const result = await engine.executePlan(
      plan([
        { id: "one", writes: ["a.txt"], run: "sleep 0.2; echo after > a.txt" },
        { id: "two", writes: ["b.txt"], run: "sleep 0.2; echo new > b.txt" },
      ]),
    );
    clearInterval(writing);
    expect(result.status).toBe("completed");
    expect(await readFile(path.join(folder, "a.txt"), "utf8")).toBe("after\n");
    expect(await readFile(path.join(folder, "b.txt"), "utf8")).toBe("new\n");
    expect(new Set((await readFile(log, "utf8")).trim().split("\n"))).toEqual(new Set(["line"]));
  });

  test("onFailure rollback undoes effects in reverse order and puts the files back", async () => {
    await writeFile(path.join(folder, "a.txt"), "before\n");
    const result = await engine.executePlan(
      plan(
        [
          { id: "one", run: "echo one >> done.log", compensate: { run: "echo undo-one >> done.log" } },
          { id: "two", dependsOn: ["one"], writes: ["a.txt"], run: "echo after > a.txt" },
          {
            id: "three",
            dependsOn: ["two"],
            run: "echo three >> done.log",
            compensate: { run: "echo undo-three >> done.log" },
          },
          { id: "four", dependsOn: ["three"], run: "exit 1" },
        ],
        { onFailure: "rollback" },
      ),
    );
    expect(result.status).toBe("rolledBack");
    expect(await readFile(path.join(folder, "a.txt"), "utf8")).toBe("before\n");
    expect((await readFile(path.join(folder, "done.log"), "utf8")).trim().split("\n")).toEqual([
      "one",
      "three",
      "undo-three",
      "undo-one",
    ]);
  });
});

describe("functions and shape", () => {
  test("functions, when and forEach", async () => {
    const result = await engine.executePlan(
      definePlan({
        version: 1,
        name: "functions",
        workspace: folder,
        tasks: [
          { id: "list", function: () => [1, 2, 3] },
          {
            id: "double",
            dependsOn: ["list"],
            forEach: "list",
            function: (_inputs, { element }) => Number(element) * 2,
          },
          {
            id: "sum",
            dependsOn: ["double"],
            function: ({ double }) => (double as number[]).reduce((a, b) => a + b, 0),
          },
          {
            id: "big",
            dependsOn: ["sum"],
            when: { task: "sum", path: "", equals: 12 },
            function: () => "yes",
          },
          {
            id: "small",
            dependsOn: ["sum"],
            when: { task: "sum", path: "", equals: 1 },
            function: () => "no",
          },
        ],
      }),
    );
    expect(result).toMatchObject({ status: "completed", outputs: { sum: 12, big: "yes" } });
    expect(result.tasks.find(({ id }) => id === "small")?.status).toBe("skipped");
  });

  test("a function asks; the answer comes from another engine; the attempt goes on", async () => {
    const asked = definePlan({
      version: 1,
      name: "asks",
      workspace: folder,
      tasks: [
        {
          id: "a",
          function: (_inputs, { answers, ask }) =>
            answers.length === 0 ? ask("Which colour?") : (answers[0]?.text ?? ""),
        },
      ],
    });
    const first = await engine.executePlan(asked, { runId: "r1" });
    expect(first).toMatchObject({
      status: "paused",
      waiting: [{ task: "a", kind: "question", text: "Which colour?" }],
    });
    const other = await open();
    const run = other.open("r1", asked);
    expect(await run.answer("a", "green")).toBe(true);
    expect(await run.result()).toMatchObject({
      status: "completed",
      outputs: { a: "green" },
      tasks: [{ attempts: 1 }],
    });
    await other.stop();
  });

  test("a failing function is tried again with the same run, another attempt", async () => {
    let calls = 0;
    const result = await engine.executePlan(
      definePlan({
        version: 1,
        name: "again",
        workspace: folder,
        tasks: [
          {
            id: "a",
            attempts: 3,
            function: (_inputs, { attempt, idempotencyKey }) => {
              calls += 1;
              if (calls < 2) throw new Error("not yet");
              return `${idempotencyKey} ${attempt}`;
            },
          },
        ],
      }),
      { runId: "r1" },
    );
    expect(result).toMatchObject({ status: "completed", outputs: { a: "r1:a:2 2" } });
  });

  test("the same id with the same plan attaches; another plan is refused", async () => {
    const input = plan([{ id: "a", run: "echo x >> ran.txt" }]);
    await engine.executePlan(input, { runId: "r1" });
    await engine.executePlan(input, { runId: "r1" });
    expect(await readFile(path.join(folder, "ran.txt"), "utf8")).toBe("x\n");
    await expect(engine.submit(plan([{ id: "a", run: "true" }]), { runId: "r1" })).rejects.toMatchObject({
      code: "E_RUN_EXISTS",
      kind: "input",
    });
  });

  test("an unsound plan is refused and nothing is written", async () => {
    await expect(
      engine.submit(plan([{ id: "a", instructions: "Write hello to a.txt", budget: { tokens: 1000 } }])),
    ).rejects.toMatchObject({ code: "E_PLAN_INVALID" });
    expect(await storage.journal.listRuns()).toEqual([]);
  });

  test("two engines on one run: one carries, the other follows, nothing runs twice", async () => {
    const input = plan([
      { id: "a", run: "sleep 0.3; echo a >> ran.txt" },
      { id: "b", dependsOn: ["a"], run: "echo b >> ran.txt" },
    ]);
    const other = await open();
    const [one, two] = await Promise.all([
      engine.executePlan(input, { runId: "r1" }),
      other.executePlan(input, { runId: "r1" }),
    ]);
    expect([one.status, two.status]).toEqual(["completed", "completed"]);
    expect(await readFile(path.join(folder, "ran.txt"), "utf8")).toBe("a\nb\n");
    await other.stop();
  });

  test("a stopped engine leaves its runs to the next one", async () => {
    const input = plan([
      { id: "a", run: "echo a >> ran.txt" },
      { id: "b", dependsOn: ["a"], run: "echo b >> ran.txt; test -e go || sleep 30" },
    ]);
    const run = await engine.submit(input, { runId: "r1" });
    for await (const event of run.events()) if (event.type === "task.started" && event.task === "b") break;
    await engine.stop();
    await writeFile(path.join(folder, "go"), "");
    engine = await open();
    expect(await engine.open("r1").result()).toMatchObject({ status: "completed" });
    const ran = (await readFile(path.join(folder, "ran.txt"), "utf8")).trim().split("\n");
    expect(ran.filter((line) => line === "a")).toHaveLength(1);
  });
});
