import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  linkSync,
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
import { setTimeout as sleep } from "node:timers/promises";
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
  rebaseTree,
  reopenTree,
} from "@mnemosyne/workspace";
import {
  changedFolders,
  changeFolder,
  folders,
  MemoryBlobs,
  newFolder,
  readFolder,
  writeFolder,
} from "./random-folder.ts";
import { compilePackage } from "./compiled-package.ts";

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

test("a half-made tree of a worker that was killed is replaced, and somebody's own folder is not touched", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 600 }, (_, at) => [`f${at % 20}/x${at}`, "x".repeat(2_000)]),
  );
  const source = project(files);
  const root = path.join(home, `t${count}`);
  const program = `
    import { openTree } from "@mnemosyne/workspace";
    await openTree({ source: ${JSON.stringify(source)}, tree: ${JSON.stringify(root)} });
  `;
  const compiled = newFolder("trees-compiled");
  compilePackage(compiled);
  writeFileSync(path.join(compiled, "open.mjs"), program);
  const worker = spawn(process.execPath, [path.join(compiled, "open.mjs")], { stdio: "inherit" });
  while (!existsSync(path.join(root, "f10"))) await sleep(1);
  worker.kill("SIGKILL");
  await once(worker, "exit");
  rmSync(compiled, { recursive: true });
  await expect(reopenTree({ tree: root })).rejects.toMatchObject({ code: "E_NOT_FOUND" });
  const tree = await openTree({ source, tree: root });
  expect(await tree.hash()).toBe(manifestHash(await readManifest(source)));
  const own = project({ "precious.txt": "mine" });
  await expect(openTree({ source, tree: own })).rejects.toMatchObject({ code: "E_INPUT" });
  await expect(openTree({ source, tree: home })).rejects.toMatchObject({ code: "E_INPUT" });
  await expect(dropTree(own)).rejects.toMatchObject({ code: "E_INPUT" });
  expect(readFileSync(path.join(own, "precious.txt"), "utf8")).toBe("mine");
}, 60_000);

test("a spare becomes the next tree: what is the same stays, and of the last task nothing does", async () => {
  await fc.assert(
    fc.asyncProperty(changedFolders, folders, async ([one, two], left) => {
      const source = project({ "node_modules/p/index.js": "1" });
      writeFolder(source, one, ["node_modules"]);
      // What changed just now is not trusted to be unchanged, so this has to be a little older.
      await sleep(120);
      const spares = path.join(home, `spares${count}`);
      const first = await openTree({ source, tree: path.join(home, `t${count}-1`) });
      await sleep(120);
      changeFolder(first.root, one, left);
      for (const at of [".git/hooks/evil", ".mnemosyne/x", ".mnemosyne-aside-0123456789abcdef.new/x"]) {
        mkdirSync(path.dirname(path.join(first.root, at)), { recursive: true });
        writeFileSync(path.join(first.root, at), "left behind");
      }
      await first.drop({ spares });
      expect(existsSync(first.root)).toBe(false);
      changeFolder(source, one, two);
      const second = await openTree({ source, tree: path.join(home, `t${count}-2`), spares });
      expect(readFolder(second.root, ["node_modules"])).toEqual(two);
      expect(readlinkSync(path.join(second.root, "node_modules"))).toBe(path.join(source, "node_modules"));
      expect(readdirSync(spares)).toEqual([]);
      expect(manifestHash(second.base)).toBe(manifestHash(await readManifest(source)));
      expect(await second.changes()).toEqual([]);
      const times = (root: string): unknown[] =>
        Object.entries(two).flatMap(([at, { type }]) =>
          type === "file" ? [[at, Math.round(statSync(path.join(root, at)).mtimeMs)]] : [],
        );
      expect(times(second.root)).toEqual(times(source));
    }),
    { numRuns: 12 },
  );
}, 60_000);

