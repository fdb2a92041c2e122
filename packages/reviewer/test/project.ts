import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { TaskId, type CommandRunner, type GateSubject } from "@mnemosyne/core";
import { createCommandRunner, openTree, type Tree } from "@mnemosyne/workspace";

/** Files by path; `undefined` deletes. */
export type Files = Readonly<Record<string, string | undefined>>;

/** A real project on disk, and a task's tree of it with the task's edits made. */
export interface Project extends AsyncDisposable {
  readonly tree: Tree;
  /** What the gates judge. */
  subject(overrides?: Partial<GateSubject>): Promise<GateSubject>;
}

/** Writes `before` to a new folder, copies it to a tree, and makes the edits there. */
export async function openProject(before: Files, edits: Files = {}): Promise<Project> {
  const folder = await mkdtemp(path.join(tmpdir(), "mnemosyne-reviewer-"));
  const source = path.join(folder, "source");
  await mkdir(source);
  for (const [name, text] of Object.entries(before)) {
    await mkdir(path.dirname(path.join(source, name)), { recursive: true });
    await writeFile(path.join(source, name), text ?? "");
  }
  const tree = await openTree({ source, tree: path.join(folder, "tree") });
  for (const [name, text] of Object.entries(edits))
    await (text === undefined ? tree.delete(name) : tree.write(name, text));
  return {
    tree,
    async subject(overrides = {}) {
      return {
        runId: "run",
        task: TaskId.parse("fix"),
        attempt: 1,
        instructions: "Do the work.",
        goal: "A project that works.",
        constraints: [],
        successCriteria: [],
        workspace: tree,
        changes: await tree.changes(),
        tree: await tree.hash(),
        report: "Done.",
        effects: [],
        earlier: [],
        ...overrides,
      };
    },
    async [Symbol.asyncDispose]() {
      await tree.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The runner that the gates' commands go through; a sandbox would only slow these tests down. */
export const commands: CommandRunner = createCommandRunner();
