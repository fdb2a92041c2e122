import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CommandFolder, DIAMOND, finished } from "./command.ts";

let folder: CommandFolder;
beforeEach(async () => {
  folder = await CommandFolder.make();
});
afterEach(async () => {
  await folder.remove();
});

describe("a killed run", () => {
  test("kill -9 in the middle, then resume: completed tasks do not run again", async () => {
    const tasks = Array.from(
      { length: 8 },
      (_, index) =>
        `  - { id: t${index}, ${index === 0 ? "" : `dependsOn: [t${index - 1}], `}run: "echo t${index} >> ran.txt; sleep 0.15" }`,
    );
    await folder.write("plan.yaml", `version: 1\nname: killed\ntasks:\n${tasks.join("\n")}\n`);
    const child = folder.start("run", "plan.yaml", "--run-id", "r1", "--json");
    let seen = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      seen += text;
    });
    while (!seen.includes('"task":"t3"')) await delay(10);
    child.kill("SIGKILL");
    await new Promise((resolve) => child.on("close", resolve));
    const before = await folder.call("logs", "r1", "--json", "--from", "0");
    const completed = new Set(
      before.lines.filter(({ type }) => type === "task.completed").map(({ task }) => String(task)),
    );
    expect(completed.size).toBeGreaterThan(0);
    expect(completed.size).toBeLessThan(8);

    const began = performance.now();
    const resumed = await folder.call("resume", "r1", "--json");
    expect(resumed.code).toBe(0);
    expect(resumed.lines.at(-1)).toMatchObject({ type: "run.finished", status: "completed" });
    // This host shows that the process is gone: nobody waits for its lease.
    expect(performance.now() - began).toBeLessThan(8000);

    const ran = readFileSync(path.join(folder.path, "ran.txt"), "utf8").trim().split("\n");
    for (const task of completed) expect(ran.filter((line) => line === task)).toHaveLength(1);
    expect(new Set(ran).size).toBe(8);
    const all = await folder.call("logs", "r1", "--json", "--from", "0");
    const events = all.lines;
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    const shown = await folder.call("show", "r1", "--json");
    expect(shown.lines.at(-1)).toMatchObject({
      status: "completed",
      digest: resumed.lines.at(-1)?.["digest"],
    });
  }, 60_000);

  test("SIGINT leaves the run for resume and exits 130", async () => {
    await folder.write(
      "plan.yaml",
      `version: 1\nname: left\ntasks:\n  - { id: a, run: "echo a >> ran.txt" }\n  - { id: b, dependsOn: [a], run: "echo b >> ran.txt; sleep 30" }\n`,
    );
    const child = folder.start("run", "plan.yaml", "--run-id", "r1", "--json");
    const ending = finished(child);
    while (
      !existsSync(path.join(folder.path, "ran.txt")) ||
      !readFileSync(path.join(folder.path, "ran.txt"), "utf8").includes("b")
    )
      await delay(10);
    child.kill("SIGINT");
    const { code } = await ending;
    expect(code).toBe(130);
    expect((await folder.call("show", "r1", "--json")).lines.at(-1)).toMatchObject({ status: "running" });
    const cancelled = await folder.call("cancel", "r1", "--json");
    expect(cancelled.code).toBe(6);
    expect(cancelled.lines.at(-1)).toMatchObject({
      type: "run.finished",
      status: "cancelled",
      tasks: { a: "completed", b: "cancelled" },
    });
  }, 60_000);
});

describe("acting on runs", () => {
  test("retry runs a failed task again, and what hangs on it", async () => {
    await folder.write(
      "plan.yaml",
      `version: 1\nname: again\ntasks:\n  - { id: a, run: "test -e ready" }\n  - { id: b, dependsOn: [a], run: "echo b > b.txt" }\n`,
    );
    expect((await folder.call("run", "plan.yaml", "--run-id", "r1", "--json")).code).toBe(1);
    await folder.write("ready", "");
    const retried = await folder.call("retry", "r1", "a", "--json");
    expect(retried.code).toBe(0);
    expect(retried.lines.at(-1)).toMatchObject({
      status: "completed",
      tasks: { a: "completed", b: "completed" },
    });
    expect(existsSync(path.join(folder.path, "b.txt"))).toBe(true);
  });

  test("runs, show and logs tell what happened", async () => {
    await folder.write("plan.yaml", DIAMOND);
    await folder.call("run", "plan.yaml", "--run-id", "r1", "--json");
    const runs = await folder.call("runs", "--json");
    expect(runs.lines[0]).toMatchObject({ runs: [{ runId: "r1", name: "diamond", status: "completed" }] });
    const show = await folder.call("show", "r1", "--json");
    expect(show.lines[0]).toMatchObject({
      runId: "r1",
      status: "completed",
      tasks: [
        { id: "a", status: "completed", attempts: 1, gates: [] },
        { id: "b" },
        { id: "c" },
        { id: "d" },
      ],
    });
    const logs = await folder.call("logs", "r1", "--json");
    expect(logs.lines.at(-1)).toMatchObject({ type: "run.finished" });
    const text = await folder.call("show", "r1");
    expect(text.stdout).toContain("completed");
  });

  test("plan check and plan schema", async () => {
    await folder.write("plan.yaml", DIAMOND);
    const good = await folder.call("plan", "check", "plan.yaml", "--json");
    expect(good.code).toBe(0);
    expect(good.lines[0]).toMatchObject({ valid: true, criticalPath: expect.any(Array), findings: [] });
    expect(good.lines[0]).toHaveProperty(["order", 0], "a");
    await folder.write("bad.yaml", DIAMOND.replace("[b, c]", "[b, x]"));
    const bad = await folder.call("plan", "check", "bad.yaml", "--json");
    expect(bad.code).toBe(2);
    expect(bad.lines[0]).toMatchObject({
      valid: false,
      findings: [{ severity: "error", path: expect.any(String) }],
    });
    const schema = await folder.call("plan", "schema", "--json");
    expect(schema.lines[0]).toMatchObject({ type: "object" });
  });
});
