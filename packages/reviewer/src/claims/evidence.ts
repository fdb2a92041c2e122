import type { GateSubject, Json } from "@mnemosyne/core";
import { readTestOutcome } from "../testing/read-outcome.ts";
import type { TestOutcome } from "../testing/outcome.ts";
import type { ClaimContext } from "./claim.ts";

/** A command that the journal shows was run. */
export interface RanCommand {
  readonly line: string;
  readonly ok: boolean;
  readonly summary: string;
}

/** The commands among a subject's effects, in order. */
export function commandsRun({ effects }: GateSubject): readonly RanCommand[] {
  return effects.flatMap(({ tool, input, ok, summary }) => {
    const line = commandIn(tool, input);
    return line === undefined
      ? []
      : {
          line,
          ok: ok && !/\bexit(?:ed)?(?:\s+(?:with|code|status))*[:\s]+[1-9]\d*\b/i.test(summary ?? ""),
          summary: summary ?? "",
        };
  });
}

function commandIn(tool: string, input: Json): string | undefined {
  if (typeof input === "string")
    return /run|command|bash|shell|exec|terminal/i.test(tool) ? input : undefined;
  if (typeof input !== "object" || input === null || Array.isArray(input)) return undefined;
  const members = input as Readonly<Record<string, Json | undefined>>;
  for (const key of ["line", "command", "cmd", "script"])
    if (typeof members[key] === "string") return withArguments(members[key], members["args"]);
  if (Array.isArray(members["command"])) return members["command"].map(String).join(" ");
  return typeof members["program"] === "string"
    ? withArguments(members["program"], members["args"])
    : undefined;
}

function withArguments(line: string, args: Json | undefined): string {
  return Array.isArray(args) ? [line, ...args.map(String)].join(" ") : line;
}

/** A command line in the one form that all ways to write it share: `npm t` and `npm run test -- ` are `npm test`. */
export function normalCommand(line: string): string {
  return line
    .replace(/^\$\s+/, "")
    .replaceAll(/\s+/g, " ")
    .replace(/^(?:[A-Z_][A-Z\d_]*=\S+ )+/, "")
    .replaceAll(/\b(npm|pnpm|yarn|bun) (?:run-script|run) /g, "$1 ")
    .replaceAll(/\bnpm (?:t|tst)\b/g, "npm test")
    .replaceAll(/\bpython3\b/g, "python")
    .replaceAll(/ (?:--silent|-s|2>&1|--)(?= |$)/g, "")
    .replaceAll(/ (?:--prefix|-C|-w|--workspace|--filter)[= ]\S+/g, "")
    .replaceAll(/\b(?:npx(?: -y| --yes)?|pnpm exec|yarn exec|bunx) /g, "")
    .trim();
}

/** Runs of a command: the same line, one that holds it, or what the script behind it is. */
export async function runsOf(context: ClaimContext, line: string): Promise<readonly RanCommand[]> {
  const wanted = [normalCommand(line)];
  const script = /^(?:npm|pnpm|yarn|bun) ([\w:.-]+)$/.exec(wanted[0] ?? "")?.[1];
  for (const body of (await context.repository.scripts()).get(script ?? "") ?? [])
    wanted.push(normalCommand(body));
  return commandsRun(context.subject).filter(({ line: ran }) => {
    const whole = ` ${normalCommand(ran).replaceAll(/[;&|]+/g, " ")} `;
    return wanted.some((command) => command !== "" && whole.includes(` ${command} `));
  });
}

const TEST_PROGRAM = /\b(?:test|tests|vitest|jest|mocha|ava|pytest|unittest|rspec|tox|check|ctest)\b/;

/** Runs of the tests, in order. */
export function testRuns(context: ClaimContext): readonly RanCommand[] {
  const { testCommand } = context.subject;
  const wanted = testCommand === undefined ? undefined : normalCommand(testCommand);
  return commandsRun(context.subject).filter(({ line }) => {
    const ran = normalCommand(line);
    return (
      (wanted !== undefined && ran.includes(wanted)) ||
      (TEST_PROGRAM.test(ran) &&
        !/^(?:cat|ls|grep|rg|sed|head|tail|git|find|rm|mkdir|touch|echo|wc)\b/.test(ran))
    );
  });
}

/** The numbers of tests that the gate or the agent's own last run of them show. */
export interface ShownTests {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly by: string;
}

/** What is known of how many tests ran, most trusted first. */
export function shownTests(context: ClaimContext): readonly ShownTests[] {
  const judged = context.judged.flatMap(({ gate, measured }) =>
    gate === "tests" && measured !== undefined
      ? {
          passed: measured["passed"] ?? 0,
          failed: measured["failed"] ?? 0,
          skipped: measured["skipped"] ?? 0,
          by: "the tests gate",
        }
      : [],
  );
  const ran = testRuns(context).flatMap(({ line, summary }) => {
    const outcome: TestOutcome | undefined = readTestOutcome(summary);
    return outcome === undefined
      ? []
      : { passed: outcome.passed, failed: outcome.failed, skipped: outcome.skipped, by: `'${line}'` };
  });
  return [...judged, ...ran.toReversed()];
}

/** Whether the tests are shown to pass: by the gate, else by the agent's own last run; `undefined` if nothing shows it. */
export function testsPass(
  context: ClaimContext,
): { readonly pass: boolean; readonly by: string } | undefined {
  const judged = context.judged.findLast(
    ({ gate, verdict }) => gate === "tests" && (verdict === "pass" || verdict === "fail"),
  );
  // The gate fails for what was done to the tests, too; then its own run still shows whether they pass.
  if (judged !== undefined) {
    const ran = judged.findings.some(({ rule }) => /^tests\.(?:failed|exit|timeout|none)$/.test(rule));
    return { pass: judged.verdict === "pass" || !ran, by: "the tests gate" };
  }
  const last = testRuns(context).at(-1);
  if (last === undefined) return undefined;
  const failed = readTestOutcome(last.summary)?.failed ?? 0;
  return { pass: last.ok && failed === 0, by: `'${last.line}'` };
}
