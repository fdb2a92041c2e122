import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import {
  applyMerge,
  mergeTree,
  openTree,
  planMerge,
  restoreRecords,
  type MergeOutcome,
} from "@mnemosyne/workspace";
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
  type FolderEntry,
} from "./random-folder.ts";

const home = newFolder("merge-properties");
afterAll(() => rmSync(home, { recursive: true, force: true }));
/** More of them by hand: `PROPERTY_RUNS=20` for twenty times as many. */
const runs = (count: number): number => count * Number(process.env["PROPERTY_RUNS"] ?? 1);
const LONG = 600_000;
const OWN = [".git", ".mnemosyne"];
let count = 0;

/** A workspace in state `before`, and a tree of it that was brought to `after`. */
async function taskOn(before: Folder, after: Folder) {
  count += 1;
  const workspace = path.join(home, `w${count}`);
  mkdirSync(path.join(workspace, ".git"), { recursive: true });
  writeFolder(workspace, before, [".git"]);
  const tree = await openTree({ source: workspace, tree: path.join(workspace, ".mnemosyne/trees/1") });
  expect(readFolder(tree.root)).toEqual(readFolder(workspace, OWN));
  changeFolder(tree.root, before, after);
  return { workspace, tree, judged: await tree.manifest(), blobs: new MemoryBlobs() };
}

function recordOf(outcome: MergeOutcome) {
  if (!outcome.merged) throw new Error(`not merged: ${JSON.stringify(outcome.conflicts)}`);
  return outcome.record;
}

test(
  "a merge makes the workspace what the tree is, and a restore makes it what it was, byte for byte",
  async () => {
    await fc.assert(
      fc.asyncProperty(changedFolders, async ([before, after]) => {
        const { workspace, tree, judged, blobs } = await taskOn(before, after);
        const record = recordOf(await mergeTree({ tree, workspace, judged, blobs }));
        expect(readFolder(workspace, OWN)).toEqual(after);
        const restored = await restoreRecords([record], { workspace, blobs });
        expect(restored.conflicts).toEqual([]);
        expect(readFolder(workspace, OWN)).toEqual(before);
        rmSync(workspace, { recursive: true });
      }),
      { numRuns: runs(12) },
    );
  },
  LONG,
);

test(
  "several merges are restored together: all of them, or back to one of them",
  async () => {
    await fc.assert(
      fc.asyncProperty(
        folders,
        folders,
        folders,
        fc.integer({ min: 1, max: 3 }),
        async (one, two, three, back) => {
          const states: readonly Folder[] = [{}, one, two, three];
          const { workspace, tree, judged, blobs } = await taskOn({}, one);
          const records = [recordOf(await mergeTree({ tree, workspace, judged, blobs }))];
          for (const at of [2, 3]) {
            const next = await openTree({
              source: workspace,
              tree: path.join(workspace, `.mnemosyne/trees/${at}`),
            });
            changeFolder(next.root, states[at - 1] ?? {}, states[at] ?? {});
            records.unshift(
              recordOf(await mergeTree({ tree: next, workspace, judged: await next.manifest(), blobs })),
            );
          }
          const undone = await restoreRecords(records.slice(0, back), { workspace, blobs });
          expect(undone.conflicts).toEqual([]);
          expect(readFolder(workspace, OWN)).toEqual(states[3 - back]);
          rmSync(workspace, { recursive: true });
        },
      ),
      { numRuns: runs(6) },
    );
  },
  LONG,
);

function crashAfter(steps: number): () => void {
  let left = steps;
  return () => {
    left -= 1;
    if (left < 0) throw new Error("crash");
  };
}

function ignoreCrash(error: unknown): void {
  if (!(error instanceof Error) || error.message !== "crash") throw error;
}

