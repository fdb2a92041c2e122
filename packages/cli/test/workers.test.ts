import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CommandFolder, finished } from "./command.ts";

let folder: CommandFolder;
beforeEach(async () => {
  folder = await CommandFolder.make();
});
afterEach(async () => {
  await folder.remove();
});

const text = (name: string): string => readFileSync(path.join(folder.path, name), "utf8");

test("run --detach only begins; workers carry it out, and one that is killed is replaced by the next", async () => {
  // The first execution of `slow` never ends; the next one sees that it was begun.
  await folder.write(
    "plan.yaml",
    `
version: 1
name: detached
tasks:
  - { id: quick, run: "echo quick >> ran.txt" }
  - { id: slow, dependsOn: [quick], run: "echo slow >> ran.txt; test $MNEMOSYNE_EPOCH = 2 || exec sleep 3602" }
  - { id: last, dependsOn: [slow], run: "echo last >> ran.txt" }
`,
  );
  const begun = await folder.callProcess("run", "plan.yaml", "--run-id", "r1", "--detach", "--json");
  expect(begun).toMatchObject({ code: 0, lines: [{ runId: "r1", status: "pending" }] });
  expect(existsSync(path.join(folder.path, "ran.txt"))).toBe(false);

  const first = folder.start("worker");
  const gone = finished(first);
  await expect
    .poll(() => existsSync(path.join(folder.path, "ran.txt")) && text("ran.txt"), {
      timeout: 30_000,
      interval: 20,
    })
    .toBe("quick\nslow\n");
  first.kill("SIGKILL");
  await gone;
  const second = await folder.callProcess("worker", "--until-idle", "--json");
  expect(second).toMatchObject({ code: 0, lines: [{ runId: "r1", status: "completed" }] });
  expect(text("ran.txt")).toBe("quick\nslow\nslow\nlast\n");
}, 60_000);

test("resume --plan says for each task why it stays or runs; --undo-removed compensates what is gone", async () => {
  const plan = (...tasks: readonly string[]): string =>
    `version: 1\nname: edited\nsandbox: off\ntasks:\n${tasks.map((task) => `  - ${task}\n`).join("")}`;
  writeFileSync(path.join(folder.path, "in.txt"), "1\n");
  const log = path.join(folder.path, ".mnemosyne", "log");
  const note = (what: string): string => `echo ${what} >> '${log}'`;
  const stays = `{ id: stays, reads: [in.txt], run: "${note("stays")}" }`;
  const sold = `{ id: sold, reads: [in.txt], run: "${note("sold")}", compensate: { run: "${note("refunded")}" } }`;
  const fails = (line: string): string =>
    `{ id: fails, reads: [in.txt], dependsOn: [stays, sold], run: "${line}" }`;
  await folder.write("plan.yaml", plan(stays, sold, fails("exit 1")));
  expect((await folder.call("run", "plan.yaml", "--run-id", "r1", "--json")).code).toBe(1);
  const fixed = fails(note("fixed")).replace("[stays, sold]", "[stays]");
  await folder.write("next.yaml", plan(stays, fixed));

  const told = await folder.call("resume", "r1", "--plan", "next.yaml", "--dry-run", "--json");
  expect(told).toMatchObject({
    code: 0,
    lines: [
      {
        runId: "r1",
        tasks: [
          { task: "stays", action: "kept", reason: "Nothing that it depends on changed." },
          { task: "fails", action: "run", reason: "It is failed." },
          { task: "sold", action: "removed", reason: "The plan no longer has it; what it did stays." },
        ],
      },
    ],
  });
  expect(readFileSync(log, "utf8").split("\n").toSorted().join(" ").trim()).toBe("sold stays");

  const resumed = await folder.callProcess("resume", "r1", "--plan", "next.yaml", "--undo-removed", "--json");
  expect(resumed.code).toBe(0);
  for (const reason of ["Nothing that it depends on changed.", "It is failed."])
    expect(resumed.stderr).toContain(reason);
  expect(resumed.lines.at(-1)).toMatchObject({
    type: "run.finished",
    status: "completed",
    tasks: { stays: "completed", fails: "completed", sold: "compensated" },
  });
  expect(readFileSync(log, "utf8").trim().split("\n").slice(2)).toEqual(["refunded", "fixed"]);
}, 60_000);

test("rollback --to --dry-run says what would be undone and what cannot be, and does nothing", async () => {
  writeFileSync(path.join(folder.path, "a.txt"), "before\n");
  await folder.write(
    "plan.yaml",
    `
version: 1
name: undone
tasks:
  - { id: first, writes: [a.txt], run: "echo first > a.txt" }
  - { id: second, dependsOn: [first], writes: [a.txt, b.txt], run: "echo second > a.txt; echo b > b.txt" }
  - { id: sent, dependsOn: [second], run: "true" }
`,
  );
  expect((await folder.call("run", "plan.yaml", "--run-id", "r1", "--json")).code).toBe(0);
  const told = await folder.callProcess("rollback", "r1", "--to", "first", "--dry-run", "--json");
  expect(told).toMatchObject({ code: 0, lines: [{ files: ["a.txt", "b.txt"] }] });
  const { cannotUndo, tasks } = told.lines[0] as Record<string, readonly Record<string, unknown>[]>;
  expect(cannotUndo).toMatchObject([{ task: "sent" }]);
  expect(JSON.stringify(tasks)).not.toContain("first");
  expect([text("a.txt"), text("b.txt")]).toEqual(["second\n", "b\n"]);

  const undone = await folder.call("rollback", "r1", "--to", "first", "--json");
  expect(undone).toMatchObject({ code: 0 });
  expect(undone.stderr).toContain("cannot undo what sent did");
  expect(text("a.txt")).toBe("first\n");
  expect(existsSync(path.join(folder.path, "b.txt"))).toBe(false);
}, 60_000);
