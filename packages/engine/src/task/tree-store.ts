import { existsSync, readdirSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { ExecutionRef } from "@mnemosyne/core";
import { openTree, reopenTree, type Tree } from "@mnemosyne/workspace";
import type { RunServices } from "./run-services.ts";

/** The folders that a run's tasks work in: `trees/<run>/<task>/<attempt>/<epoch>` below the state folder. */
export class TreeStore {
  readonly #services: RunServices;

  constructor(services: RunServices) {
    this.#services = services;
  }

  /**
   * A new tree for an execution. The first attempt begins with the workspace as it is; a later one with the tree that
   * was judged before it, and still counts its changes from where the first one began.
   */
  async open(
    execution: ExecutionRef,
    writes: readonly string[] | undefined,
    signal: AbortSignal,
  ): Promise<Tree> {
    const { workspace, plan, stateDir } = this.#services;
    await keepOutOfGit(stateDir);
    const tree = this.#folder(execution);
    const before = await this.#judged(execution.task, execution.attempt - 1);
    const options = { tree, caches: plan.caches, signal, ...(writes === undefined ? {} : { writes }) };
    return before === undefined
      ? await openTree({ ...options, source: workspace })
      : await openTree({ ...options, source: before.root, base: before.base });
  }

  /** The tree of an execution that has ended. Undefined where it is gone. */
  async reopen(execution: ExecutionRef, writes: readonly string[] | undefined): Promise<Tree | undefined> {
    const tree = this.#folder(execution);
    if (!existsSync(tree)) return undefined;
    return await reopenTree({
      tree,
      caches: this.#services.plan.caches,
      ...(writes === undefined ? {} : { writes }),
    });
  }

  /** Drops one attempt's trees, so that the next attempt begins with the workspace. */
  async dropAttempt(task: string, attempt: number): Promise<void> {
    await rm(path.join(this.#run(), task, String(attempt)), { recursive: true, force: true });
  }

  /** Drops all trees of a task: it is done. */
  async dropTask(task: string): Promise<void> {
    await rm(path.join(this.#run(), task), { recursive: true, force: true });
  }

  /** Drops all trees of the run. */
  async dropRun(): Promise<void> {
    await rm(this.#run(), { recursive: true, force: true });
  }

  async #judged(task: string, attempt: number): Promise<Tree | undefined> {
    if (attempt < 1) return undefined;
    const folder = path.join(this.#run(), task, String(attempt));
    const epochs = existsSync(folder) ? readdirSync(folder).filter((name) => /^\d+$/.test(name)) : [];
    const last = epochs.map(Number).toSorted((a, b) => b - a)[0];
    if (last === undefined) return undefined;
    return await reopenTree({ tree: path.join(folder, String(last)), caches: this.#services.plan.caches });
  }

  #run(): string {
    return path.join(this.#services.stateDir, "trees", this.#services.runId);
  }

  #folder({ task, attempt, epoch }: ExecutionRef): string {
    return path.join(this.#run(), task, String(attempt), String(epoch));
  }
}

/** Makes the state folder, with a `.gitignore` of its own so that git never lists it. */
export async function keepOutOfGit(stateDir: string): Promise<void> {
  await mkdir(stateDir, { recursive: true });
  const ignore = path.join(stateDir, ".gitignore");
  if (!existsSync(ignore)) await writeFile(ignore, "*\n");
}
