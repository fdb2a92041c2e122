import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import {
  diffManifests,
  dropTree,
  manifestFromJson,
  manifestHash,
  manifestToJson,
  mergeTree,
  openShared,
  openTree,
  readManifest,
  reopenTree,
} from "@mnemosyne/workspace";
import {
  changedFolders,
  changeFolder,
  MemoryBlobs,
  newFolder,
  readFolder,
  writeFolder,
} from "./random-folder.ts";

const home = newFolder("trees");
afterAll(() => rmSync(home, { recursive: true, force: true }));
let count = 0;

function project(files: Readonly<Record<string, string>>): string {
  count += 1;
  const root = path.join(home, `p${count}`);
  for (const [at, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, at)), { recursive: true });
    writeFileSync(path.join(root, at), content);
  }
  return root;
}

const FILES = {
  "src/a.ts": "a\n",
  ".gitignore": "dist/\n*.log\n",
  "dist/built.js": "built\n",
  "noise.log": "log\n",
  ".git/config": "git\n",
  ".mnemosyne/mnemosyne.db": "db\n",
  "sub/.git/config": "nested\n",
  "sub/.mnemosyne/x.db": "nested state\n",
  "node_modules/pkg/index.js": "pkg\n",
  "sub/node_modules/pkg/index.js": "pkg\n",
  "src/target/source.ts": "no cache\n",
  "rust/Cargo.toml": "[package]\n",
  "rust/target/debug/bin": "binary\n",
};

test("a tree has ignored and untracked files and nested repositories, but no .git, .mnemosyne or caches of its own", async () => {
  const source = project(FILES);
  chmodSync(path.join(source, "src/a.ts"), 0o755);
  utimesSync(path.join(source, "src/a.ts"), 1_000_000_000, 1_000_000_000);
  mkdirSync(path.join(source, "empty/folder"), { recursive: true });
  symlinkSync("/nowhere", path.join(source, "dangling"));
  const tree = await openTree({ source, tree: path.join(source, ".mnemosyne/trees/run/task/1/1") });
  const names = Object.keys(readFolder(tree.root, ["node_modules"])).filter((at) => !at.includes("/target"));
  expect(names).toEqual(
    expect.arrayContaining([
      "src/a.ts",
      "dist/built.js",
      "noise.log",
      "sub/.git/config",
      "empty/folder",
      "dangling",
    ]),
  );
  expect(names.filter((at) => at.startsWith(".git/") || at.includes(".mnemosyne"))).toEqual([]);
  expect(readFileSync(path.join(tree.root, "src/target/source.ts"), "utf8")).toBe("no cache\n");
  expect(readlinkSync(path.join(tree.root, "node_modules"))).toBe(
    realpathSync(path.join(source, "node_modules")),
  );
  expect(lstatSync(path.join(tree.root, "sub/node_modules")).isSymbolicLink()).toBe(true);
  expect(lstatSync(path.join(tree.root, "rust/target")).isSymbolicLink()).toBe(true);
  expect(statSync(path.join(tree.root, "src/a.ts"))).toMatchObject({
    mode: 0o100755,
    mtimeMs: 1_000_000_000_000,
  });
  expect(await tree.readText("node_modules/pkg/index.js")).toBe("pkg\n");
  await expect(tree.write("node_modules/pkg/index.js", "x")).rejects.toMatchObject({ code: "E_NOT_ALLOWED" });
  await expect(tree.write("node_modules/new.js", "x")).rejects.toMatchObject({ code: "E_NOT_ALLOWED" });
  expect(await tree.changes()).toEqual([]);
  expect(await tree.hash()).toBe(manifestHash(tree.base));
  expect(tree.base.caches).toEqual(["node_modules", "rust/target", "sub/node_modules"]);
  await tree.drop();
  expect(readdirSync(path.join(source, ".mnemosyne/trees/run/task/1"))).toEqual([]);
  await tree.drop();
});

test("a cache that a task writes is copied for it", async () => {
  const source = project(FILES);
  const tree = await openTree({ source, tree: path.join(home, `t${count}`), writes: ["node_modules/**"] });
  expect(lstatSync(path.join(tree.root, "node_modules")).isDirectory()).toBe(true);
  await tree.write("node_modules/pkg/index.js", "changed\n");
  expect(await tree.changes()).toMatchObject([{ path: "node_modules/pkg/index.js", kind: "modified" }]);
  expect(readFileSync(path.join(source, "node_modules/pkg/index.js"), "utf8")).toBe("pkg\n");
});

