import type { PlanInput, TaskInput } from "@mnemosyne/plan";
import type { Documents, PlannedTask } from "./documents.ts";
import { oneLine } from "./write-documents.ts";

/** What a plan needs beside the documents. */
export interface PlanSettings {
  readonly name: string;
  /** The folder that tasks act on, relative to the plan's file. */
  readonly workspace: string;
  /** Default 400 000 tokens. */
  readonly budget?: { readonly tokens?: number; readonly usd?: number };
}

/** The plan that the documents come to: one task of the plan file for each planned one, its traces in the instructions. */
export function planInputOf(documents: Documents, prompt: string, settings: PlanSettings): PlanInput {
  const { spec, plan } = documents;
  const tasks = plan?.tasks ?? [];
  const testCommand = oneLine(plan?.testCommand ?? "");
  return {
    version: 1,
    name: settings.name,
    goal: spec === undefined ? oneLine(prompt) : oneLine(spec.intent),
    constraints: spec?.constraints.map(oneLine) ?? [],
    successCriteria: spec?.requirements.map(({ acceptance }) => oneLine(acceptance)) ?? [],
    workspace: settings.workspace,
    budget: settings.budget ?? { tokens: 400_000 },
    ...(testCommand === "" ? {} : { testCommand }),
    tasks:
      tasks.length === 0
        ? [{ id: "work", instructions: prompt.trim() }]
        : tasks.map((task) => taskInput(task, documents)),
  };
}

function taskInput(task: PlannedTask, { spec, fullSpec }: Documents): TaskInput {
  const requirements = (spec?.requirements ?? []).filter(({ id }) => task.requirements.includes(id));
  const tests = (fullSpec?.tests ?? []).filter(({ id }) => task.tests.includes(id));
  const parts = [
    task.instructions.trim(),
    ...requirements.map(
      ({ id, text, acceptance }) => `${id}: ${oneLine(text)} Accepted when: ${oneLine(acceptance)}`,
    ),
    ...tests.map(
      ({ id, description, file }) =>
        `${id}: write this test${file === "" ? "" : ` in \`${file}\``}: ${oneLine(description)}`,
    ),
  ];
  return {
    id: task.id,
    instructions: parts.join("\n"),
    ...(task.dependsOn.length === 0 ? {} : { dependsOn: task.dependsOn }),
    ...(task.reads.length === 0 ? {} : { reads: task.reads }),
    ...(task.writes.length === 0 ? {} : { writes: task.writes }),
  };
}
