import type { Plan, PlanFinding } from "@mnemosyne/core";
import { invalidPlan } from "../invalid-plan.ts";
import { checkTasks } from "../soundness/check-plan.ts";
import type { ReferringTask } from "../soundness/references.ts";
import { checkForm } from "./form-check.ts";
import { normalisePlan, type NormalPlan } from "./normalise.ts";
import { readPlanText, type PlanFormat } from "./plan-text.ts";

/** How a plan's text is read. */
export interface ParseOptions {
  /** Default `yaml`, of which JSON is a part. */
  readonly format?: PlanFormat;
  /** What messages call the plan, e.g. its path. Default `plan`. */
  readonly source?: string;
  /** The plan's name where it gives none. Default `plan`. */
  readonly name?: string;
}

/** A plan's text, checked: the plan, or what keeps it from being one. */
export interface CheckedPlanText {
  /** Missing when there is an error among the findings. */
  readonly plan?: Plan;
  readonly findings: readonly PlanFinding[];
}

/** What was found in a plan, however it was given. */
export interface CheckedPlan {
  readonly normal?: NormalPlan;
  readonly findings: readonly PlanFinding[];
}

/**
 * Reads a plan from text. Every fault is found before anything is refused: in the text, its keys and values, and
 * the order of its tasks. Throws `E_PLAN_INVALID` with all of them in `details`.
 *
 * @example
 * const plan = parsePlan("version: 1\ntasks:\n  - id: build\n    run: npm run build\n");
 */
export function parsePlan(text: string, options: ParseOptions = {}): Plan {
  const { plan, findings } = checkPlanText(text, options);
  if (plan === undefined) throw invalidPlan(findings, options.source ?? "plan");
  return plan;
}

/** Like {@link parsePlan}, but gives the faults (with line and column) instead of throwing. */
export function checkPlanText(text: string, options: ParseOptions = {}): CheckedPlanText {
  const { raw, findings, locate } = readPlanText(text, options.format ?? "yaml");
  if (findings.length > 0) return { findings };
  const checked = checkPlanData(raw, "file", options.name ?? "plan");
  const located = checked.findings
    .map(locate)
    .toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
  return { findings: located, ...(checked.normal === undefined ? {} : { plan: checked.normal.plan }) };
}

/** Checks a plan's data, form and soundness together. */
export function checkPlanData(raw: unknown, kind: "file" | "module", name: string): CheckedPlan {
  const form = checkForm(raw, kind);
  const { findings: soundness } = checkTasks(skeletons(raw));
  const reported = new Set(form.findings.map(({ path }) => path));
  // A malformed id or list has been reported by the form already.
  const findings = [...form.findings, ...soundness.filter(({ path }) => !reported.has(path))];
  if (form.value === undefined || findings.some(({ severity }) => severity === "error")) return { findings };
  return { findings, normal: normalisePlan(form.value, name) };
}

/** What the checks of the order need of each task, as far as it is well-formed. */
function skeletons(raw: unknown): ReferringTask[] {
  const tasks = member(raw, "tasks");
  if (!Array.isArray(tasks)) return [];
  return tasks.map((task: unknown, index) => {
    const id = member(task, "id");
    const dependsOn = member(task, "dependsOn");
    const writes = member(task, "writes");
    const when = member(member(task, "when"), "task");
    const forEach = member(task, "forEach");
    return {
      // A task without an id stands for itself alone; the form says that the id is missing.
      id: typeof id === "string" ? id : `task-${index}-without-id`,
      dependsOn: textsOf(dependsOn),
      ...(Array.isArray(writes) ? { writes: textsOf(writes) } : {}),
      ...(typeof when === "string" ? { when: { task: when } } : {}),
      ...(typeof forEach === "string" ? { forEach } : {}),
    };
  });
}

function member(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}