test("packages of a monorepo are the tree's own behind its shared node_modules, in a tree of a tree too", async () => {
  const source = project({
    "packages/core/index.js": "exports.v = 1\n",
    "node_modules/left/index.js": "exports.v = 'left'\n",
    "node_modules/@scope/right/index.js": "exports.v = 'right'\n",
  });
  symlinkSync("../../packages/core", path.join(source, "node_modules/@scope/core"));
  const first = await openTree({ source, tree: path.join(home, `t${count}-1`) });
  writeFileSync(path.join(first.root, "packages/core/index.js"), "exports.v = 2\n");
  const second = await openTree({
    source: first.root,
    base: first.base,
    tree: path.join(home, `t${count}-2`),
  });
  await first.drop();
  const program = "console.log(require('@scope/core').v, require('left').v, require('@scope/right').v)";
  expect(execFileSync(process.execPath, ["-e", program], { cwd: second.root, encoding: "utf8" })).toBe(
    "2 left right\n",
  );
  expect(execFileSync(process.execPath, ["-e", program], { cwd: source, encoding: "utf8" })).toBe(
    "1 left right\n",
  );
  expect(await second.readText("node_modules/left/index.js")).toContain("left");
  expect((await second.changes()).map((change) => change.path)).toEqual(["packages/core/index.js"]);
});

test("the next attempt starts from the tree before it and still counts from the first base", async () => {
  const source = project({ "a.txt": "1\n", "b.txt": "1\n" });
  const first = await openTree({ source, tree: path.join(home, `t${count}-1`) });
  await first.write("a.txt", "2\n");
  const second = await openTree({
    source: first.root,
    base: first.base,
    tree: path.join(home, `t${count}-2`),
  });
  await second.write("c.txt", "3\n");
  await second.delete("b.txt");
  const expected = [
    { path: "a.txt", kind: "modified" },
    { path: "b.txt", kind: "deleted" },
    { path: "c.txt", kind: "added" },
  ];
  expect(await second.changes()).toMatchObject(expected);
  await first.drop();
  const again = await reopenTree({ tree: second.root });
  expect(await again.changes()).toMatchObject(expected);
  expect(await again.hash()).toBe(await second.hash());
  expect(Buffer.from((await again.readBase("a.txt")) ?? []).toString()).toBe("1\n");
  expect(Buffer.from((await again.readBase("b.txt")) ?? []).toString()).toBe("1\n");
  expect(await again.readBase("c.txt")).toBeUndefined();
  await expect(reopenTree({ tree: source })).rejects.toMatchObject({ code: "E_NOT_FOUND" });
  await expect(reopenTree({ tree: path.join(home, "none") })).rejects.toMatchObject({ code: "E_NOT_FOUND" });
});

test("a base content is found as long as anybody has it, and asking for a lost one is an error, not a guess", async () => {
  const source = project({ "a.txt": "base\n" });
  const tree = await openTree({ source, tree: path.join(home, `t${count}`) });
  await tree.write("a.txt", "task\n");
  expect(Buffer.from((await tree.readBase("a.txt")) ?? []).toString()).toBe("base\n");
  writeFileSync(path.join(source, "a.txt"), "person\n");
  await expect(tree.readBase("a.txt")).rejects.toMatchObject({ code: "E_BLOB_GONE" });
});

test("what was opened cancelled, or without a source, leaves nothing", async () => {
  const source = project({ "a.txt": "1\n" });
  const abort = new AbortController();
  abort.abort();
  const tree = path.join(home, `t${count}`);
  await expect(openTree({ source, tree, signal: abort.signal })).rejects.toMatchObject({
    code: "E_CANCELLED",
  });
  await expect(openTree({ source: `${source}-none`, tree })).rejects.toMatchObject({ code: "E_NOT_FOUND" });
  expect(existsSync(tree)).toBe(false);
  await expect(openTree({ source, tree: path.join(source, "inside") })).rejects.toMatchObject({
    code: "E_INPUT",
  });
  expect(existsSync(path.join(source, "inside"))).toBe(false);
  await expect(openTree({ source: path.join(source, "a"), tree: source })).rejects.toMatchObject({
    code: "E_NOT_FOUND",
  });
  expect(readFileSync(path.join(source, "a.txt"), "utf8")).toBe("1\n");
});

test("somebody's own folder is never taken for a tree, nor dropped", async () => {
  const source = project({ "a.txt": "1\n" });
  const own = project({ "precious.txt": "mine" });
  await expect(openTree({ source, tree: own })).rejects.toMatchObject({ code: "E_INPUT" });
  await expect(openTree({ source, tree: home })).rejects.toMatchObject({ code: "E_INPUT" });
  await expect(dropTree(own)).rejects.toMatchObject({ code: "E_INPUT" });
  expect(readFileSync(path.join(own, "precious.txt"), "utf8")).toBe("mine");
});

