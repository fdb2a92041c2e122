import type { CommandResult, Finding, Gate, GateContext, GateSubject } from "@mnemosyne/core";
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { readDeltas } from "../change/file-delta.ts";
import { readSettings, type Settings } from "../settings.ts";
import { readTestOutcome } from "../testing/read-outcome.ts";
import type { TestOutcome } from "../testing/outcome.ts";
import { judgeCoverage, readCoverageRule } from "../testing/coverage.ts";
import { judgeTestChanges } from "../testing/test-changes.ts";
import { judgeTestCommand } from "../testing/test-command.ts";
import { readTestCases } from "../testing/test-cases.ts";
import { overallVerdict, verdictOf } from "../verdict.ts";

const SETTINGS = ["command", "count", "timeout", "outputLimit", "sandbox", "protect", "allow", "coverage"];
const TEN_MINUTES = 600_000;
const OUTPUT_LIMIT = 4 * 1024 * 1024;
const FAILURES_TOLD = 20;

/**
 * Runs the tests and reads what they say. Fails on a non-zero exit, failed tests, no tests at all, and on a change that
 * removes, weakens or switches off tests or rewrites the test command. Without a command, or with a runner whose output
 * it cannot read, it is `inconclusive` (`count: unchecked` makes the exit code alone count).
 */
export function testsGate(): Gate {
  return {
    name: "tests",
    version: "1",
    async judge(subject, context) {
      const settings = readSettings("tests", context.settings, SETTINGS);
      const command = settings.text("command") ?? subject.testCommand;
      const allowed = new Set(settings.list("allow"));
      const deltas = await readDeltas(subject);
      const changes = [
        ...judgeTestChanges(subject, deltas, settings.list("protect")),
        ...(command === undefined ? [] : await judgeTestCommand(subject, command)),
      ].filter(({ rule }) => !allowed.has(rule));

      if (command === undefined)
        return {
          verdict: overallVerdict([verdictOf(changes), "inconclusive"]),
          findings: [
            ...changes,
            {
              rule: "tests.noCommand",
              severity: "blocker",
              message:
                "There is no command to run the tests with. Give the plan a testCommand, or this gate a command.",
            },
          ],
        };
      const rule = readCoverageRule(context.settings["coverage"]);
      const started = Date.now();
      const ran = await runTests(subject, context, settings, command);
      // Of a run that failed, what it did not reach says nothing.
      const coverage =
        ran.verdict === "pass" && !allowed.has("tests.coverage")
          ? await judgeCoverage(subject, deltas, rule, started)
          : [];
      return {
        ...ran,
        verdict: overallVerdict([verdictOf(changes), ran.verdict, verdictOf(coverage)]),
        findings: [...changes, ...ran.findings, ...coverage],
      };
    },
  };
}

type Judged = Awaited<ReturnType<Gate["judge"]>>;

async function runTests(
  subject: GateSubject,
  context: GateContext,
  settings: Settings,
  command: string,
): Promise<Judged> {
  const timeout = settings.duration("timeout") ?? TEN_MINUTES;
  const result = await context.commands.run(
    { line: command },
    {
      cwd: subject.workspace.root,
      env: {
        // Runners neither watch, colour, nor rewrite snapshots then.
        CI: "1",
        NO_COLOR: "1",
        FORCE_COLOR: "0",
        // Python takes compiled code for fresh by the second and size of its source: an edit can go unseen.
        PYTHONDONTWRITEBYTECODE: "1",
        PYTHONPYCACHEPREFIX: path.join(tmpdir(), `mnemosyne-no-bytecode-${randomUUID()}`),
      },
      timeout,
      signal: context.signal,
      outputLimit: settings.number("outputLimit") ?? OUTPUT_LIMIT,
      sandbox: settings.oneOf("sandbox", ["required", "preferred", "off"]) ?? "preferred",
    },
  );
  const output = stripVTControlCharacters(`${result.stdout}\n${result.stderr}`);
  const outcome = readTestOutcome(output);
  const counted =
    outcome === undefined
      ? {}
      : { measured: { passed: outcome.passed, failed: outcome.failed, skipped: outcome.skipped } };
  const failures = failuresOf(result, outcome, output, command, timeout);
  if (failures !== undefined)
    return { ...failures, ...counted, ...(outcome === undefined ? {} : { passed: outcome.passing }) };
  if (outcome === undefined) return judgeByExitCode(settings, command, output);
  const findings: readonly Finding[] = [
    {
      rule: "tests.ran",
      severity: "note",
      message: `${outcome.passed} tests passed${outcome.skipped > 0 ? `, ${outcome.skipped} were skipped` : ""} (${outcome.runner}).`,
      evidence: command,
    },
    ...(await emptyFiles(subject, outcome)),
  ];
  return {
    verdict: verdictOf(findings),
    findings,
    passed: outcome.passing.length > 0 ? outcome.passing : [command],
    ...counted,
  };
}

