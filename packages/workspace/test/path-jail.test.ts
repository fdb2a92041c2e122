import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { execFileSync } from "node:child_process";
import { rename, symlink, unlink } from "node:fs/promises";
import path from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { isMnemosyneError } from "@mnemosyne/core";
import { openShared, openTree } from "@mnemosyne/workspace";
import { newFolder } from "./random-folder.ts";

const home = newFolder("jail");
afterAll(() => rmSync(home, { recursive: true, force: true }));

const root = path.join(home, "workspace");
const outside = path.join(home, "outside");
mkdirSync(path.join(root, "src/deep"), { recursive: true });
mkdirSync(path.join(root, ".git/hooks"), { recursive: true });
mkdirSync(path.join(root, ".mnemosyne"));
mkdirSync(path.join(root, "sub/.git"), { recursive: true });
mkdirSync(outside);
mkdirSync(`${root}-sibling`);
writeFileSync(path.join(outside, "secret"), "secret");
writeFileSync(path.join(`${root}-sibling`, "secret"), "secret");
writeFileSync(path.join(root, "src/a.txt"), "inside");
writeFileSync(path.join(root, ".git/config"), "git");
writeFileSync(path.join(root, ".mnemosyne/mnemosyne.db"), "database");
writeFileSync(path.join(root, "sub/.git/config"), "nested");
const link = (target: string, at: string): void => symlinkSync(target, path.join(root, at));
link(outside, "out");
link("../outside", "out-relative");
link(path.join(outside, "secret"), "out-file");
link("src/../../outside/secret", "out-inside-first");
link("/", "slash");
link("..", "up");
link("loop-b", "loop-a");
link("loop-a", "loop-b");
link(path.join(outside, "not-yet"), "dangling-out");
link("../../../outside", "src/deep/out");
link("chain-2", "chain-1");
link("chain-3", "chain-2");
link("../outside/secret", "chain-3");
link(".git", "to-git");
link(".git/config", "src/to-git-config");
link("../.mnemosyne", "src/to-state");
link("/proc/self/cwd", "cwd");
link(`${root}-sibling/secret`, "sibling");
link("src/a.txt", "good-link");
link("src", "good-folder");
linkSync(path.join(root, ".mnemosyne/mnemosyne.db"), path.join(root, "innocent.txt"));
execFileSync("mkfifo", [path.join(root, "pipe")]);
const database = statSync(path.join(root, ".mnemosyne/mnemosyne.db"));
const workspace = await openShared(root, {
  base: "none",
  forbidden: [{ dev: database.dev, ino: database.ino }],
});

