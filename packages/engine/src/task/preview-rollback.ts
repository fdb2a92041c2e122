import { isMnemosyneError, MnemosyneError, type MemoryId, type TaskId } from "@mnemosyne/core";
import { rollbackScope } from "@mnemosyne/plan";
import { restoreRecords, type MergeRecord } from "@mnemosyne/workspace";
import type { RunLog } from "../run/run-log.ts";
import { taskOf } from "../run/task-of.ts";
import { readPayload } from "./outputs.ts";
import type { RunServices } from "./run-services.ts";

/** Something that a rollback leaves as it is. */
export interface NotUndone {
  readonly task: TaskId;
  readonly what: "effects" | "file";
  readonly path?: string;
  readonly reason: string;
}

/** What a rollback would do, and what it cannot do. Nothing was changed to find out. */
export interface RollbackPreview {
  readonly runId: string;
  readonly to?: string;
  /** Tasks that would be undone. */
  readonly tasks: readonly TaskId[];
  /** Compensations, in the order in which they would run. */
  readonly compensations: readonly {
    readonly task: TaskId;
    readonly outcome: "completed" | "unknown";
    readonly with: string;
  }[];
  /** Files that would be put back. */
  readonly files: readonly string[];
  /** Memories that would be quarantined. */
  readonly memories: readonly MemoryId[];
  /** Changes of the playbook that would be taken back, by their version. */
  readonly playbook: readonly number[];
  readonly cannotUndo: readonly NotUndone[];
}

/** Works out what a rollback would do now. Throws `E_TASK_NOT_FOUND`, `E_INPUT` for a `to` that is not completed. */
export async function previewRollback(
  services: Pick<RunServices, "storage" | "runId" | "workspace">,
  log: RunLog,
  to: string | undefined,
): Promise<RollbackPreview> {
  const { state, projection } = log;
  if (to !== undefined && taskOf(state, to).status !== "completed")
    throw new MnemosyneError(
      "E_INPUT",
      `Task '${to}' is ${taskOf(state, to).status}; only the state after a completed task can be gone back to.`,
      { kind: "input", path: "to" },
    );
  const { compensate, undone, kept } = rollbackScope(state, to);
  const files = await previewFiles(services, log, to);
  const stays = new Set<string>(kept);
  return {
    runId: services.runId,
    ...(to === undefined ? {} : { to }),
    tasks: undone,
    compensations: compensate.map(({ task, outcome }) => {
      const how = taskOf(state, task).task.compensate;
      return { task, outcome, with: how === undefined ? "" : "run" in how ? how.run : how.function };
    }),
    files: files.restored,
    memories: projection.tasks.flatMap((task) => (stays.has(task) ? [] : projection.task(task).memories)),
    playbook: projection.tasks.flatMap((task) => (stays.has(task) ? [] : projection.task(task).lessons)),
    cannotUndo: [
      ...undone.flatMap((id): readonly NotUndone[] => {
        const { task } = taskOf(state, id);
        const acts =
          task.isolation === "shared" && task.work.kind !== "instructions" && task.forEach === undefined;
        if (!acts || task.compensate !== undefined) return [];
        const reason = "It acted in the workspace itself or outside it and has no 'compensate'.";
        return [{ task: id, what: "effects", reason }];
      }),
      ...files.lost,
    ],
  };
}

async function previewFiles(
  services: Pick<RunServices, "storage" | "runId" | "workspace">,
  log: RunLog,
  to: string | undefined,
): Promise<{ readonly restored: readonly string[]; readonly lost: readonly NotUndone[] }> {
  const { storage, workspace } = services;
  const merges = log.projection.mergesAfter(to as TaskId | undefined).toReversed();
  const records: MergeRecord[] = [];
  const lost: NotUndone[] = [];
  const byPath = new Map<string, TaskId>();
  for (const { task, record } of merges) {
    try {
      const read = (await readPayload(services, record)) as unknown as MergeRecord;
      records.push(read);
      for (const { path } of read.paths) byPath.set(path, byPath.get(path) ?? task);
    } catch (error) {
      if (!isMnemosyneError(error) || error.code !== "E_BLOB_GONE") throw error;
      lost.push({ task, what: "file", reason: "The record of what its files were before was pruned." });
    }
  }
  // The real rollback puts nothing back either where a record is missing.
  if (lost.length > 0) return { restored: [], lost };
  const { restored, conflicts } = await restoreRecords(records, {
    workspace,
    blobs: storage.blobs,
    dryRun: true,
  });
  for (const { path, reason } of conflicts)
    lost.push({ task: byPath.get(path) ?? ("" as TaskId), what: "file", path, reason });
  return { restored, lost };
}
