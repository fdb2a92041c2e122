import { createHash } from "node:crypto";
import { canonicalJson, type Task } from "@mnemosyne/core";
import { globMatcher, manifestHash, readManifest, type Manifest } from "@mnemosyne/workspace";
import type { RunServices } from "./run-services.ts";

/** What a task's result depends on beside its definition and what it is given: see `task.keyed`. */
export interface TaskKey {
  readonly files?: string;
  readonly tools: string;
}

type Services = Pick<
  RunServices,
  "workspace" | "plan" | "seen" | "model" | "tools" | "gateVersions" | "agents"
>;

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

/** What a task's result depends on beside definition, inputs and files: hashes by name, as one text. */
export function toolsKey(services: Services, task: Task): string {
  const { model, tools, gateVersions, agents } = services;
  const gates = task.gates.map(({ gate }) => [gate, gateVersions.get(gate) ?? ""]);
  const parts: Record<Part, unknown> = { gates, agent: [], model: [], tools: [] };
  if (task.work.kind === "instructions") {
    const { agent } = task.work;
    parts.agent = [agent, agents.get(agent)?.version ?? ""];
    parts.model = model === undefined ? [] : [model.provider, task.model ?? model.model];
    parts.tools = tools
      .filter(({ name }) => task.tools?.includes(name) !== false)
      .map(({ name, description, inputSchema, version = "" }) => [name, description, inputSchema, version]);
  }
  return PARTS.map((part) => `${part}:${shortHash(parts[part])}`).join(" ");
}

/** Which part of two keys differs, in words; undefined where they are the same. */
export function changedPart(before: string, now: string): string | undefined {
  if (before === now) return undefined;
  const known = new Set(before.split(" "));
  const part = PARTS.find((name) =>
    now.split(" ").some((each) => each.startsWith(`${name}:`) && !known.has(each)),
  );
  return part === undefined ? "What its result depends on is told in another way." : CHANGED[part];
}

type Part = keyof typeof CHANGED;

const CHANGED = {
  gates: "A gate's version changed.",
  agent: "Its agent's prompt changed.",
  model: "The model changed.",
  tools: "A tool changed.",
} as const;

const PARTS = Object.keys(CHANGED) as readonly Part[];

function shortHash(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex").slice(0, 12);
}