const ESCAPES: readonly (readonly [string, "E_PATH_ESCAPE" | "E_NOT_ALLOWED"])[] = [
  ["../outside/secret", "E_PATH_ESCAPE"],
  ["..", "E_PATH_ESCAPE"],
  ["src/../../outside/secret", "E_PATH_ESCAPE"],
  ["src/deep/../../../outside/secret", "E_PATH_ESCAPE"],
  ["./../outside/secret", "E_PATH_ESCAPE"],
  ["src/..", "E_PATH_ESCAPE"],
  ["/etc/passwd", "E_PATH_ESCAPE"],
  ["//etc/passwd", "E_PATH_ESCAPE"],
  [`${root}/src/a.txt`, "E_PATH_ESCAPE"],
  [`${root}-sibling/secret`, "E_PATH_ESCAPE"],
  ["../workspace-sibling/secret", "E_PATH_ESCAPE"],
  ["~/.ssh/id_rsa", "E_PATH_ESCAPE"],
  ["~root/x", "E_PATH_ESCAPE"],
  ["..\\outside\\secret", "E_PATH_ESCAPE"],
  ["src\\..\\..\\outside", "E_PATH_ESCAPE"],
  ["\\\\server\\share\\x", "E_PATH_ESCAPE"],
  ["C:\\Windows\\x", "E_PATH_ESCAPE"],
  ["C:/Windows/x", "E_PATH_ESCAPE"],
  ["file:///etc/passwd", "E_PATH_ESCAPE"],
  ["src/a.txt\0.png", "E_PATH_ESCAPE"],
  ["\0", "E_PATH_ESCAPE"],
  ["out/secret", "E_PATH_ESCAPE"],
  ["out/new", "E_PATH_ESCAPE"],
  ["out-relative/secret", "E_PATH_ESCAPE"],
  ["out-file", "E_PATH_ESCAPE"],
  ["out-inside-first", "E_PATH_ESCAPE"],
  ["slash/etc/passwd", "E_PATH_ESCAPE"],
  ["up/outside/secret", "E_PATH_ESCAPE"],
  ["loop-a", "E_PATH_ESCAPE"],
  ["loop-a/x", "E_PATH_ESCAPE"],
  ["dangling-out", "E_PATH_ESCAPE"],
  ["src/deep/out/secret", "E_PATH_ESCAPE"],
  ["good-folder/deep/out/secret", "E_PATH_ESCAPE"],
  ["chain-1", "E_PATH_ESCAPE"],
  ["sibling", "E_PATH_ESCAPE"],
  ["cwd/x", "E_PATH_ESCAPE"],
  [".git/config", "E_NOT_ALLOWED"],
  [".GIT/config", "E_NOT_ALLOWED"],
  [".Git/hooks/pre-commit", "E_NOT_ALLOWED"],
  ["./.git/config", "E_NOT_ALLOWED"],
  ["src/.git/config", "E_NOT_ALLOWED"],
  ["sub/.git/config", "E_NOT_ALLOWED"],
  [".g\u200cit/config", "E_NOT_ALLOWED"],
  ["git~1/config", "E_NOT_ALLOWED"],
  [".git./config", "E_NOT_ALLOWED"],
  [".git /config", "E_NOT_ALLOWED"],
  ["to-git/config", "E_NOT_ALLOWED"],
  ["src/to-git-config", "E_NOT_ALLOWED"],
  [".mnemosyne/mnemosyne.db", "E_NOT_ALLOWED"],
  [".Mnemosyne/x", "E_NOT_ALLOWED"],
  ["src/to-state/mnemosyne.db", "E_NOT_ALLOWED"],
  ["innocent.txt", "E_NOT_ALLOWED"],
  ["src/a.txt.", "E_NOT_ALLOWED"],
  ["src/a.txt ", "E_NOT_ALLOWED"],
  ["...", "E_NOT_ALLOWED"],
  ["", "E_NOT_ALLOWED"],
];

test.each(ESCAPES)("%j is refused by every verb", async (at, code) => {
  const refused = { code, kind: "input" };
  await expect(workspace.resolve(at, "read")).rejects.toMatchObject(refused);
  await expect(workspace.resolve(at, "write")).rejects.toMatchObject(refused);
  await expect(workspace.readText(at)).rejects.toMatchObject(refused);
  await expect(workspace.readBytes(at)).rejects.toMatchObject(refused);
  await expect(workspace.write(at, "overwritten")).rejects.toMatchObject(refused);
  await expect(workspace.exists(at)).rejects.toMatchObject(refused);
});

test("nothing outside was touched, and the good paths work", async () => {
  expect(readFileSync(path.join(outside, "secret"), "utf8")).toBe("secret");
  expect(readFileSync(path.join(root, ".git/config"), "utf8")).toBe("git");
  expect(readFileSync(path.join(root, ".mnemosyne/mnemosyne.db"), "utf8")).toBe("database");
  expect(await workspace.readText("./src//a.txt")).toBe("inside");
  expect(await workspace.readText("good-link")).toBe("inside");
  expect(await workspace.readText("good-folder/a.txt")).toBe("inside");
  expect(await workspace.resolve("good-folder/new/x", "write")).toBe(`${root}/src/new/x`);
  await workspace.write("good-folder/new/x", "new");
  expect(readFileSync(path.join(root, "src/new/x"), "utf8")).toBe("new");
  await workspace.write("good-link", "through");
  expect(readFileSync(path.join(root, "src/a.txt"), "utf8")).toBe("through");
  expect(await workspace.exists("src/none")).toBe(false);
  await workspace.delete("good-link");
  expect(readFileSync(path.join(root, "src/a.txt"), "utf8")).toBe("through");
  await expect(workspace.delete("out/secret")).rejects.toMatchObject({ code: "E_PATH_ESCAPE" });
  await workspace.delete("out");
  expect(readFileSync(path.join(outside, "secret"), "utf8")).toBe("secret");
  await expect(workspace.delete("src")).rejects.toMatchObject({ code: "E_NOT_ALLOWED" });
  await expect(workspace.readText("src")).rejects.toMatchObject({ code: "E_NOT_ALLOWED" });
  await expect(workspace.readText("none")).rejects.toMatchObject({ code: "E_NOT_FOUND" });
  await expect(workspace.write("src", "x")).rejects.toMatchObject({ code: "E_NOT_ALLOWED" });
  await expect(workspace.write("src/a.txt/x", "x")).rejects.toMatchObject({ code: "E_NOT_ALLOWED" });
});

