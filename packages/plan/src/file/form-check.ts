import type { PlanFinding } from "@mnemosyne/core";
import type { z } from "zod";
import { didYouMean } from "../nearest.ts";
import { planFileSchema, planModuleSchema, type CheckedPlanInput } from "./schema.ts";
import { fixAt, formatPath, legalKeys, type ValuePath } from "./schema-walk.ts";
import { checkWork } from "./work-check.ts";

/** What a check of a plan's form gives. */
export type FormCheck =
  | { readonly value: CheckedPlanInput; readonly findings: readonly PlanFinding[] }
  | { readonly value: undefined; readonly findings: readonly PlanFinding[] };

/** Checks the form of a plan: its keys, their values, and that each task has exactly one kind of work. */
export function checkForm(raw: unknown, kind: "file" | "module"): FormCheck {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw))
    return {
      value: undefined,
      findings: [
        {
          severity: "error",
          rule: "notAMapping",
          path: "",
          message: `A plan is a mapping with the keys 'version', 'tasks' and others, not ${typeName(raw)}.`,
          fix: "Start with 'version: 1' and 'tasks:'.",
        },
      ],
    };
  const schema = kind === "file" ? planFileSchema : planModuleSchema;
  const result = schema.safeParse(raw);
  const faults = result.success ? [] : result.error.issues.flatMap((issue) => toFindings(issue, schema, raw));
  const findings = [...faults, ...checkWork(raw, kind)];
  return result.success && findings.length === 0
    ? { value: result.data, findings }
    : { value: undefined, findings };
}

function toFindings(issue: z.core.$ZodIssue, schema: z.ZodType, raw: unknown): PlanFinding[] {
  const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  if (issue.code === "unrecognized_keys") {
    const legal = legalKeys(schema, path);
    return issue.keys
      .filter((key) => !(key === "function" && isTask(path)))
      .map((key) => ({
        severity: "error",
        rule: "unknownKey",
        path: formatPath([...path, key]),
        message: `The key '${key}' is not known here.`,
        fix: didYouMean(key, legal, `Legal keys are: ${legal.join(", ")}.`),
      }));
  }
  const value = valueAt(raw, path);
  const missing = value === undefined;
  const fix = fixAt(schema, path) ?? adviceOn(issue, value);
  return [
    {
      severity: "error",
      rule: missing ? "missing" : "value",
      path: formatPath(path),
      message: missing
        ? `'${formatPath(path)}' is missing.`
        : `'${formatPath(path)}' ${describe(issue, value)}`,
      fix,
    },
  ];
}

/** What to do where the schema has nothing more exact to say. */
function adviceOn(issue: z.core.$ZodIssue, value: unknown): string {
  if (value === undefined) return "Add it.";
  if (issue.code !== "invalid_value") return "Correct its value.";
  const allowed = issue.values.map(String);
  return didYouMean(
    typeof value === "string" ? value : "",
    allowed,
    `Use ${allowed.map((word) => `'${word}'`).join(" or ")}.`,
  );
}

function describe(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${EXPECTED[issue.expected] ?? issue.expected}, not ${typeName(value)}.`;
    case "invalid_value":
      return `must be ${issue.values
        .map((allowed) => String(allowed))
        .join(", ")
        .replace(/, ([^,]*)$/, " or $1")}, not ${shown(value)}.`;
    case "too_small":
      return issue.origin === "string" || issue.origin === "array"
        ? "must not be empty."
        : `must be ${issue.inclusive === true ? "at least" : "more than"} ${String(issue.minimum)}, not ${shown(value)}.`;
    case "too_big":
      return issue.origin === "string"
        ? `must have at most ${String(issue.maximum)} characters.`
        : `must be at most ${String(issue.maximum)}, not ${shown(value)}.`;
    case "invalid_format":
      return `must not be ${shown(value)}.`;
    case "custom":
    case "invalid_union":
      return `is not right: ${issue.message}`;
    case "invalid_element":
    case "invalid_key":
    case "not_multiple_of":
    case "unrecognized_keys":
    default:
      return `must not be ${shown(value)}: ${issue.message}.`;
  }
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
};

function typeName(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value === "string") return `the text ${shown(value)}`;
  if (typeof value === "number") return `the number ${value}`;
  if (typeof value === "boolean") return `${value}`;
  return `a ${typeof value}`;
}

function shown(value: unknown): string {
  if (typeof value === "string") return `'${value.length > 60 ? `${value.slice(0, 57)}...` : value}'`;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeName(value);
}

function valueAt(raw: unknown, path: ValuePath): unknown {
  let value: unknown = raw;
  for (const part of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[part];
  }
  return value;
}

/** The check of the work says more about `function` in a file than "not known". */
function isTask(path: ValuePath): boolean {
  return path.length === 2 && path[0] === "tasks";
}
