import { chmod, mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createWorkspaceTools, type WorkspaceToolsOptions } from "@mnemosyne/executor";
import { openTree } from "@mnemosyne/workspace";
import { describe, expect, test } from "vitest";
import { caller, openBench, thrown, type Bench } from "./harness.ts";

function toolsOf(bench: Bench, more: Partial<WorkspaceToolsOptions> = {}) {
  const { commands } = bench.context();
  return caller(createWorkspaceTools({ workspace: bench.workspace, commands, sandbox: "off", ...more }));
}

describe("read", () => {
  test("gives lines with numbers, a part of them, and says what is left", async () => {
    await using bench = await openBench({ "a.txt": "one\r\ntwo\n\nfour\n", "empty.txt": "" });
    const { call } = toolsOf(bench);
    expect((await call("read", { path: "a.txt" })).content).toBe(
      "     1\tone\n     2\ttwo\n     3\t\n     4\tfour",
    );
    expect((await call("read", { path: "a.txt", from: 2, to: 2 })).content).toBe(
      "     2\ttwo\n[lines 2-2 of 4.]",
    );
    expect((await call("read", { path: "empty.txt" })).content).toBe("'empty.txt' is empty.");
    expect(await call("read", { path: "a.txt", from: 9 })).toMatchObject({ isError: true });
    expect(await call("read", { path: "a.txt", from: 3, to: 2 })).toMatchObject({ isError: true });
  });

  test("a long file comes in parts that together are the whole", async () => {
    const lines = Array.from({ length: 5321 }, (_, index) => `line ${index + 1} ${"x".repeat(index % 90)}`);
    await using bench = await openBench({ "long.txt": `${lines.join("\n")}\n` });
    const { call } = toolsOf(bench);
    const seen: string[] = [];
    for (let from: number | undefined = 1; from !== undefined;) {
      const { content } = await call("read", { path: "long.txt", from });
      seen.push(
        ...content
          .split("\n")
          .filter((line) => line.includes("\t"))
          .map((line) => line.slice(7)),
      );
      const next = /Read on with from: (\d+)/.exec(content)?.[1];
      expect(content.length).toBeLessThan(80_000);
      from = next === undefined ? undefined : Number(next);
    }
    expect(seen).toEqual(lines);
  });

  test("refuses what is not text, and cuts endless lines", async () => {
    await using bench = await openBench({ "minified.js": "x".repeat(100_000) });
    await writeFile(join(bench.root, "image.png"), Buffer.from([0x89, 0x50, 0, 1, 2]));
    await writeFile(join(bench.root, "latin1.txt"), Buffer.from([0x63, 0x61, 0x66, 0xe9]));
    const { call } = toolsOf(bench);
    expect((await call("read", { path: "image.png" })).content).toMatch(/not a text file \(5 bytes\)/);
    expect(await call("read", { path: "latin1.txt" })).toMatchObject({ isError: true });
    expect((await call("read", { path: "minified.js" })).content).toMatch(/\[98000 more characters\]$/);
  });
});

