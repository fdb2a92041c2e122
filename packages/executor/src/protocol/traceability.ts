import { MnemosyneError, type Workspace } from "@mnemosyne/core";
import type { Documents } from "./documents.ts";
import type { PhaseRecord } from "./draft-plan.ts";
import { oneLine } from "./write-documents.ts";

/** What one requirement is met, shown and made by. */
export interface Trace {
  readonly requirement: string;
  readonly tasks: readonly string[];
  readonly tests: readonly string[];
  /** Globs of files. */
  readonly artifacts: readonly string[];
}

/** Requirement to task to test to artifact, one row for each requirement. */
export function tracesOf({ spec, fullSpec, plan }: Documents): readonly Trace[] {
  return (spec?.requirements ?? []).map(({ id }) => {
    const tasks = (plan?.tasks ?? []).filter(({ requirements }) => requirements.includes(id));
    return {
      requirement: id,
      tasks: tasks.map((task) => task.id),
      tests: (fullSpec?.tests ?? [])
        .filter(({ requirements }) => requirements.includes(id))
        .map((test) => test.id),
      artifacts: [...new Set(tasks.flatMap(({ writes }) => writes))],
    };
  });
}

/** The file traceability.md: the traces, and what each phase cost. */
export function writeTraceability(
  title: string,
  traces: readonly Trace[],
  phases: readonly PhaseRecord[] = [],
): string {
  return `${[
    `# Traceability: ${oneLine(title)}`,
    [
      row(["requirement", "tasks", "tests", "artifacts"]),
      row(["---", "---", "---", "---"]),
      ...traces.map(({ requirement, tasks, tests, artifacts }) =>
        row([requirement, tasks.join(", "), tests.join(", "), artifacts.join(", ")]),
      ),
    ].join("\n"),
    ...(phases.length === 0
      ? []
      : [
          "## Phases",
          [
            row(["phase", "outcome", "model calls", "tokens", "redrafts"]),
            row(["---", "---", "---", "---", "---"]),
            ...phases.map(({ phase, outcome, calls, tokens, redrafts }) =>
              row([phase, outcome, String(calls), String(tokens), String(redrafts)]),
            ),
          ].join("\n"),
        ]),
  ].join("\n\n")}\n`;
}

/** Reads the traces of traceability.md. Throws `E_INPUT` where there is no table. */
export function readTraceability(text: string): readonly Trace[] {
  const [table = ""] = text.split(/^## /m);
  const rows = table.split(/\r?\n/).filter((line) => line.startsWith("|"));
  if (rows.length < 2)
    throw new MnemosyneError("E_INPUT", "traceability.md has no table of traces.", {
      kind: "input",
      path: "traceability.md",
    });
  return rows.slice(2).map((row) => {
    const [requirement = "", tasks, tests, artifacts] = row
      .slice(1, row.lastIndexOf("|"))
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll("\\|", "|"));
    return { requirement, tasks: list(tasks), tests: list(tests), artifacts: list(artifacts) };
  });
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => oneLine(cell).replaceAll("|", "\\|")).join(" | ")} |`;
}

function list(cell = ""): readonly string[] {
  return cell
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** What is missing between the documents and what is really there. */
export interface TraceGap {
  /** `forward`: something planned is not there. `backward`: something is there for no requirement. */
  readonly direction: "forward" | "backward";
  readonly message: string;
}

/**
 * Follows the traces both ways: each requirement to tasks, tests and files that exist, and each task and test back to a
 * requirement. With a workspace, artifacts and the files of tests must be in it: the exit criteria of the last phase.
 */
export async function checkTraces(documents: Documents, workspace?: Workspace): Promise<readonly TraceGap[]> {
  const { fullSpec, plan, spec } = documents;
  const gaps: TraceGap[] = [];
  const forward = (message: string): void => void gaps.push({ direction: "forward", message });
  const backward = (message: string): void => void gaps.push({ direction: "backward", message });
  for (const { requirement, tasks, tests } of tracesOf(documents)) {
    if (tasks.length === 0) forward(`No task meets ${requirement}.`);
    if (tests.length === 0) forward(`No test shows ${requirement}.`);
  }
  const known = new Set((spec?.requirements ?? []).map(({ id }) => id));
  const forNone = (ids: readonly string[]): boolean => !ids.some((id) => known.has(id));
  for (const { id, requirements } of plan?.tasks ?? [])
    if (forNone(requirements)) backward(`The task '${id}' is there for no requirement.`);
  for (const { id, requirements } of fullSpec?.tests ?? [])
    if (forNone(requirements)) backward(`The test ${id} is there for no requirement.`);
  if (workspace === undefined) return gaps;
  for (const { id, writes } of plan?.tasks ?? [])
    for (const glob of writes)
      if ((await workspace.list(glob, { limit: 1 })).length === 0)
        forward(`Nothing is there of '${glob}', which task '${id}' was to write.`);
  for (const { id, kind, file } of fullSpec?.tests ?? [])
    if (kind !== "manual" && !(await workspace.exists(file)))
      forward(`The file '${file}' of ${id} is not there.`);
  return gaps;
}
