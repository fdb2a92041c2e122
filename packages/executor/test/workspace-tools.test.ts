import { chmod, mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createWorkspaceTools } from "@mnemosyne/executor";
import { openTree } from "@mnemosyne/workspace";
import { describe, expect, test } from "vitest";
import { caller, openBench, toolsOf } from "./harness.ts";

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
