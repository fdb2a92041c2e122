import { rmSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { applyMerge, mergeTree, openTree, planMerge, restoreRecords } from "@mnemosyne/workspace";
import {
  changedFolders,
  changeFolder,
  folders,
  MemoryBlobs,
  mix,
  newFolder,
  readFolder,
  same,
  writeFolder,
  type Folder,
} from "./random-folder.ts";

const home = newFolder("merge-properties");
/** More of them by hand: `PROPERTY_RUNS=20` for twenty times as many. */
const runs = (count: number): number => count * Number(process.env["PROPERTY_RUNS"] ?? 1);
afterAll(() => rmSync(home, { recursive: true, force: true }));
const LONG = 600_000;
let count = 0;

/** A workspace in state `before`, and a tree of it that was brought to `after`. */
async function taskOn(before: Folder, after: Folder) {
  count += 1;
  const workspace = path.join(home, `w${count}`);
  const { mkdirSync } = await import("node:fs");
  mkdirSync(path.join(workspace, ".git"), { recursive: true });
  writeFolder(workspace, before, [".git"]);
  const tree = await openTree({ source: workspace, tree: path.join(workspace, ".mnemosyne/trees/1") });
  expect(readFolder(tree.root)).toEqual(readFolder(workspace, [".git", ".mnemosyne"]));
  changeFolder(tree.root, before, after);
  return { workspace, tree, judged: await tree.manifest(), blobs: new MemoryBlobs() };
}

const OWN = [".git", ".mnemosyne"];

test(
  "a merge makes the workspace what the tree is, and a restore makes it what it was, byte for byte",
  async () => {
    await fc.assert(
      fc.asyncProperty(changedFolders, async ([before, after]) => {
        const { workspace, tree, judged, blobs } = await taskOn(before, after);
        const outcome = await mergeTree({ tree, workspace, judged, blobs });
        expect(outcome).toMatchObject({ merged: true });
        expect(readFolder(workspace, OWN)).toEqual(after);
        if (!outcome.merged) return;
        const restored = await restoreRecords([outcome.record], { workspace, blobs });
        expect(restored.conflicts).toEqual([]);
        expect(readFolder(workspace, OWN)).toEqual(before);
        rmSync(workspace, { recursive: true });
      }),
      { numRuns: runs(40) },
    );
  },
  LONG,
);

test(
  "a merge that a crash ends after any step comes to the same end when it is repeated; so does a restore",
  async () => {
    await fc.assert(
      fc.asyncProperty(
        changedFolders,
        fc.array(fc.nat(8), { maxLength: 4 }),
        async ([before, after], crashes) => {
          const { workspace, tree, judged, blobs } = await taskOn(before, after);
          const crashingAt = (steps: number) => {
            let left = steps;
            return () => {
              left -= 1;
              if (left < 0) throw new Error("crash");
            };
          };
          for (const at of crashes) {
            await mergeTree({ tree, workspace, judged, blobs, onProgress: crashingAt(at) }).catch(
              ignoreCrash,
            );
          }
          const outcome = await mergeTree({ tree, workspace, judged, blobs });
          expect(readFolder(workspace, OWN)).toEqual(after);
          if (!outcome.merged) throw new Error("not merged");
          for (const at of crashes) {
            await restoreRecords([outcome.record], { workspace, blobs, onProgress: crashingAt(at) }).catch(
              ignoreCrash,
            );
          }
          const restored = await restoreRecords([outcome.record], { workspace, blobs });
          expect(restored.conflicts).toEqual([]);
          expect(readFolder(workspace, OWN)).toEqual(before);
          rmSync(workspace, { recursive: true });
        },
      ),
      { numRuns: runs(40) },
    );
  },
  LONG,
);

function ignoreCrash(error: unknown): void {
  if (!(error instanceof Error) || error.message !== "crash") throw error;
}

test(
  "what a person changed meanwhile is never lost: it stands as they left it, or nothing was merged at all",
  async () => {
    let conflicts = 0;
    let merges = 0;
    await fc.assert(
      fc.asyncProperty(
        changedFolders,
        folders,
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 30, maxLength: 30 }),
        fc.constantFrom("files" as const, "lines" as const),
        async ([before, after], other, dice, merge) => {
          const { workspace, tree, judged, blobs } = await taskOn(before, after);
          const theirs = mix(
            before,
            other,
            dice.map((die) => die > 1),
          );
          changeFolder(workspace, before, theirs);
          const outcome = await mergeTree({ tree, workspace, judged, blobs, merge });
          const now = readFolder(workspace, OWN);
          if (!outcome.merged) {
            conflicts += 1;
            expect(now).toEqual(theirs);
            rmSync(workspace, { recursive: true });
            return;
          }
          merges += 1;
          for (const at of new Set([...Object.keys(theirs), ...Object.keys(before), ...Object.keys(after)])) {
            const [b, t, a, n] = [before[at], theirs[at], after[at], now[at]];
            if (same(t, b)) {
              // Only the task changed it, or nobody; a folder with something of theirs in it stays.
              if (a === undefined && n?.type === "directory") continue;
              if (a !== undefined || n !== undefined) expect([at, n]).toEqual([at, a]);
            } else if (same(a, b) || same(a, t)) {
              // Only they changed it, or both in the same way; a folder that the task needs comes back.
              if (t === undefined && n?.type === "directory") continue;
              expect([at, n]).toEqual([at, t]);
            } else if (n?.type === "file" && t?.type === "file" && a?.type === "file") {
              // Both changed it: content and bits each come from one that changed them, or are joined by lines.
              if (merge === "files") {
                expect([t.content, a.content]).toContain(n.content);
                if (
                  t.content !== (b as { content?: string } | undefined)?.content &&
                  a.content !== (b as { content?: string } | undefined)?.content
                )
                  expect(n.content).toBe(t.content);
              }
            } else {
              expect([at, n?.type]).toEqual([at, "directory"]);
            }
          }
          const restored = await restoreRecords([outcome.record], { workspace, blobs });
          expect(restored.conflicts).toEqual([]);
          const back = readFolder(workspace, OWN);
          expect(back).toEqual(theirs);
          rmSync(workspace, { recursive: true });
        },
      ),
      { numRuns: runs(80) },
    );
    expect(conflicts).toBeGreaterThan(5);
    expect(merges).toBeGreaterThan(5);
  },
  LONG,
);

