import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createWorkspaceTools } from "@mnemosyne/executor";
import { describe, expect, test } from "vitest";
import { caller, openBench, thrown, toolsOf } from "./harness.ts";

describe("run", () => {
  test("runs an allowed program and tells exit code, output and time", async () => {
    await using bench = await openBench({
      "ok.test.js": 'import { test } from "node:test"; test("adds", () => {});\n',
      "bad.test.js": 'import { test } from "node:test"; test("fails", () => { throw new Error("boom"); });\n',
      "package.json": '{ "type": "module", "scripts": { "hello": "echo hello from a script" } }',
    });
    const { call, uses } = toolsOf(bench);
    const passed = await call("run", { program: "node", args: ["--test", "ok.test.js"] });
    expect(passed.content).toMatch(/^exit code 0 after .*\n--- stdout\n[^]*pass 1/);
    const failed = await call("run", { program: "node", args: ["--test", "bad.test.js"] });
    expect(failed.isError).toBe(true);
    expect(failed.content).toMatch(/^exit code 1[^]*boom/);
    expect((await call("run", { program: "npm", args: ["run", "--silent", "hello"] })).content).toContain(
      "hello from a script",
    );
    expect(uses.map(({ ok }) => ok)).toEqual([true, false, true]);
    // The totals of a test run stand at its end; whoever checks a report against the record needs them.
    expect(uses[1]?.summary).toMatch(/^exit code 1\n[^]*pass 0[^]*fail 1/);
  });

  test("gives exact arguments: no shell reads them", async () => {
    await using bench = await openBench({
      "args.js": "console.log(JSON.stringify(process.argv.slice(2)));\n",
    });
    const args = [
      "$(touch pwned)",
      "; touch pwned",
      "*",
      "a b",
      "`id`",
      "--eval=1",
      "/api/users",
      "C:\\x",
      "ends.",
    ];
    const { content } = await toolsOf(bench).call("run", { program: "node", args: ["args.js", ...args] });
    expect(JSON.parse(/--- stdout\n(.*)/.exec(content)?.[1] ?? "")).toEqual(args);
    expect(await bench.workspace.exists("pwned")).toBe(false);
  });

  test.each([
    ["a shell", "sh", ["-c", "id"]],
    ["bash", "bash", ["-lc", "id"]],
    ["env as a way around", "env", ["node", "-e", "1"]],
    ["a network tool", "curl", ["http://example.com"]],
    ["a program by its path", "./evil.sh", []],
    ["a program by an absolute path", "/bin/sh", ["-c", "id"]],
    ["code on the command line", "node", ["-e", "1"]],
    ["code, written long", "node", ["--eval=1"]],
    ["code, after an option", "node", ["--test", "-e", "1"]],
    ["code, after an option's detached value", "node", ["--test-name-pattern", "x", "-e", "1"]],
    ["code, bundled", "node", ["-pe", "1"]],
    ["code from stdin", "node", ["-"]],
    ["a preload", "node", ["--require", "./a.js", "b.js"]],
    ["an import", "node", ["--import=data:text/javascript,1", "a.js"]],
    ["a debugger", "node", ["--inspect-brk=0.0.0.0", "a.js"]],
    ["another package's folder", "npm", ["--prefix", "/", "test"]],
    ["npm's shell", "npm", ["test", "--script-shell=/bin/evil"]],
    ["npm's options for node", "npm", ["run", "x", "--node-options=--require=./a.js"]],
    ["an install", "npm", ["install", "left-pad"]],
    ["npm exec", "npm", ["exec", "--", "evil"]],
    ["a script that is an option", "npm", ["run"]],
    ["an unknown tool of npx", "npx", ["cowsay"]],
    ["a download by npx", "npx", ["--yes", "vitest"]],
    ["npx's call", "npx", ["-c", "id", "vitest"]],
    ["npx with a package", "npx", ["--package=evil", "vitest"]],
    ["a commit", "git", ["commit", "-m", "x"]],
    ["git settings", "git", ["-c", "core.pager=evil", "log"]],
    ["git elsewhere", "git", ["-C", "/", "status"]],
    ["git writing", "git", ["diff", "--output=a.txt"]],
    ["git writing, abbreviated", "git", ["diff", "--outp=a.txt"]],
    ["git's pager", "git", ["grep", "-Oless", "x"]],
    ["git's external diff", "git", ["diff", "--ext-diff"]],
    ["git reading any file", "git", ["diff", "--no-index", "a", "b"]],
    ["patterns from a file", "grep", ["-f", "a.txt", "b.txt"]],
    ["patterns from a file, bundled", "grep", ["-nfa.txt", "b.txt"]],
    ["following links", "grep", ["-R", "x", "."]],
    ["an endless tail", "tail", ["-f", "a.txt"]],
    ["a file outside", "cat", ["../outside/secret.txt"]],
    ["an absolute file", "cat", ["/etc/passwd"]],
    ["a file outside in an option", "diff", ["--from-file=../outside/secret.txt", "a.txt"]],
    ["a file outside in a short option", "grep", ["x", "-e/../../etc/passwd"]],
    ["a file behind a link", "cat", ["out/secret.txt"]],
    ["a linked file", "head", ["-n1", "secretLink"]],
    ["the repository's own files", "cat", [".git/config"]],
    ["an argument with NUL", "cat", ["a\0b"]],
  ])("refuses %s, saying what is allowed", async (_, program, args) => {
    await using bench = await openBench({
      "a.txt": "x\n",
      "a.js": "",
      "evil.sh": "#!/bin/sh\ntouch pwned\n",
    });
    await chmod(join(bench.root, "evil.sh"), 0o755);
    await writeFile(join(bench.outside, "secret.txt"), "secret\n");
    await symlink(bench.outside, join(bench.root, "out"));
    await symlink(join(bench.outside, "secret.txt"), join(bench.root, "secretLink"));
    await mkdir(join(bench.root, ".git"));
    await writeFile(join(bench.root, ".git/config"), "secret\n");
    let started = 0;
    const { call } = toolsOf(bench, {
      commands: {
        run: () => {
          started++;
          return Promise.reject(new Error("must not start"));
        },
      },
    });
    const { content, isError } = await call("run", { program, args });
    expect(isError).toBe(true);
    expect(content).toMatch(/E_NOT_ALLOWED|E_PATH_ESCAPE/);
    expect(started).toBe(0);
  });

  test.each([
    ["node", ["--version"]],
    ["ls", ["-la"]],
    ["cat", ["a.txt", "src/b.txt"]],
    ["head", ["-n", "1", "a.txt"]],
    ["wc", ["-l", "a.txt"]],
    ["grep", ["-rn", "/absolute/pattern", "."]],
    ["grep", ["-in", "../x", "a.txt"]],
    ["diff", ["a.txt", "a.txt"]],
  ])("lets %s %j run", async (program, args) => {
    await using bench = await openBench({ "a.txt": "/absolute/pattern ../x\n", "src/b.txt": "b\n" });
    expect((await toolsOf(bench).call("run", { program, args })).content).toMatch(/^exit code 0/);
  });

  test("the list can be another one", async () => {
    await using bench = await openBench();
    const { call } = toolsOf(bench, { allow: [{ program: "echo" }] });
    expect((await call("run", { program: "echo", args: ["hi"] })).content).toContain("hi");
    expect((await call("run", { program: "node", args: ["--version"] })).content).toMatch(/Allowed: echo/);
  });

  test("a command that takes too long, or prints too much, is stopped or cut, saying so", async () => {
    await using bench = await openBench({
      "hang.js": "console.log('begun'); setInterval(() => {}, 1000);\n",
      "flood.js": "process.stdout.write('x'.repeat(300000));\n",
    });
    const { call } = toolsOf(bench, { commandTimeout: 700 });
    const hung = await call("run", { program: "node", args: ["hang.js"] });
    expect(hung).toMatchObject({ isError: true });
    expect(hung.content).toMatch(/stopped after 700 ms/);
    const flood = (await toolsOf(bench).call("run", { program: "node", args: ["flood.js"] })).content;
    expect(flood.length).toBeLessThan(30_000);
    expect(flood).toMatch(/bytes of output were not kept/);
  });

  test("a program that is not installed is an error that the model reads", async () => {
    await using bench = await openBench();
    const { call } = toolsOf(bench, { allow: [{ program: "no-such-program-anywhere" }] });
    expect((await call("run", { program: "no-such-program-anywhere" })).content).toMatch(/E_COMMAND_FAILED/);
  });

  test("an abort ends the command and the use", async () => {
    await using bench = await openBench({ "hang.js": "setInterval(() => {}, 1000);\n" });
    const controller = new AbortController();
    const tools = createWorkspaceTools({
      workspace: bench.workspace,
      commands: bench.context().commands,
      sandbox: "off",
    });
    setTimeout(() => controller.abort(), 200);
    const began = performance.now();
    const error = await thrown(
      caller(tools, controller.signal).call("run", { program: "node", args: ["hang.js"] }),
    );
    expect(error.code).toBe("E_CANCELLED");
    expect(performance.now() - began).toBeLessThan(8000);
  });
});
