import { NAME_PATTERN, type PlanFinding } from "@mnemosyne/core";
import { didYouMean } from "../nearest.ts";
import type { Graph } from "./graph.ts";

/** What of a task the checks of its references look at. */
export interface ReferringTask {
  readonly id: string;
  readonly dependsOn: readonly string[];
  readonly writes?: readonly string[] | undefined;
  readonly when?: { readonly task: string } | undefined;
  readonly forEach?: string | undefined;
}

/** Room for the number of an instance: `ID.999999`. */
const LONGEST_TEMPLATE_ID = 57;

/** Ids that are illegal, given twice or taken by instances; names that do not exist or are not depended on. */
export function checkReferences(tasks: readonly ReferringTask[], graph: Graph): PlanFinding[] {
  const findings: PlanFinding[] = [];
  // Most tasks have no fault: paths are only put together where there is one.
  let at = 0;
  const error: Report = (rule, where, message, fix) => {
    findings.push({ severity: "error", rule, path: `tasks[${at}].${where}`, message, fix });
  };
  for (const [index, task] of tasks.entries()) {
    at = index;
    if (!NAME_PATTERN.test(task.id))
      error(
        "id",
        "id",
        `'${task.id}' is not a task id.`,
        "Use a letter or digit, then at most 63 letters, digits, '.', '_' or '-'.",
      );
    const first = graph.byId.get(task.id) ?? index;
    if (first !== index)
      error(
        "duplicateId",
        "id",
        `The id '${task.id}' is used by tasks[${first}] already.`,
        "Give each task an id of its own.",
      );
    checkDependencies(task, graph, error);
    if (task.when !== undefined || task.forEach !== undefined) checkLooks(task, tasks, graph, error);
    checkInstances(task, tasks, graph, error);
  }
  return findings;
}

type Report = (rule: string, where: string, message: string, fix: string) => void;

function checkDependencies(task: ReferringTask, graph: Graph, error: Report): void {
  const { dependsOn } = task;
  const seen = dependsOn.length > 1 ? new Set<string>() : undefined;
  for (const [place, name] of dependsOn.entries()) {
    if (name === task.id)
      error(
        "selfDependency",
        `dependsOn[${place}]`,
        `Task '${task.id}' depends on itself.`,
        "Remove it from 'dependsOn'.",
      );
    else if (!graph.byId.has(name))
      error(
        "unknownDependency",
        `dependsOn[${place}]`,
        `Task '${task.id}' depends on '${name}', which does not exist.`,
        didYouMean(name, graph.ids, "Name a task of this plan."),
      );
    else if (seen?.has(name) === true)
      error(
        "duplicateDependency",
        `dependsOn[${place}]`,
        `Task '${task.id}' names '${name}' twice in 'dependsOn'.`,
        "Name it once.",
      );
    seen?.add(name);
  }
}

function checkLooks(task: ReferringTask, tasks: readonly ReferringTask[], graph: Graph, error: Report): void {
  const looks: [key: string, at: string, name: string | undefined][] = [
    ["when", "when.task", task.when?.task],
    ["forEach", "forEach", task.forEach],
  ];
  for (const [key, at, name] of looks) {
    if (name === undefined) continue;
    const found = graph.byId.get(name);
    if (found === undefined)
      error(
        `${key}.unknown`,
        at,
        `'${key}' of task '${task.id}' looks at '${name}', which does not exist.`,
        didYouMean(name, graph.ids, "Name a task of this plan."),
      );
    else if (!task.dependsOn.includes(name))
      error(
        `${key}.order`,
        at,
        `'${key}' of task '${task.id}' looks at '${name}', but the task does not depend on it.`,
        `Add '${name}' to its 'dependsOn'.`,
      );
    else if (tasks[found]?.forEach !== undefined)
      error(
        `${key}.list`,
        at,
        `'${key}' of task '${task.id}' looks at the forEach task '${name}', which has no output of its own.`,
        `Let a task collect the outputs of '${name}', and look at that one.`,
      );
  }
}

function checkInstances(
  task: ReferringTask,
  tasks: readonly ReferringTask[],
  graph: Graph,
  error: Report,
): void {
  if (task.forEach !== undefined && task.id.length > LONGEST_TEMPLATE_ID)
    error(
      "id",
      "id",
      `The id of a forEach task has at most ${LONGEST_TEMPLATE_ID} characters: its instances are called 'ID.0', 'ID.1' and so on.`,
      "Shorten it.",
    );
  const dot = task.id.lastIndexOf(".");
  if (dot < 0 || !/^\d+$/.test(task.id.slice(dot + 1))) return;
  const template = graph.byId.get(task.id.slice(0, dot));
  if (template !== undefined && tasks[template]?.forEach !== undefined)
    error(
      "duplicateId",
      "id",
      `'${task.id}' is the name of an instance of the forEach task '${task.id.slice(0, dot)}'.`,
      "Give it another id.",
    );
}