test(
  "a person's edit during a merge is kept, and all other paths go back",
  async () => {
    await fc.assert(
      fc.asyncProperty(changedFolders, fc.nat(6), fc.nat(20), async ([before, after], steps, which) => {
        const { workspace, tree, judged, blobs } = await taskOn(before, after);
        const plan = await planMerge({
          workspace,
          base: tree.base,
          result: judged,
          resultRoot: tree.root,
          blobs,
        });
        const files = plan.steps.filter(
          ({ before, after }) => before?.type === "file" && after?.type === "file",
        );
        const victim = files[which % Math.max(1, files.length)]?.path;
        const { writeFileSync } = await import("node:fs");
        let left = steps;
        let edited = false;
        const written = new Set<string>();
        const outcome = await applyMerge({
          workspace,
          plan,
          resultRoot: tree.root,
          blobs,
          onProgress: ({ path: at }) => {
            written.add(at);
            left -= 1;
            if (left !== 0 || victim === undefined || written.has(victim)) return;
            edited = true;
            writeFileSync(path.join(workspace, victim), "a person's words");
          },
        });
        const now = readFolder(workspace, OWN);
        if (!edited || victim === undefined) expect(now).toEqual(after);
        else {
          expect(outcome).toMatchObject({ merged: false, conflicts: [{ path: victim }] });
          expect(now[victim]).toMatchObject({ content: "a person's words" });
          expect({ ...now, [victim]: undefined }).toEqual({ ...before, [victim]: undefined });
        }
        rmSync(workspace, { recursive: true });
      }),
      { numRuns: runs(30) },
    );
  },
  LONG,
);
