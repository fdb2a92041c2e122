import { createHash } from "node:crypto";
import { canonicalJson, type Task } from "@mnemosyne/core";
import { openShared, readManifest, manifestHash } from "@mnemosyne/workspace";
import type { WorkContext } from "../run/work.ts";
import type { RunServices } from "./run-services.ts";

/**
 * What an approval binds to: the task's definition, the outputs of what it depends on, and the files: those that its
 * `reads` match, or, for a task with a tree and no `reads`, all of the workspace.
 */
export async function approvalSubject(
  services: RunServices,
  task: Task,
  { log, signal }: WorkContext,
): Promise<string> {
  const upstream = task.dependsOn.map((id) => [id, log.projection.task(id).output?.hash ?? null]);
  return sha256(canonicalJson({ task, upstream, files: await files(services, task, signal) }));
}

async function files(services: RunServices, task: Task, signal: AbortSignal): Promise<unknown> {
  if (task.reads.length > 0) {
    const shared = await openShared(services.workspace);
    const paths = await shared.list(task.reads);
    return await Promise.all(paths.map(async (path) => [path, sha256(await shared.readBytes(path))]));
  }
  if (task.isolation !== "tree") return null;
  return manifestHash(await readManifest(services.workspace, { caches: services.plan.caches, signal }));
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