test("a file of a spare that has a second name elsewhere is made anew", async () => {
  const source = project({ "a.txt": "1\n" });
  await sleep(120);
  const spares = path.join(home, `spares${count}`);
  const first = await openTree({ source, tree: path.join(home, `t${count}-1`) });
  await sleep(120);
  linkSync(path.join(first.root, "a.txt"), path.join(home, `held${count}`));
  await first.drop({ spares });
  const second = await openTree({ source, tree: path.join(home, `t${count}-2`), spares });
  writeFileSync(path.join(home, `held${count}`), "from outside\n");
  expect(await second.readText("a.txt")).toBe("1\n");
  for (let at = 0; at < 6; at += 1) {
    await (await openTree({ source, tree: path.join(home, `t${count}-x${at}`) })).drop({ spares });
  }
  expect(readdirSync(spares).filter((name) => !name.includes(".")).length).toBe(4);
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

test("a rebased tree is what was changed on top of the workspace as it is now", async () => {
  await fc.assert(
    fc.asyncProperty(folders, async (before) => {
      const source = project({});
      mkdirSync(source);
      writeFolder(source, { ...before, "task.txt": { type: "file", content: "old", mode: 0o644 } });
      const tree = await openTree({ source, tree: path.join(home, `t${count}`) });
      await tree.write("task.txt", "new");
      writeFileSync(path.join(source, "theirs.txt"), "theirs");
      for (const name of Object.keys(before)
        .filter((at) => !at.includes("/"))
        .slice(0, 2)) {
        rmSync(path.join(source, name), { recursive: true });
      }
      const rebased = await rebaseTree({ tree, workspace: source, blobs: new MemoryBlobs() });
      expect(rebased.conflicts).toEqual([]);
      const expected = { ...readFolder(source), "task.txt": { type: "file", content: "new", mode: 0o644 } };
      expect(readFolder(tree.root)).toEqual(expected);
      expect((await rebased.tree.changes()).map((change) => change.path)).toEqual(["task.txt"]);
      expect(manifestHash(rebased.tree.base)).toBe(manifestHash(await readManifest(source)));
    }),
    { numRuns: 12 },
  );
}, 60_000);

/** A tree and its workspace that changed different lines of one file. */
async function bothChanged() {
  const base = "1\n2\n3\n4\n5\n";
  const source = project({ "a.txt": base });
  const blobs = new MemoryBlobs();
  await blobs.put(Buffer.from(base));
  const tree = await openTree({ source, tree: path.join(home, `t${count}`), contents: blobs });
  await tree.write("a.txt", base.replace("1", "one"));
  writeFileSync(path.join(source, "a.txt"), base.replace("5", "five"));
  return { source, blobs, tree };
}

test("a rebase joins by lines where asked", async () => {
  const { source, blobs, tree } = await bothChanged();
  const rebased = await rebaseTree({ tree, workspace: source, blobs, merge: "lines", contents: blobs });
  expect(await rebased.tree.readText("a.txt")).toBe("one\n2\n3\n4\nfive\n");
  const judged = await rebased.tree.manifest();
  expect(await mergeTree({ tree: rebased.tree, workspace: source, judged, blobs })).toMatchObject({
    merged: true,
  });
  expect(readFileSync(path.join(source, "a.txt"), "utf8")).toBe("one\n2\n3\n4\nfive\n");
});

test("a rebase reports what both changed, and leaves the tree as it was", async () => {
  const { source, blobs, tree } = await bothChanged();
  const rebased = await rebaseTree({ tree, workspace: source, blobs, merge: "files", contents: blobs });
  expect(rebased.conflicts).toMatchObject([{ path: "a.txt" }]);
  expect(await tree.readText("a.txt")).toBe("one\n2\n3\n4\n5\n");
});

test("only what was judged lands: a file that changed since is refused, and nothing of the merge stays", async () => {
  const source = project({ "a.txt": "1\n", "b.txt": "1\n" });
  const tree = await openTree({ source, tree: path.join(home, `t${count}`) });
  await tree.write("a.txt", "2\n");
  await tree.write("b.txt", "2\n");
  const judged = await tree.manifest();
  await tree.write("b.txt", "3\n");
  await tree.write("coverage.txt", "made by a gate\n");
  const before = readFolder(source);
  const blobs = new MemoryBlobs();
  await expect(mergeTree({ tree, workspace: source, judged, blobs })).rejects.toMatchObject({
    code: "E_STALE",
  });
  expect(readFolder(source)).toEqual(before);
  await tree.write("b.txt", "2\n");
  expect(await mergeTree({ tree, workspace: source, judged, blobs })).toMatchObject({ merged: true });
  expect(readFileSync(path.join(source, "b.txt"), "utf8")).toBe("2\n");
  expect(existsSync(path.join(source, "coverage.txt"))).toBe(false);
});

test("what a task changed beyond its writes does not land; ignored files are left out without a word", async () => {
  const source = project({ ".gitignore": "coverage/\n", "src/a.ts": "1\n", "docs/x.md": "1\n" });
  const tree = await openTree({ source, tree: path.join(home, `t${count}`), writes: ["src/**"] });
  await tree.write("src/deep/new.ts", "2\n");
  mkdirSync(path.join(tree.root, "coverage"));
  writeFileSync(path.join(tree.root, "coverage/lcov.info"), "x");
  const blobs = new MemoryBlobs();
  writeFileSync(path.join(tree.root, "docs/x.md"), "by a command\n");
  await expect(
    mergeTree({ tree, workspace: source, judged: await tree.manifest(), blobs }),
  ).rejects.toMatchObject({
    code: "E_NOT_ALLOWED",
    details: { paths: ["docs/x.md"] },
  });
  writeFileSync(path.join(tree.root, "docs/x.md"), "1\n");
  expect(await mergeTree({ tree, workspace: source, judged: await tree.manifest(), blobs })).toMatchObject({
    merged: true,
  });
  expect(Object.keys(readFolder(source))).toEqual([
    ".gitignore",
    "docs",
    "docs/x.md",
    "src",
    "src/a.ts",
    "src/deep",
    "src/deep/new.ts",
  ]);
});

test("a merge goes through no link that stands where a folder was, and touches nothing behind it", async () => {
  for (const target of ["loop", "../outside"]) {
    const source = project({ "d/a.txt": "1\n", "outside/a.txt": "1\n" });
    const tree = await openTree({ source: source, tree: path.join(home, `t${count}`) });
    await tree.write("d/a.txt", "2\n");
    await tree.write("d/new.txt", "2\n");
    await tree.delete("outside/a.txt");
    const judged = await tree.manifest();
    rmSync(path.join(source, "d"), { recursive: true });
    symlinkSync(target === "loop" ? "d" : "outside", path.join(source, "d"));
    const before = readFolder(source);
    const outcome = await mergeTree({ tree, workspace: source, judged, blobs: new MemoryBlobs() });
    expect(outcome).toMatchObject({ merged: false });
    expect(readFolder(source)).toEqual(before);
  }
});
