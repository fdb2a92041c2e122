import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CommandFolder, DIAMOND } from "./command.ts";

let folder: CommandFolder;
beforeEach(async () => {
  folder = await CommandFolder.make();
});
afterEach(async () => {
  await folder.remove();
});

describe("run", () => {
  test("a diamond completes in order and ends with run.finished", async () => {
    await folder.write("plan.yaml", DIAMOND);
    const { code, lines } = await folder.callProcess("run", "plan.yaml", "--json");
    expect(code).toBe(0);
    const last = lines.at(-1);
    expect(last).toMatchObject({
      type: "run.finished",
      status: "completed",
      tasks: { a: "completed", b: "completed", c: "completed", d: "completed" },
    });
    const order = readFileSync(path.join(folder.path, "order.txt"), "utf8").trim().split("\n");
    expect([order[0], order[3]]).toEqual(["a", "d"]);
    expect(order.toSorted()).toEqual(["a", "b", "c", "d"]);
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, index) => index + 1));
  });

  test("a failing task exits 1, its dependents are skipped", async () => {
    await folder.write(
      "plan.yaml",
      `version: 1\nname: failing\ntasks:\n  - { id: a, run: "exit 7" }\n  - { id: b, dependsOn: [a], run: "echo never > never.txt" }\n`,
    );
    const { code, lines } = await folder.callProcess("run", "plan.yaml", "--json");
    expect(code).toBe(1);
    expect(lines.at(-1)).toMatchObject({
      type: "run.finished",
      status: "failed",
      tasks: { a: "failed", b: "skipped" },
      error: { code: expect.any(String), message: expect.stringContaining("a") },
    });
    expect(existsSync(path.join(folder.path, "never.txt"))).toBe(false);
  });

  test("an approval pauses with exit 3; approve carries the run on", async () => {
    await folder.write(
      "plan.yaml",
      `version: 1\nname: asks\ntasks:\n  - { id: a, run: "true" }\n  - { id: b, dependsOn: [a], approval: "Go on?", run: "echo yes > yes.txt" }\n`,
    );
    const paused = await folder.callProcess("run", "plan.yaml", "--run-id", "r1", "--json");
    expect(paused.code).toBe(3);
    expect(paused.lines.at(-1)).toMatchObject({
      type: "run.paused",
      waiting: [{ task: "b", kind: "approval" }],
    });
    expect(existsSync(path.join(folder.path, "yes.txt"))).toBe(false);
    const again = await folder.callProcess("run", "plan.yaml", "--run-id", "r1", "--json");
    expect(again.code).toBe(3);
    const approved = await folder.callProcess("approve", "r1", "b", "--json");
    expect(approved.code).toBe(0);
    expect(approved.lines.at(-1)).toMatchObject({ type: "run.finished", status: "completed" });
    expect(readFileSync(path.join(folder.path, "yes.txt"), "utf8")).toBe("yes\n");
    expect((await folder.callProcess("approve", "r1", "b", "--json")).code).toBe(0);
  });

  test("a denied approval fails with exit 1, and --yes grants", async () => {
    const plan = `version: 1\nname: asks\ntasks:\n  - { id: b, approval: "Go on?", run: "echo yes >> yes.txt" }\n`;
    await folder.write("plan.yaml", plan);
    await folder.call("run", "plan.yaml", "--run-id", "r1", "--json");
    const denied = await folder.call("deny", "r1", "b", "--reason", "not today", "--json");
    expect(denied.code).toBe(1);
    expect(denied.lines.at(-1)).toMatchObject({
      type: "run.finished",
      status: "failed",
      tasks: { b: "failed" },
    });
    const granted = await folder.call("run", "plan.yaml", "--yes", "--json");
    expect(granted.code).toBe(0);
    expect(readFileSync(path.join(folder.path, "yes.txt"), "utf8")).toBe("yes\n");
  });

  test.each([
    [
      "a cycle",
      `version: 1\nname: x\ntasks:\n  - { id: a, dependsOn: [b], run: "touch ran" }\n  - { id: b, dependsOn: [a], run: "touch ran" }\n`,
      /a.*b.*a/,
    ],
    [
      "an unknown key",
      `version: 1\nname: x\ntasks:\n  - { id: a, run: "touch ran", retires: 3 }\n`,
      /retires/,
    ],
    [
      "a missing dependency",
      `version: 1\nname: x\ntasks:\n  - { id: a, dependsOn: [nobody], run: "touch ran" }\n`,
      /nobody/,
    ],
    ["an empty file", "", /empty/],
    ["text that is no YAML", "tasks: [", /./],
    [
      "two tasks of one id",
      `version: 1\nname: x\ntasks:\n  - { id: a, run: "touch ran" }\n  - { id: a, run: "touch ran" }\n`,
      /'a'/,
    ],
    [
      "a model task without a model",
      `version: 1\nname: x\nbudget: { tokens: 1000 }\ntasks:\n  - { id: a, instructions: "Write hello to a.txt" }\n`,
      /model/,
    ],
  ])("%s is refused with exit 2 before anything runs", async (_name, plan, message) => {
    await folder.write("plan.yaml", plan);
    const { code, lines } = await folder.call("run", "plan.yaml", "--json");
    expect(code).toBe(2);
    expect(lines).toHaveLength(1);
    const error = lines[0]?.["error"] as { code: string; message: string };
    expect(error.code).toBe("E_PLAN_INVALID");
    expect(JSON.stringify(error)).toMatch(message);
    expect(existsSync(path.join(folder.path, "ran"))).toBe(false);
    expect((await folder.call("runs", "--json")).lines.at(-1)).toEqual({ runs: [] });
  });

  test("a known run id with the same plan attaches, with another one exits 2", async () => {
    await folder.write("plan.yaml", DIAMOND);
    await folder.call("run", "plan.yaml", "--run-id", "r1", "--json");
    const again = await folder.call("run", "plan.yaml", "--run-id", "r1", "--json");
    expect(again.code).toBe(0);
    expect(again.lines.at(-1)).toMatchObject({ type: "run.finished", status: "completed" });
    expect(readFileSync(path.join(folder.path, "order.txt"), "utf8").trim().split("\n")).toHaveLength(4);
    await folder.write("other.yaml", DIAMOND.replace("echo d", "echo e"));
    const other = await folder.call("run", "other.yaml", "--run-id", "r1", "--json");
    expect(other.code).toBe(2);
    expect(other.lines.at(-1)).toMatchObject({ error: { code: "E_RUN_EXISTS" } });
  });

  test("unknown flags, files, runs and tasks have their exit codes", async () => {
    await folder.write("plan.yaml", DIAMOND);
    expect((await folder.call("run", "plan.yaml", "--nonsense", "--json")).code).toBe(2);
    expect((await folder.call("run", "nothing.yaml", "--json")).code).toBe(2);
    const unknown = await folder.call("show", "nobody", "--json");
    expect(unknown.code).toBe(1);
    expect(unknown.lines.at(-1)).toMatchObject({ error: { code: "E_RUN_NOT_FOUND" } });
    await folder.call("run", "plan.yaml", "--run-id", "r1", "--json");
    expect((await folder.call("retry", "r1", "zzz", "--json")).code).toBe(1);
    expect((await folder.call("fly", "--json")).code).toBe(2);
  });
});
