import { stat } from "node:fs/promises";
import path from "node:path";
import type { Finding, GateSubject, Json } from "@mnemosyne/core";
import { MnemosyneError } from "@mnemosyne/core";
import picomatch from "picomatch";
import type { FileDelta } from "../change/file-delta.ts";
import { isTestPath } from "./test-files.ts";

/** Percent of changed lines that tests have to run: of all files, and of those that a glob names. */
export interface CoverageRule {
  readonly all: number;
  readonly globs: Readonly<Record<string, number>>;
  /** The plan asks for it: no report is then not enough. */
  readonly required: boolean;
}

const DEFAULT_PERCENT = 70;
const REPORTS = ["coverage/lcov.info", "coverage/coverage-final.json", "lcov.info"];

/**
 * The gate's `coverage` setting: a percentage (`80`), `true` (70), or percentages by glob with `all` for the rest
 * (`{ all: 70, "src/billing/**": 90 }`). Without it, 70 holds where the command leaves a report. Throws `E_INPUT`.
 */
export function readCoverageRule(setting: Json | undefined): CoverageRule {
  if (setting === undefined || setting === false) return { all: DEFAULT_PERCENT, globs: {}, required: false };
  if (setting === true) return { all: DEFAULT_PERCENT, globs: {}, required: true };
  if (isPercent(setting)) return { all: setting, globs: {}, required: true };
  if (typeof setting === "object" && setting !== null && !Array.isArray(setting)) {
    const entries = Object.entries(setting).filter((entry): entry is [string, number] => isPercent(entry[1]));
    if (entries.length === Object.keys(setting).length) {
      const { all = DEFAULT_PERCENT, ...globs } = Object.fromEntries(entries);
      return { all, globs, required: true };
    }
  }
  throw new MnemosyneError(
    "E_INPUT",
    "The setting 'coverage' of the gate 'tests' must be a percentage from 0 to 100, or percentages by glob.",
    { kind: "input", path: "tests.coverage" },
  );
}

/** Whether the tests ran the lines that the task added or changed, by the report that the run (begun at `since`) left. */
export async function judgeCoverage(
  subject: GateSubject,
  deltas: readonly FileDelta[],
  rule: CoverageRule,
  since: number,
): Promise<readonly Finding[]> {
  const report = await freshReport(subject, since);
  if (report === undefined) {
    const message =
      "The test command left no coverage report (coverage/lcov.info or coverage/coverage-final.json).";
    return [{ rule: "tests.noCoverage", severity: rule.required ? "blocker" : "note", message }];
  }
  const found: Measured[] = deltas
    .filter(({ path, after }) => after !== undefined && !isTestPath(path))
    .flatMap(({ path, added }) => {
      const lines = report.lines.get(path);
      if (lines === undefined) return [];
      const changed = added.flatMap(({ line }) => (lines.has(line) ? line : []));
      return { path, changed, missed: changed.filter((line) => lines.get(line) === 0) };
    });
  const groups = [
    ...Object.entries(rule.globs).map(([glob, percent]) => ({
      name: `files that match ${glob}`,
      percent,
      files: found.filter(({ path }) => picomatch(glob, { dot: true })(path)),
    })),
    { name: "all files", percent: rule.all, files: found },
  ];
  return groups.flatMap(({ name, percent, files }) => judgeGroup(name, percent, files, report.path));
}

interface Measured {
  readonly path: string;
  readonly changed: readonly number[];
  readonly missed: readonly number[];
}

function judgeGroup(
  name: string,
  percent: number,
  files: readonly Measured[],
  report: string,
): readonly Finding[] {
  const changed = files.reduce((sum, file) => sum + file.changed.length, 0);
  const missed = files.reduce((sum, file) => sum + file.missed.length, 0);
  if (changed === 0) return [];
  const reached = Math.floor(((changed - missed) / changed) * 100);
  const summary = `Tests run ${reached} % of the ${changed} changed lines of ${name}`;
  if (reached >= percent)
    return [{ rule: "tests.coverage", severity: "note", message: `${summary}.`, evidence: report }];
  return files
    .filter((file) => file.missed.length > 0)
    .map((file): Finding => ({
      rule: "tests.coverage",
      severity: "blocker",
      message: `${summary}; ${percent} % are asked for. Test these lines.`,
      file: file.path,
      ...(file.missed[0] === undefined ? {} : { line: file.missed[0] }),
      evidence: `lines not run: ${file.missed.slice(0, 30).join(", ")} (${report})`,
    }));
}

interface Report {
  readonly path: string;
  /** How often each line that can be run was, by file. */
  readonly lines: ReadonlyMap<string, ReadonlyMap<number, number>>;
}

/** A report that was there before the run says nothing about it. */
async function freshReport({ workspace }: GateSubject, since: number): Promise<Report | undefined> {
  for (const name of REPORTS) {
    if (!(await workspace.exists(name))) continue;
    const { mtimeMs } = await stat(await workspace.resolve(name, "read"));
    // File systems keep times coarser than the clock.
    if (mtimeMs + 2000 < since) continue;
    const text = await workspace.readText(name);
    const relative = (file: string): string =>
      path.relative(workspace.root, path.resolve(workspace.root, file)).replaceAll("\\", "/");
    return {
      path: name,
      lines: name.endsWith(".json") ? readIstanbul(text, relative) : readLcov(text, relative),
    };
  }
  return undefined;
}

function readLcov(text: string, relative: (file: string) => string): Report["lines"] {
  const files = new Map<string, Map<number, number>>();
  let lines: Map<number, number> | undefined;
  for (const record of text.split(/\r?\n/)) {
    if (record.startsWith("SF:")) {
      const file = relative(record.slice(3));
      lines = files.get(file) ?? new Map<number, number>();
      files.set(file, lines);
    }
    const hit = /^DA:(\d+),(\d+)/.exec(record);
    if (hit !== null && lines !== undefined)
      lines.set(Number(hit[1]), (lines.get(Number(hit[1])) ?? 0) + Number(hit[2]));
  }
  return files;
}

interface IstanbulFile {
  readonly path?: string;
  readonly statementMap: Readonly<Record<string, { readonly start: { readonly line: number } }>>;
  readonly s: Readonly<Record<string, number>>;
}

function readIstanbul(text: string, relative: (file: string) => string): Report["lines"] {
  const files = new Map<string, Map<number, number>>();
  for (const [name, { path: file = name, statementMap, s }] of Object.entries(
    JSON.parse(text) as Record<string, IstanbulFile>,
  )) {
    const lines = new Map<number, number>();
    for (const [id, { start }] of Object.entries(statementMap))
      lines.set(start.line, Math.max(lines.get(start.line) ?? 0, s[id] ?? 0));
    files.set(relative(file), lines);
  }
  return files;
}

function isPercent(value: Json | undefined): value is number {
  return typeof value === "number" && value >= 0 && value <= 100;
}