describe("write and edit", () => {
  test("write makes folders, replaces, and keeps a file's permissions", async () => {
    await using bench = await openBench({ "run.sh": "#!/bin/sh\n" });
    await chmod(join(bench.root, "run.sh"), 0o755);
    const { call } = toolsOf(bench);
    expect((await call("write", { path: "deep/new/file.ts", content: "a\nb\n" })).content).toBe(
      "Created 'deep/new/file.ts': 2 lines, 4 bytes.",
    );
    expect((await call("write", { path: "run.sh", content: "#!/bin/sh\necho ü\n" })).content).toMatch(
      /^Replaced 'run\.sh': 2 lines, 18 bytes/,
    );
    expect(await readFile(join(bench.root, "deep/new/file.ts"), "utf8")).toBe("a\nb\n");
    expect((await stat(join(bench.root, "run.sh"))).mode & 0o777).toBe(0o755);
  });

  test("edit replaces one exact piece, over lines too, taking dollars for dollars", async () => {
    await using bench = await openBench({
      "a.ts": "function f() {\n  return 1;\n}\n\nfunction g() {\n  return 1;\n}\n",
    });
    const { call } = toolsOf(bench);
    const { content } = await call("edit", {
      path: "a.ts",
      old: "function g() {\n  return 1;",
      new: "function g() {\n  const cost = '$&$1$$';\n  return cost;",
    });
    expect(content).toContain("     6\t  const cost = '$&$1$$';");
    expect(await readFile(join(bench.root, "a.ts"), "utf8")).toBe(
      "function f() {\n  return 1;\n}\n\nfunction g() {\n  const cost = '$&$1$$';\n  return cost;\n}\n",
    );
  });

  test("edit refuses what is not there or not unique, and says where", async () => {
    const text = "a();\nb();\na();\n    indented(\n      1);\n";
    await using bench = await openBench({ "a.ts": text });
    const { call } = toolsOf(bench);
    expect((await call("edit", { path: "a.ts", old: "a();", new: "c();" })).content).toMatch(
      /2 times.*lines 1, 3/,
    );
    expect((await call("edit", { path: "a.ts", old: "indented(\n1);", new: "" })).content).toMatch(
      /other white space begin at line 4/,
    );
    expect((await call("edit", { path: "a.ts", old: "zzz", new: "" })).content).toMatch(/not in 'a\.ts'/);
    expect(await call("edit", { path: "a.ts", old: "b();", new: "b();" })).toMatchObject({ isError: true });
    expect(await call("edit", { path: "a.ts", old: "", new: "x" })).toMatchObject({ isError: true });
    expect(await readFile(join(bench.root, "a.ts"), "utf8")).toBe(text);
    expect((await call("edit", { path: "a.ts", old: "a();", new: "c();", all: true })).content).toContain(
      "2 places",
    );
    expect(await readFile(join(bench.root, "a.ts"), "utf8")).toBe(
      "c();\nb();\nc();\n    indented(\n      1);\n",
    );
  });

  test("two matches in one line are two, and overlapping ones are not replaced twice", async () => {
    await using bench = await openBench({ "a.txt": "aaa b aa\n" });
    const { call } = toolsOf(bench);
    expect(await call("edit", { path: "a.txt", old: "aa", new: "c" })).toMatchObject({ isError: true });
    await call("edit", { path: "a.txt", old: "aa", new: "c", all: true });
    expect(await readFile(join(bench.root, "a.txt"), "utf8")).toBe("ca b c\n");
  });

  test("a file with Windows line ends keeps them", async () => {
    await using bench = await openBench({ "w.txt": "one\r\ntwo\r\nthree\r\n" });
    const { call } = toolsOf(bench);
    expect(await call("edit", { path: "w.txt", old: "one\ntwo", new: "1\n2\n2b" })).not.toHaveProperty(
      "isError",
    );
    expect(await readFile(join(bench.root, "w.txt"), "utf8")).toBe("1\r\n2\r\n2b\r\nthree\r\n");
  });

  test("outside the tree's globs nothing is written", async () => {
    await using bench = await openBench({ "src/a.ts": "1\n", "test/a.test.ts": "1\n" });
    const tree = await openTree({
      source: bench.root,
      tree: join(bench.outside, "tree"),
      writes: ["src/**"],
    });
    const { call } = caller(
      createWorkspaceTools({ workspace: tree, commands: bench.context().commands, sandbox: "off" }),
    );
    for (const [tool, input] of [
      ["write", { path: "test/a.test.ts", content: "2" }],
      ["edit", { path: "test/a.test.ts", old: "1", new: "2" }],
    ] as const)
      expect((await call(tool, input)).content).toMatch(/E_NOT_ALLOWED.*src\/\*\*/);
    expect(await call("write", { path: "src/a.ts", content: "2\n" })).not.toHaveProperty("isError");
    expect(await tree.changes()).toMatchObject([{ path: "src/a.ts", kind: "modified" }]);
  });
});

