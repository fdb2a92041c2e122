import { createHash } from "node:crypto";
import { canonicalJson, type Task } from "@mnemosyne/core";
import { globMatcher, manifestHash, readManifest, type Manifest } from "@mnemosyne/workspace";
import type { RunServices } from "./run-services.ts";

/** What a task's result depends on beside its definition and what it is given: see `task.keyed`. */
export interface TaskKey {
  readonly files?: string;
  readonly tools: string;
}

type Services = Pick<RunServices, "workspace" | "plan" | "seen" | "model" | "tools" | "gateVersions">;

/** The key of an execution that begins with these files; they are read where they are not given. */
export async function taskKey(
  services: Services,
  task: Task,
  base: Manifest | undefined,
  signal: AbortSignal,
): Promise<TaskKey> {
  const tools = toolsKey(services, task);
  if (!dependsOnFiles(task)) return { tools };
  const manifest = base ?? (await manifestNow(services, signal));
  return { tools, files: filesKey(task, manifest.entries) };
}

/** The workspace as it is. */
export async function manifestNow(
  { workspace, plan, seen }: Pick<RunServices, "workspace" | "plan" | "seen">,
  signal?: AbortSignal,
): Promise<Manifest> {
  const manifest = await readManifest(workspace, {
    caches: plan.caches,
    ...(seen.manifest === undefined ? {} : { known: seen.manifest }),
    ...(signal === undefined ? {} : { signal }),
  });
  seen.manifest = manifest;
  return manifest;
}

/** A function is given its inputs; it depends on files only where it says so. */
export function dependsOnFiles(task: Task): boolean {
  return task.work.kind !== "function" || task.reads.length > 0 || task.isolation === "tree";
}

/** Hash of the files that a task's `reads` match, or of all where it names none. */
export function filesKey(task: Task, entries: Manifest["entries"]): string {
  if (task.reads.length === 0) return manifestHash({ entries });
  const matches = globMatcher(task.reads);
  return manifestHash({ entries: new Map([...entries].filter(([path]) => matches(path))) });
}

/** Hash of the model and of the versions of gates and tools that a task uses. */
export function toolsKey({ model, tools, gateVersions }: Services, task: Task): string {
  const uses = {
    gates: task.gates.map(({ gate }) => [gate, gateVersions.get(gate) ?? "built-in"]),
    model:
      task.work.kind !== "instructions" || model === undefined
        ? null
        : [model.provider, task.model ?? model.model],
    tools: task.work.kind === "instructions" ? (task.tools ?? tools.map(({ name }) => name)) : [],
  };
  return createHash("sha256").update(canonicalJson(uses)).digest("hex").slice(0, 16);
}
