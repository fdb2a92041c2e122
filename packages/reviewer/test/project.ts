import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  TaskId,
  type Command,
  type CommandRunner,
  type CommandResult,
  type GateSubject,
} from "@mnemosyne/core";
import { openTree, type Tree } from "@mnemosyne/workspace";

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

/** Runs commands for real, without a sandbox. */
export const commands: CommandRunner = {
  run(command: Command, options): Promise<CommandResult> {
    const started = Date.now();
    const [program, args] =
      "line" in command ? ["/bin/sh", ["-c", command.line]] : [command.program, [...command.args]];
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, {
        cwd: options.cwd,
        env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...options.env },
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
      });
      let stdout = "";
      let stderr = "";
      let timedOut = false;
      const kill = (): void => {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      };
      const timer = setTimeout(() => {
        timedOut = true;
        kill();
      }, options.timeout ?? 60_000);
      options.signal?.addEventListener("abort", kill, { once: true });
      child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
      child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
      child.on("error", reject);
      child.on("close", (exitCode, signal) => {
        clearTimeout(timer);
        options.signal?.removeEventListener("abort", kill);
        resolve({
          exitCode,
          signal,
          stdout,
          stderr,
          truncated: 0,
          timedOut,
          durationMs: Date.now() - started,
          sandbox: { level: "none", missing: [] },
        });
      });
    });
  },
};