describe("list and search", () => {
  test("list gives sorted paths and says when it cut", async () => {
    await using bench = await openBench(
      Object.fromEntries(
        Array.from({ length: 520 }, (_, index) => [`many/f${String(index).padStart(3, "0")}`, ""]),
      ),
    );
    await writeFile(join(bench.root, "a.ts"), "");
    const { call } = toolsOf(bench);
    expect((await call("list", { glob: "*.ts" })).content).toBe("a.ts");
    expect((await call("list", { glob: "nothing/**" })).content).toBe("No file matches 'nothing/**'.");
    expect((await call("list", {})).content).toMatch(/\[cut after 500 files/);
  });

  test("search gives path, line and text", async () => {
    await using bench = await openBench({
      "src/a.ts": "const x = 1;\nlet Y = x;\n",
      "b.md": "x marks\n",
      "c.bin": "x\0",
    });
    const { call } = toolsOf(bench);
    expect((await call("search", { pattern: "\\bx\\b" })).content).toBe(
      "b.md:1: x marks\nsrc/a.ts:1: const x = 1;\nsrc/a.ts:2: let Y = x;\n[1 file was not searched: not text, too large, or outside]",
    );
    expect((await call("search", { pattern: "y =", glob: "src/**", ignoreCase: true })).content).toBe(
      "src/a.ts:2: let Y = x;",
    );
    expect((await call("search", { pattern: "absent", glob: "src/**" })).content).toBe("No line matches.");
    expect((await call("search", { pattern: "(" })).content).toMatch(/not a regular expression.*backslash/);
  });

  test("search cuts many matches and says so", async () => {
    await using bench = await openBench({ "a.txt": "match\n".repeat(1000) });
    const { content } = await toolsOf(bench).call("search", { pattern: "match" });
    expect(content.split("\n")).toHaveLength(201);
    expect(content).toMatch(/\[cut after 200 matches/);
  });

  test("a pattern that would backtrack for ever is stopped and explained", async () => {
    await using bench = await openBench({ "a.txt": `${"a".repeat(60)}b\n` });
    const { call } = toolsOf(bench);
    const began = performance.now();
    expect((await call("search", { pattern: "^(a+)+$" })).content).toMatch(/takes too long/);
    expect(performance.now() - began).toBeLessThan(2000);
    expect((await call("search", { pattern: "a+b" })).content).toMatch(/^a\.txt:1: a/);
  });
});

describe("the jail", () => {
  test.each([
    ["../secret.txt", /E_PATH_ESCAPE/],
    ["src/../../outside/secret.txt", /E_PATH_ESCAPE/],
    ["/etc/passwd", /E_PATH_ESCAPE/],
    ["out/secret.txt", /E_PATH_ESCAPE/],
    ["secretLink", /E_PATH_ESCAPE/],
    [".git/config", /E_NOT_ALLOWED/],
    [".mnemosyne/mnemosyne.db", /E_NOT_ALLOWED/],
    ["a\0b", /E_PATH_ESCAPE/],
    ["", /The input is not right/],
  ])("keeps every tool from %j", async (path, reason) => {
    await using bench = await openBench({ "src/a.ts": "1\n" });
    await writeFile(join(bench.outside, "secret.txt"), "secret words\n");
    await symlink(bench.outside, join(bench.root, "out"));
    await symlink(join(bench.outside, "secret.txt"), join(bench.root, "secretLink"));
    await mkdir(join(bench.root, ".git"));
    await writeFile(join(bench.root, ".git/config"), "secret words\n");
    const { call, uses } = toolsOf(bench);
    const results = [
      await call("read", { path }),
      await call("write", { path, content: "overwritten" }),
      await call("edit", { path, old: "secret", new: "open" }),
    ];
    for (const result of results) {
      expect(result.isError).toBe(true);
      expect(result.content).toMatch(reason);
      expect(result.content).not.toContain("secret words");
    }
    expect(uses.every(({ ok }) => !ok)).toBe(true);
    expect(await readFile(join(bench.outside, "secret.txt"), "utf8")).toBe("secret words\n");
    expect((await call("search", { pattern: "secret words" })).content).toMatch(/^No line matches/);
    expect((await call("list", {})).content).not.toMatch(/out\/|\.git/);
  });
});

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

describe("every tool", () => {
  test("fails closed on input of the wrong form, and says what is right", async () => {
    await using bench = await openBench({ "a.txt": "x" });
    const { call, uses } = toolsOf(bench);
    for (const [tool, input] of [
      ["read", { file: "a.txt" }],
      ["read", { path: 5 }],
      ["read", { path: "a.txt", from: 0 }],
      ["write", { path: "a.txt" }],
      ["edit", { path: "a.txt", old: "x", new: "y", extra: 1 }],
      ["list", []],
      ["search", { pattern: "x".repeat(501) }],
      ["run", { program: "ls", args: "-la" }],
      ["run", "ls"],
      ["read", null],
    ] as const)
      expect(await call(tool, input)).toMatchObject({
        isError: true,
        content: expect.stringContaining("The input is not right"),
      });
    expect(uses).toHaveLength(10);
    expect(await bench.workspace.readText("a.txt")).toBe("x");
  });

  test("reports each use once, its input capped and without secrets", async () => {
    await using bench = await openBench();
    const { call, uses } = toolsOf(bench, {
      environment: { API_KEY: "key-123456" },
      redact: (text) => text.replaceAll("hunter2", "[secret]"),
    });
    await call("write", { path: "a.txt", content: `key-123456 hunter2 ${"x".repeat(5000)}` });
    await call("read", { path: "a.txt", to: 1 });
    expect(uses).toHaveLength(2);
    const [write, read] = uses;
    expect(write).toMatchObject({ tool: "write", ok: true, input: { path: "a.txt" } });
    expect(JSON.stringify(write).length).toBeLessThan(1000);
    expect(JSON.stringify(uses)).not.toMatch(/key-123456|hunter2/);
    expect(read?.summary).toContain("[API_KEY] [secret]");
    expect(await bench.workspace.readText("a.txt")).toContain("hunter2");
  });
});