test("a pipe is not read, whoever waits at its other end", async () => {
  await expect(workspace.readText("pipe")).rejects.toMatchObject({ code: "E_NOT_ALLOWED" });
  await expect(workspace.write("pipe", "x")).rejects.toMatchObject({ code: "E_NOT_ALLOWED" });
});

test("whatever the path, it leads inside or is refused", async () => {
  const names = [
    "..",
    ".",
    "",
    "src",
    "deep",
    "up",
    "good-folder",
    "slash",
    "etc",
    "cwd",
    "outside",
    "new",
    ".git",
  ];
  const part = fc.constantFrom(...names, "a.txt", "C:", "~", "\\");
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 6 }), async (parts) => {
      const real = await workspace.resolve(parts.join("/"), "write").catch(codeOf);
      const inside = (real === root || real.startsWith(`${root}/`)) && !real.includes("/.git");
      expect(inside || real === "E_PATH_ESCAPE" || real === "E_NOT_ALLOWED").toBe(true);
    }),
    { numRuns: 300 },
  );
});

function codeOf(error: unknown): string {
  if (!isMnemosyneError(error)) throw error;
  return error.code;
}

test("a folder that becomes a link again and again never lets a read or a write out", async () => {
  const racing = path.join(home, "racing");
  mkdirSync(path.join(racing, "real"), { recursive: true });
  writeFileSync(path.join(racing, "real/secret"), "mine");
  mkdirSync(path.join(racing, "door"));
  writeFileSync(path.join(racing, "door/secret"), "mine");
  const victim = path.join(home, "victim");
  mkdirSync(victim);
  writeFileSync(path.join(victim, "secret"), "stolen");
  const raced = await openShared(racing, { base: "none" });
  const stop = new AbortController();
  let swaps = 0;
  const swap = (async () => {
    while (!stop.signal.aborted) {
      // A write may make the folder anew in between; then the swap waits for its next turn.
      await rename(path.join(racing, "door"), path.join(racing, `aside-${swaps}`)).catch(() => undefined);
      await symlink(victim, path.join(racing, "door")).catch(() => undefined);
      await unlink(path.join(racing, "door")).catch(() => undefined);
      await rename(path.join(racing, `aside-${swaps}`), path.join(racing, "door")).catch(() => undefined);
      swaps += 1;
    }
  })();
  const seen = new Set<string>();
  let written = 0;
  // Reads first: a write may make the folder anew, without what was in it.
  for (let turn = 0; turn < 300; turn += 1)
    seen.add(await raced.readText("door/secret").catch(() => "refused"));
  for (let turn = 0; turn < 300; turn += 1) {
    await raced.write("door/planted", "x").then(
      () => (written += 1),
      () => undefined,
    );
  }
  stop.abort();
  await swap;
  expect([...seen].toSorted()).toEqual(["mine", "refused"]);
  expect(written).toBeGreaterThan(0);
  expect(swaps).toBeGreaterThan(10);
  expect(readdirSync(victim)).toEqual(["secret"]);
});

test("a task writes what its globs name and nothing else, also through links", async () => {
  const tree = await openTree({ source: root, tree: path.join(home, "tree"), writes: ["src/**", "*.md"] });
  await tree.write("src/ok.ts", "x");
  await tree.write("README.md", "x");
  await tree.write("good-folder/also.ts", "x");
  for (const at of ["other.ts", "sub/x.ts", "docs/a.md"]) {
    await expect(tree.write(at, "x")).rejects.toMatchObject({ code: "E_NOT_ALLOWED" });
  }
  symlinkSync("../sub", path.join(tree.root, "src/sneak"));
  await expect(tree.write("src/sneak/x.ts", "x")).rejects.toMatchObject({ code: "E_NOT_ALLOWED" });
  await expect(tree.delete("sub")).rejects.toMatchObject({ code: "E_NOT_ALLOWED" });
  await tree.drop();
});