/** Files in which no test was registered: one that holds some ended before it came to them. */
async function emptyFiles({ workspace }: GateSubject, { empty }: TestOutcome): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const name of empty) {
    const file = path.isAbsolute(name) ? path.relative(workspace.root, name) : name;
    const known = !file.startsWith("..") && (await workspace.exists(file));
    const holds = known ? readTestCases(file, await workspace.readText(file)).length : 0;
    findings.push({
      rule: "tests.emptyFile",
      severity: holds > 0 ? "blocker" : "warning",
      message:
        holds > 0
          ? `None of the ${holds} tests in this file was run: it ended before them.`
          : "This test file holds no test.",
      file,
    });
  }
  return findings;
}

/** What is wrong with a run, or `undefined` if nothing is. */
function failuresOf(
  result: CommandResult,
  outcome: TestOutcome | undefined,
  output: string,
  command: string,
  timeout: number,
): Pick<Judged, "verdict" | "findings"> | undefined {
  const blocked = (rule: string, message: string, verdict: "fail" | "inconclusive" = "fail") => ({
    verdict,
    findings: [{ rule: `tests.${rule}`, severity: "blocker" as const, message, evidence: tailOf(output) }],
  });
  if (result.timedOut)
    return blocked(
      "timeout",
      `'${command}' did not end within ${timeout / 1000} s. Does a test wait for ever?`,
    );
  if (result.exitCode === 126 || result.exitCode === 127)
    return blocked("notRun", `'${command}' could not be run: exit code ${result.exitCode}.`, "inconclusive");
  if (outcome !== undefined && outcome.failing.length > 0)
    return {
      verdict: "fail",
      findings: outcome.failing.slice(0, FAILURES_TOLD).map((name) => ({
        rule: "tests.failed",
        severity: "blocker",
        message: `The test '${name}' fails.`,
        evidence: aroundFailure(output, name),
      })),
    };
  if (outcome !== undefined && outcome.failed > 0) return blocked("failed", `${outcome.failed} tests fail.`);
  if (result.exitCode !== 0)
    return blocked(
      "exit",
      `'${command}' ended with ${result.exitCode === null ? `signal ${result.signal}` : `exit code ${result.exitCode}`}.`,
    );
  if (outcome !== undefined && outcome.passed === 0)
    return blocked("none", outcome.skipped > 0 ? "Every test was skipped." : "No test was run.");
  return undefined;
}

function judgeByExitCode(settings: Settings, command: string, output: string): Judged {
  if (settings.oneOf("count", ["unchecked"]) === "unchecked")
    return {
      verdict: "pass",
      findings: [
        {
          rule: "tests.unchecked",
          severity: "note",
          message: `'${command}' ended with exit code 0; how many tests ran is not known.`,
        },
      ],
      passed: [command],
    };
  return {
    verdict: "inconclusive",
    findings: [
      {
        rule: "tests.uncounted",
        severity: "blocker",
        message: `'${command}' ended with exit code 0, but its output does not say how many tests ran. Use a runner that does, or let the exit code alone count: tests: { count: unchecked }.`,
        evidence: tailOf(output),
      },
    ],
  };
}

/** The lines that follow a failed test's name: its message, expected and actual values. */
function aroundFailure(output: string, name: string): string {
  const last = name.slice(name.lastIndexOf(" > ") + (name.includes(" > ") ? 3 : 0)).replace(/^.*::/, "");
  const lines = output.split("\n");
  const at = lines.findIndex((line) => line.includes(last) && /not ok|✖|✗|×|FAIL|●|_{3,}|\d+\)/.test(line));
  const told = at < 0 ? lines.slice(-20) : lines.slice(at, at + 16);
  return told.join("\n").trim().slice(0, 1500);
}

function tailOf(output: string): string {
  return output.trim().split("\n").slice(-25).join("\n").slice(-1500);
}
