import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { appendFile, chmod, mkdir, readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CommandFolder, finished } from "./command.ts";

const run = promisify(execFile);
let folder: CommandFolder;

beforeEach(async () => {
  folder = await CommandFolder.make();
});

afterEach(async () => {
  await folder.remove();
});

interface Check {
  readonly check: string;
  readonly status: string;
  readonly message: string;
  readonly fix?: string;
}

async function diagnose(): Promise<{
  code: number | null;
  problems: readonly Check[];
  checks: readonly Check[];
}> {
  const { code, lines } = await folder.callProcess("doctor", "--json");
  const { checks, ok } = lines[0] as unknown as { readonly checks: readonly Check[]; readonly ok: boolean };
  const problems = checks.filter(({ status }) => status === "problem");
  expect(ok).toBe(problems.length === 0);
  for (const { fix } of problems) expect(fix).toMatch(/\S{3}/);
  return { code, problems, checks };
}

async function git(...args: readonly string[]): Promise<void> {
  await run("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], { cwd: folder.path });
}

describe("init", () => {
  test("sets a project up, and what it wrote works", async () => {
    await git("init", "-q");
    const dry = await folder.call("init", "--dry-run", "--json");
    expect(await readdir(folder.path)).toEqual([".git"]);
    const done = await folder.call("init", "--json");
    expect(done.lines[0]?.["files"]).toEqual(dry.lines[0]?.["files"]);
    expect(done.lines[0]).toMatchObject({
      files: [
        { path: "mnemosyne.config.json", action: "created" },
        { path: "plan.yaml", action: "created" },
        { path: ".mcp.json", action: "created" },
        { path: ".gitignore", action: "created" },
      ],
    });
    expect((await folder.call("plan", "check", "plan.yaml", "--json")).lines[0]).toMatchObject({
      valid: true,
    });
    const ran = await folder.call("run", "plan.yaml", "--json");
    expect(ran.lines.at(-1)).toMatchObject({ type: "run.finished", status: "completed" });
    const doctor = await diagnose();
    expect(doctor.problems).toEqual([]);
    expect(doctor.code).toBe(0);
    const { stdout } = await run("git", ["status", "--porcelain", "--untracked-files=all"], {
      cwd: folder.path,
    });
    expect(stdout).not.toContain("mnemosyne.db");
    const again = await folder.call("init", "--json");
    expect(again.lines[0]).toMatchObject({
      files: [{ action: "kept" }, { action: "kept" }, { action: "kept" }, { action: "kept" }],
    });
  });

  test("adds to what is there, and overwrites nothing", async () => {
    await git("init", "-q");
    await folder.write("mnemosyne.config.js", "export default {};\n");
    await folder.write("plan.yaml", "mine\n");
    await folder.write(".mcp.json", '{\n\t"mcpServers": { "other": { "command": "x" } },\n\t"more": 1\n}\n');
    await folder.write(".gitignore", "node_modules");
    const { lines } = await folder.call("init", "--json");
    expect(lines[0]).toMatchObject({
      files: [{ action: "kept" }, { action: "kept" }, { action: "added" }, { action: "added" }],
    });
    const read = (name: string) => readFile(path.join(folder.path, name), "utf8");
    expect(await read("mnemosyne.config.js")).toBe("export default {};\n");
    expect(await read("plan.yaml")).toBe("mine\n");
    expect(await read(".gitignore")).toBe("node_modules\n.mnemosyne/\n");
    expect(JSON.parse(await read(".mcp.json"))).toEqual({
      mcpServers: { other: { command: "x" }, mnemosyne: { command: "mnemosyne", args: ["mcp"] } },
      more: 1,
    });
    expect(existsSync(path.join(folder.path, "mnemosyne.config.json"))).toBe(false);
    await folder.write(".mcp.json", "{ // a comment\n}");
    const kept = await folder.call("init");
    expect(kept.stdout).toMatch(/kept\s+\.mcp\.json\s+\(it is no JSON/);
    expect(await read(".mcp.json")).toBe("{ // a comment\n}");
  });
});

describe("doctor", () => {
  test("nothing is broken in an empty folder, and nothing is made", async () => {
    const { code, checks } = await diagnose();
    expect(code).toBe(0);
    expect(checks.map(({ check }) => check)).toEqual([
      "node",
      "config",
      "database",
      "key",
      "sandbox",
      "skills",
      "git",
    ]);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test("a config that cannot be used", async () => {
    await folder.write("mnemosyne.config.json", '{ "agent": [] }');
    const { code, problems } = await diagnose();
    expect(code).toBe(1);
    expect(problems).toMatchObject([{ check: "config", message: expect.stringContaining("'agent'") }]);
  });

  test("a file that is no database, and one that a newer version has written", async () => {
    await mkdir(path.join(folder.path, ".mnemosyne"));
    await folder.write(
      ".mnemosyne/mnemosyne.db",
      "this is certainly no database, but a text of some length\n".repeat(90),
    );
    expect(await diagnose()).toMatchObject({ code: 1, problems: [{ check: "database" }] });
    await run("rm", ["-r", path.join(folder.path, ".mnemosyne")]);
    await folder.call("remember", "x");
    const { default: Libsql } = await import("libsql");
    const database = new Libsql(path.join(folder.path, ".mnemosyne/mnemosyne.db"));
    const [table] = database
      .prepare("SELECT name FROM sqlite_master WHERE sql LIKE '%minimum_writer%'")
      .all() as { readonly name: string }[];
    database.exec(`UPDATE "${table?.name ?? ""}" SET version = 999, minimum_writer = 999`);
    database.close();
    expect(await diagnose()).toMatchObject({
      code: 1,
      problems: [
        { check: "schema", message: expect.stringContaining("999"), fix: expect.stringMatching(/update/i) },
      ],
    });
  });

  test("a process that keeps the lock is named", async () => {
    await folder.call("remember", "x");
    const { default: Libsql } = await import("libsql");
    const database = new Libsql(path.join(folder.path, ".mnemosyne/mnemosyne.db"));
    database.exec("BEGIN IMMEDIATE");
    try {
      const { code, problems } = await diagnose();
      expect(code).toBe(1);
      expect(problems).toMatchObject([
        { check: "locks", message: expect.stringContaining(`PID ${process.pid}`) },
      ]);
    } finally {
      database.exec("ROLLBACK");
      database.close();
    }
    expect((await diagnose()).code).toBe(0);
  });

  test("a key that cannot be one, a skill that cannot be used, a database in git", async () => {
    await folder.remove();
    folder = await CommandFolder.make({ ANTHROPIC_API_KEY: '"sk-ant-x"' });
    await git("init", "-q");
    await mkdir(path.join(folder.path, ".claude/skills/broken"), { recursive: true });
    await folder.write(".claude/skills/broken/SKILL.md", "no front matter\n");
    await folder.call("remember", "x");
    await git("add", "-f", ".mnemosyne/mnemosyne.db");
    const { problems } = await diagnose();
    expect(problems.map(({ check }) => check)).toEqual(["key", "skills", "git"]);
    expect(problems[0]?.message).not.toContain("sk-ant");
  });

  test("runs that wait for a person are named", async () => {
    await folder.write(
      "plan.yaml",
      "version: 1\nname: ask\ntasks:\n  - { id: a, run: echo hi, approval: Go? }\n",
    );
    await folder.call("run", "plan.yaml", "--run-id", "waits");
    const { checks } = await diagnose();
    expect(checks.find(({ check }) => check === "runs")).toMatchObject({
      status: "note",
      message: expect.stringContaining("waits"),
    });
  });

  test.skipIf(process.getuid?.() === 0)("a folder that cannot be written", async () => {
    await chmod(folder.path, 0o500);
    expect(await diagnose()).toMatchObject({ code: 1, problems: [{ check: "database" }] });
    await chmod(folder.path, 0o700);
  });
});

describe("completion", () => {
  const verbs = ["remember", "recall", "run", "mcp", "doctor", "init", "completion"];

  test("bash completes verbs, sub-verbs, options and files", async () => {
    const { stdout, code } = await folder.call("completion", "bash");
    expect(code).toBe(0);
    await folder.write("script.bash", stdout);
    await folder.write("plan-one.yaml", "");
    const complete = async (...words: readonly string[]) => {
      const quoted = words.map((word) => `'${word}'`).join(" ");
      const script = `source ./script.bash; COMP_WORDS=(mnemosyne ${quoted}); COMP_CWORD=${words.length}; _mnemosyne_completion; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return (await run("bash", ["--norc", "-c", script], { cwd: folder.path })).stdout.trim().split("\n");
    };
    expect(await complete("")).toEqual(expect.arrayContaining(verbs));
    expect(await complete("rec")).toEqual(["recall"]);
    expect(await complete("recall", "--li")).toEqual(["--limit"]);
    expect(await complete("--json", "recall", "--min")).toEqual(["--min-importance"]);
    expect(await complete("plan", "")).toEqual(expect.arrayContaining(["check", "schema"]));
    expect(await complete("completion", "z")).toEqual(["zsh"]);
    expect(await complete("run", "plan-")).toEqual(["plan-one.yaml"]);
    expect(await complete("--db", "plan-")).toEqual(["plan-one.yaml"]);
  });

  test.each(["zsh", "fish"])("%s gets every verb, and its own shell can read it", async (shell) => {
    const { stdout } = await folder.call("completion", shell);
    for (const verb of verbs) expect(stdout).toContain(verb);
    await folder.write("script", stdout);
    const checked = await run(shell, ["-n", "script"], { cwd: folder.path }).catch((error: unknown) => error);
    // Not every machine has this shell.
    if ((checked as NodeJS.ErrnoException).code !== "ENOENT") expect(checked).toMatchObject({ stderr: "" });
  });

  test("another shell is bad input, and completion works with a broken config", async () => {
    const { code, lines } = await folder.call("completion", "tcsh", "--json");
    expect(code).toBe(2);
    expect(lines.at(-1)).toMatchObject({ error: { code: "E_INPUT" } });
    await appendFile(path.join(folder.path, "mnemosyne.config.json"), "{");
    expect((await finished(folder.start("completion", "bash"))).code).toBe(0);
  });
});