test("a list has no ignored files, no caches and no folders, and takes globs and a limit", async () => {
  const source = project({
    ...FILES,
    "src/.gitignore": "*.gen.ts\n!keep.gen.ts\n",
    "src/x.gen.ts": "",
    "src/keep.gen.ts": "",
  });
  const workspace = await openShared(source, { base: "none" });
  expect(await workspace.list()).toEqual([
    ".gitignore",
    "rust/Cargo.toml",
    "src/.gitignore",
    "src/a.ts",
    "src/keep.gen.ts",
    "src/target/source.ts",
    "sub/.git/config",
  ]);
  expect(await workspace.list("src/*.ts")).toEqual(["src/a.ts", "src/keep.gen.ts"]);
  expect(await workspace.list(["**/*.toml", "src/**"], { limit: 2 })).toEqual([
    "rust/Cargo.toml",
    "src/.gitignore",
  ]);
  await expect(workspace.changes()).rejects.toMatchObject({ code: "E_INPUT" });
});

test("a shared workspace counts changes from when it was opened, with rewritten files of the same size and time", async () => {
  const source = project({ "a.txt": "aaaa", "b.txt": "bbbb" });
  const workspace = await openShared(source);
  expect(await workspace.changes()).toEqual([]);
  const { atimeMs, mtimeMs } = statSync(path.join(source, "a.txt"));
  writeFileSync(path.join(source, "a.txt"), "AAAA");
  utimesSync(path.join(source, "a.txt"), atimeMs / 1000, mtimeMs / 1000);
  expect(await workspace.changes()).toMatchObject([{ path: "a.txt", kind: "modified" }]);
});

function raw(root: string): string[] {
  return readdirSync(root, { encoding: "buffer" }).map((name) => name.toString("hex"));
}

test("names that are not UTF-8, and odd ones, survive everything", async () => {
  const source = project({
    "plain.txt": "x",
    "new\nline": "n",
    "back\\slash": "b",
    "emoji 😀": "e",
    "e\u0301": "nfd",
    "\u00e9": "nfc",
  });
  const name = Buffer.concat([Buffer.from(`${source}/bad-`), Buffer.from([0xff, 0xfe, 0xc3])]);
  writeFileSync(name, "bad");
  symlinkSync(
    Buffer.from([0x61, 0xff]),
    Buffer.concat([Buffer.from(`${source}/link-`), Buffer.from([0x80])]),
  );
  const manifest = await readManifest(source);
  expect(manifest.entries.get("bad-\udcff\udcfe\udcc3")).toMatchObject({ type: "file", size: 3 });
  expect(manifest.entries.get("link-\udc80")).toMatchObject({ type: "link", target: "a\udcff" });
  const back = manifestFromJson(JSON.parse(JSON.stringify(manifestToJson(manifest))));
  expect(manifestHash(back)).toBe(manifestHash(manifest));
  const tree = await openTree({ source, tree: path.join(home, `t${count}`) });
  expect(raw(tree.root)).toEqual(raw(source));
  await tree.write("bad-\udcff\udcfe\udcc3", "better");
  const blobs = new MemoryBlobs();
  const merged = await mergeTree({ tree, workspace: source, judged: await tree.manifest(), blobs });
  expect(merged.merged).toBe(true);
  expect(readFileSync(name, "utf8")).toBe("better");
});

test("sockets, pipes and forbidden files are left out and named", async () => {
  const source = project({ "a.txt": "1\n", "data.db": "db" });
  execFileSync("mkfifo", [path.join(source, "pipe")]);
  const { dev, ino } = statSync(path.join(source, "data.db"));
  const tree = await openTree({ source, tree: path.join(home, `t${count}`), forbidden: [{ dev, ino }] });
  expect(readdirSync(tree.root)).toEqual(["a.txt"]);
  expect(tree.base.skipped).toEqual([
    { path: "data.db", reason: "forbidden" },
    { path: "pipe", reason: "special" },
  ]);
});

test("a manifest's hash is the same for the same files, and another for any difference", async () => {
  await fc.assert(
    fc.asyncProperty(changedFolders, async ([one, other]) => {
      const [first, second] = [project({}), project({})].map((root) => {
        mkdirSync(root);
        return root;
      }) as [string, string];
      writeFolder(first, one);
      writeFolder(second, one);
      const [a, b] = [await readManifest(first), await readManifest(second)];
      expect(manifestHash(a)).toBe(manifestHash(b));
      changeFolder(second, one, other);
      const c = await readManifest(second, { known: b });
      expect(manifestHash(c)).toBe(manifestHash(await readManifest(second)));
      const equal = JSON.stringify(readFolder(first)) === JSON.stringify(readFolder(second));
      expect(manifestHash(c) === manifestHash(a)).toBe(equal);
      expect(diffManifests(a, c).length === 0).toBe(equal);
    }),
    { numRuns: 25 },
  );
}, 60_000);