test(
  "a merge that a crash ends after any step comes to the same end when it is repeated; so does a restore",
  async () => {
    await fc.assert(
      fc.asyncProperty(
        changedFolders,
        fc.array(fc.nat(8), { maxLength: 4 }),
        async ([before, after], crashes) => {
          const { workspace, tree, judged, blobs } = await taskOn(before, after);
          for (const at of crashes) {
            await mergeTree({ tree, workspace, judged, blobs, onProgress: crashAfter(at) }).catch(
              ignoreCrash,
            );
          }
          const record = recordOf(await mergeTree({ tree, workspace, judged, blobs }));
          expect(readFolder(workspace, OWN)).toEqual(after);
          for (const at of crashes) {
            await restoreRecords([record], { workspace, blobs, onProgress: crashAfter(at) }).catch(
              ignoreCrash,
            );
          }
          const restored = await restoreRecords([record], { workspace, blobs });
          expect(restored.conflicts).toEqual([]);
          expect(readFolder(workspace, OWN)).toEqual(before);
          rmSync(workspace, { recursive: true });
        },
      ),
      { numRuns: runs(12) },
    );
  },
  LONG,
);

interface Versions {
  readonly base: FolderEntry | undefined;
  readonly theirs: FolderEntry | undefined;
  readonly task: FolderEntry | undefined;
  readonly now: FolderEntry | undefined;
}

/** Whether a merged path is what it has to be. */
function isRight({ base, theirs, task, now }: Versions, byLines: boolean): boolean {
  // A folder stays for what somebody put into it, and comes back for what the task put into it.
  const mayBeFolder = now?.type === "directory";
  if (same(theirs, base)) return same(now, task) || (task === undefined && mayBeFolder);
  if (same(task, base) || same(task, theirs))
    return same(now, theirs) || (theirs === undefined && mayBeFolder);
  if (theirs?.type !== "file" || task?.type !== "file" || now?.type !== "file") return mayBeFolder;
  const content = base?.type === "file" ? base.content : undefined;
  if (content === theirs.content) return now.content === task.content;
  if (content === task.content || theirs.content === task.content) return now.content === theirs.content;
  return byLines;
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
          const changed = dice.map((die) => die > 1);
          const theirs = mix(before, other, changed);
          changeFolder(workspace, before, theirs);
          const outcome = await mergeTree({ tree, workspace, judged, blobs, merge });
          const merged = readFolder(workspace, OWN);
          if (outcome.merged) merges += 1;
          else conflicts += 1;
          const paths = new Set([before, after, theirs, merged].flatMap((folder) => Object.keys(folder)));
          const wrong = [...paths].filter((at) => {
            const versions = { base: before[at], theirs: theirs[at], task: after[at], now: merged[at] };
            return outcome.merged ? !isRight(versions, merge === "lines") : !same(merged[at], theirs[at]);
          });
          expect(wrong).toEqual([]);
          const records = outcome.merged ? [outcome.record] : [];
          const restored = await restoreRecords(records, { workspace, blobs });
          expect(restored.conflicts).toEqual([]);
          expect(readFolder(workspace, OWN)).toEqual(theirs);
          rmSync(workspace, { recursive: true });
        },
      ),
      { numRuns: runs(30) },
    );
    expect(conflicts).toBeGreaterThan(0);
    expect(merges).toBeGreaterThan(0);
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
          (step) => step.before?.type === "file" && step.after?.type === "file",
        );
        const victim = files[which % Math.max(1, files.length)]?.path ?? "";
        const written = new Set<string>();
        let edited = false;
        const outcome = await applyMerge({
          workspace,
          plan,
          resultRoot: tree.root,
          blobs,
          onProgress: ({ path: at }) => {
            written.add(at);
            if (edited || written.size !== steps || victim === "" || written.has(victim)) return;
            edited = true;
            writeFileSync(path.join(workspace, victim), "a person's words");
          },
        });
        const now = readFolder(workspace, OWN);
        const mode = (before[victim] as { readonly mode?: number } | undefined)?.mode ?? 0;
        const edit: Folder = { ...before, [victim]: { type: "file", content: "a person's words", mode } };
        expect(now).toEqual(edited ? edit : after);
        expect(outcome).toMatchObject(
          edited ? { merged: false, conflicts: [{ path: victim }] } : { merged: true },
        );
        rmSync(workspace, { recursive: true });
      }),
      { numRuns: runs(12) },
    );
  },
  LONG,
);
