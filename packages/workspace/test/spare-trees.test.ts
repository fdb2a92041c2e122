import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { manifestHash, openTree, readManifest } from "@mnemosyne/workspace";
import {
  changedFolders,
  changeFolder,
  folders,
  mix,
  newFolder,
  readFolder,
  writeFolder,
} from "./random-folder.ts";

const home = newFolder("spares");
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

test("a spare becomes the next tree: what is the same stays, and of the last task nothing does", async () => {
  let reused = 0;
  await fc.assert(
    fc.asyncProperty(changedFolders, folders, async ([one, two], other) => {
      const left = mix(one, other, [true, true, true, false]);
      const source = project({ "node_modules/p/index.js": "1" });
      writeFolder(source, one, ["node_modules"]);
      // What changed just now is not trusted to be unchanged, so this has to be a little older.
      await sleep(50);
      const spares = path.join(home, `spares${count}`);
      const first = await openTree({ source, tree: path.join(home, `t${count}-1`), spares });
      const inode = (root: string): string[] =>
        Object.entries(readFolder(root, ["node_modules"])).flatMap(([at, { type }]) =>
          type === "file" ? [`${at}:${statSync(path.join(root, at)).ino}`] : [],
        );
      const before = new Set(inode(first.root));
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
      reused += inode(second.root).filter((file) => before.has(file)).length;
    }),
    { numRuns: 12 },
  );
  expect(reused).toBeGreaterThan(0);
}, 60_000);

test("a file of a spare that has a second name elsewhere is made anew", async () => {
  const source = project({ "a.txt": "1\n" });
  await sleep(50);
  const spares = path.join(home, `spares${count}`);
  const first = await openTree({ source, tree: path.join(home, `t${count}-1`), spares });
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
