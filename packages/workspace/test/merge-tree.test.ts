import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import {
  manifestHash,
  mergeTree,
  openTree,
  readManifest,
  rebaseTree,
  restoreRecords,
} from "@mnemosyne/workspace";
import { folders, MemoryBlobs, newFolder, readFolder, writeFolder } from "./random-folder.ts";

const home = newFolder("merges");
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

test("with keepBase a base content is there whatever became of the workspace, for the next attempt too", async () => {
  const source = project({ "a.txt": "1\n2\n3\n4\n5\n", "same.txt": "1\n2\n3\n4\n5\n", "b.bin": "x\0y" });
  const first = await openTree({ source, tree: path.join(home, `t${count}-1`), keepBase: true });
  await first.write("a.txt", "one\n2\n3\n4\n5\n");
  const place = path.join(home, `t${count}-2`);
  const tree = await openTree({ source: first.root, base: first.base, tree: place, keepBase: true });
  await first.drop();
  await tree.write("b.bin", "changed");
  for (const at of ["a.txt", "same.txt"]) writeFileSync(path.join(source, at), "1\n2\n3\n4\nfive\n");
  writeFileSync(path.join(source, "b.bin"), "changed too");
  const base = async (at: string): Promise<string> => Buffer.from((await tree.readBase(at)) ?? []).toString();
  expect([await base("a.txt"), await base("same.txt"), await base("b.bin")]).toEqual([
    "1\n2\n3\n4\n5\n",
    "1\n2\n3\n4\n5\n",
    "x\0y",
  ]);
  await tree.write("b.bin", "x\0y");
  const judged = await tree.manifest();
  const blobs = new MemoryBlobs();
  expect(await mergeTree({ tree, workspace: source, judged, blobs, merge: "lines" })).toMatchObject({
    merged: true,
  });
  expect(readFileSync(path.join(source, "a.txt"), "utf8")).toBe("one\n2\n3\n4\nfive\n");
  await tree.drop();
  expect(readdirSync(home).filter((name) => name.startsWith(`t${count}-`))).toEqual([]);
});

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

test("folders and files that nobody may write are copied, merged away, restored and dropped", async () => {
  const source = project({ "closed/deep/a.txt": "1\n", "closed/b.txt": "2\n" });
  for (const [at, mode] of [
    ["closed/deep/a.txt", 0o444],
    ["closed/deep", 0o555],
    ["closed", 0o511],
  ] as const) {
    chmodSync(path.join(source, at), mode);
  }
  const before = readFolder(source);
  const spares = path.join(home, `spares${count}`);
  const tree = await openTree({ source, tree: path.join(home, `t${count}`), spares });
  expect(readFolder(tree.root)).toEqual(before);
  for (const at of ["closed", "closed/deep"]) chmodSync(path.join(tree.root, at), 0o755);
  rmSync(path.join(tree.root, "closed"), { recursive: true });
  const blobs = new MemoryBlobs();
  const outcome = await mergeTree({ tree, workspace: source, judged: await tree.manifest(), blobs });
  expect(readFolder(source)).toEqual({});
  const records = outcome.merged ? [outcome.record] : [];
  expect(await restoreRecords(records, { workspace: source, blobs })).toMatchObject({ conflicts: [] });
  expect(readFolder(source)).toEqual(before);
  await tree.drop({ spares });
  const again = await openTree({ source, tree: path.join(home, `t${count}-again`), spares });
  await again.drop({ spares });
  const last = await openTree({ source, tree: path.join(home, `t${count}-last`), spares });
  expect(readFolder(last.root)).toEqual(before);
  await last.drop();
  for (const at of ["closed", "closed/deep"]) chmodSync(path.join(source, at), 0o755);
});
