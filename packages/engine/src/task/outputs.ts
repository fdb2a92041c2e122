import { canonicalJson, MnemosyneError, type Json, type PayloadRef, type TaskId } from "@mnemosyne/core";
import { outputNeeds } from "@mnemosyne/plan";
import { taskOf } from "../run/task-of.ts";
import { jsonHash } from "../run/payload.ts";
import type { RunLog } from "../run/run-log.ts";
import type { RunServices } from "./run-services.ts";

/** Reads a payload back. Throws `E_BLOB_GONE` where it was pruned. */
export async function readPayload(
  services: Pick<RunServices, "storage" | "runId">,
  ref: PayloadRef,
): Promise<Json> {
  const text = await services.storage.journal.readPayload(ref);
  if (text === undefined)
    throw new MnemosyneError("E_BLOB_GONE", `Payload ${ref.hash} of run ${services.runId} is gone.`, {
      kind: "notFound",
    });
  return JSON.parse(text) as Json;
}

/** Outputs of the tasks that a task depends on, by id; a `forEach` template's is the list of its instances' outputs. */
export async function inputsOf(
  services: RunServices,
  log: RunLog,
  id: TaskId,
): Promise<Record<string, Json>> {
  const inputs: Record<string, Json> = {};
  for (const dependency of taskOf(log.state, id).task.dependsOn) {
    const output = await outputOf(services, log, dependency);
    if (output !== undefined) inputs[dependency] = output;
  }
  return inputs;
}

/** Output of one completed task; undefined where it has none. */
export async function outputOf(services: RunServices, log: RunLog, id: TaskId): Promise<Json | undefined> {
  const { task, children } = taskOf(log.state, id);
  if (task.forEach !== undefined && children.length > 0) {
    const outputs: Json[] = [];
    for (const instance of children) outputs.push((await outputOf(services, log, instance)) ?? null);
    return outputs;
  }
  const ref = log.projection.task(id).output;
  return ref === undefined ? undefined : await readPayload(services, ref);
}

/** The element that a `forEach` instance works on; undefined for other tasks. */
export async function elementOf(services: RunServices, log: RunLog, id: TaskId): Promise<Json | undefined> {
  const { element, parent } = taskOf(log.state, id);
  const source = parent === undefined ? undefined : taskOf(log.state, parent).task.forEach;
  if (element === undefined || source === undefined) return undefined;
  const list = await outputOf(services, log, source);
  return Array.isArray(list) ? (list as readonly Json[])[element.index] : undefined;
}

/** What a completion tells the machine about its dependents: the values of their `when` and their `forEach` elements. */
export function conditionsOn(
  log: RunLog,
  id: TaskId,
  output: Json | undefined,
): { readonly when?: Record<string, boolean>; readonly forEach?: Record<string, readonly string[]> } {
  const needs = outputNeeds(log.state, id);
  const when: Record<string, boolean> = {};
  const forEach: Record<string, readonly string[]> = {};
  for (const { task, condition } of needs.when)
    when[task] = canonicalJson(valueAt(output, condition.path)) === canonicalJson(condition.equals);
  if (Array.isArray(output))
    for (const task of needs.forEach)
      forEach[task] = (output as readonly Json[]).map((element) => jsonHash(element));
  return {
    ...(needs.when.length === 0 ? {} : { when }),
    ...(Object.keys(forEach).length === 0 ? {} : { forEach }),
  };
}

/** The value at a dotted path such as `items.0.name`; an empty path is the whole. */
export function valueAt(value: Json | undefined, path: string): Json | undefined {
  let current = value;
  for (const part of path === "" ? [] : path.split(".")) {
    if (current === null || typeof current !== "object") return undefined;
    current = (current as Readonly<Record<string, Json | undefined>>)[part];
  }
  return current;
}
