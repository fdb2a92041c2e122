import type { Finding, GateSubject } from "@mnemosyne/core";
import picomatch from "picomatch";
import { similarity } from "../change/line-diff.ts";
import type { FileDelta } from "../change/file-delta.ts";
import { forbidsTestEdits } from "./forbids-test-edits.ts";
import type { TestCase } from "./test-case.ts";
import { readTestCases } from "./test-cases.ts";
import { isTestPath } from "./test-files.ts";

interface PlacedCase extends TestCase {
  readonly file: string;
}

interface Pair {
  readonly before: PlacedCase;
  readonly after: PlacedCase;
}

/** A removed test whose text a new one has this much of was renamed. */
const RENAMED_FROM = 0.5;

/**
 * What the task did to the tests themselves: removed, switched off or weakened ones, new ones that assert nothing, and
 * edits where the task forbids them.
 */
export function judgeTestChanges(
  subject: GateSubject,
  deltas: readonly FileDelta[],
  protect: readonly string[],
): readonly Finding[] {
  const touched = deltas.filter(
    ({ path, from }) => isTestPath(path) || (from !== undefined && isTestPath(from)) || path.endsWith(".rs"),
  );
  const before = touched.flatMap(({ path, from, before }) => place(from ?? path, path, before));
  const after = touched.flatMap(({ path, after }) => place(path, path, after));
  const { kept, removed, fresh } = pairUp(before, after);
  return [
    ...protectedFindings(subject, protect),
    ...editFindings(subject, touched),
    ...removedFindings(removed),
    ...kept.flatMap(weakenedFindings),
    ...switchedOffFindings(kept, fresh),
    ...emptyFindings(fresh),
    ...snapshotFindings(subject),
  ];
}

function place(readAs: string, file: string, text: string | undefined): readonly PlacedCase[] {
  return text === undefined ? [] : readTestCases(readAs, text).map((test) => Object.assign({ file }, test));
}

/** Which tests are still there, by name and file, then by name, then by what they say. */
function pairUp(
  before: readonly PlacedCase[],
  after: readonly PlacedCase[],
): {
  kept: readonly Pair[];
  removed: readonly PlacedCase[];
  fresh: readonly PlacedCase[];
} {
  const kept: Pair[] = [];
  const gone = new Set(before);
  const fresh = new Set(after);
  const pair = (fits: (old: PlacedCase, now: PlacedCase) => boolean): void => {
    for (const old of gone)
      for (const now of fresh)
        if (fits(old, now)) {
          kept.push({ before: old, after: now });
          gone.delete(old);
          fresh.delete(now);
          break;
        }
  };
  pair((old, now) => old.name === now.name && old.file === now.file);
  pair((old, now) => old.name === now.name);
  pair(
    (old, now) => lastPart(old.name) === lastPart(now.name) && similarity(old.body, now.body) >= RENAMED_FROM,
  );
  pair((old, now) => similarity(withoutFirstLine(old.body), withoutFirstLine(now.body)) >= RENAMED_FROM);
  return { kept, removed: [...gone], fresh: [...fresh] };
}

function protectedFindings(subject: GateSubject, protect: readonly string[]): readonly Finding[] {
  if (protect.length === 0) return [];
  const matches = picomatch([...protect], { dot: true });
  return subject.changes
    .filter(({ path, type }) => type !== "directory" && matches(path))
    .map(({ path, kind }) => ({
      rule: "tests.protected",
      severity: "blocker",
      message: `A protected file was ${kind}. Put it back as it was.`,
      file: path,
      evidence: `protect: ${protect.join(", ")}`,
    }));
}

function editFindings(subject: GateSubject, touched: readonly FileDelta[]): readonly Finding[] {
  const forbidden = [subject.instructions, ...subject.constraints].map(forbidsTestEdits).find(Boolean);
  if (forbidden === undefined) return [];
  return touched
    .filter(({ path, kind }) => kind !== "added" && isTestPath(path))
    .map(({ path, kind, added, removed }) => ({
      rule: "tests.edited",
      severity: "blocker",
      message: `A test file was ${kind} although the task says not to. Put it back as it was and change the code instead.`,
      file: path,
      ...lineOf(added[0] ?? removed[0]),
      evidence: `"${forbidden}"`,
    }));
}

function removedFindings(removed: readonly PlacedCase[]): readonly Finding[] {
  return removed
    .filter(({ off }) => off !== "skip" && off !== "todo")
    .map(({ name, file }) => ({
      rule: "tests.removed",
      severity: "blocker",
      message: `The test '${name}' was removed. Put it back, or say in the plan that it may go (allow: [tests.removed]).`,
      file,
      evidence: name,
    }));
}

function weakenedFindings({ before, after }: Pair): readonly Finding[] {
  const now = new Set(after.assertions);
  const lost = before.assertions.filter((assertion) => !now.has(assertion));
  if (lost.length === 0) return [];
  const place = { file: after.file, line: after.line, evidence: lost.slice(0, 3).join("\n") };
  if (after.assertions.length >= before.assertions.length)
    return [
      {
        rule: "tests.expectationChanged",
        severity: "warning",
        message: `The test '${after.name}' expects something else than before.`,
        ...place,
      },
    ];
  // A table or a loop asserts as much with fewer words; a person should see it, a program cannot weigh it.
  const looped = /\b(?:for|forEach|each|map|parametrize)\b/;
  const rewritten = looped.test(after.body) && !looped.test(before.body);
  return [
    {
      rule: "tests.weakened",
      severity: rewritten ? "warning" : "blocker",
      message: `The test '${after.name}' asserts less than before (${before.assertions.length} to ${after.assertions.length}). Put its assertions back.`,
      ...place,
    },
  ];
}

function switchedOffFindings(kept: readonly Pair[], fresh: readonly PlacedCase[]): readonly Finding[] {
  const words = { skip: "skipped", only: "made the only one to run", todo: "marked as to do" };
  const changed = kept.flatMap(({ before, after }) => (before.off === after.off ? [] : after));
  return [...changed, ...fresh].flatMap(({ off, name, file, line, body }) =>
    off === undefined
      ? []
      : {
          rule: "tests.switchedOff",
          severity: "blocker" as const,
          message: `The test '${name}' is ${words[off]}. Let every test run.`,
          file,
          line,
          evidence: body.split("\n", 1)[0] ?? "",
        },
  );
}

function emptyFindings(fresh: readonly PlacedCase[]): readonly Finding[] {
  const running = fresh.filter(({ off }) => off === undefined);
  const files = new Set(running.filter(({ assertions }) => assertions.length > 0).map(({ file }) => file));
  return running
    .filter(({ assertions }) => assertions.length === 0)
    .map(({ name, file, line, body }) => ({
      rule: "tests.noAssertion",
      // Next to tests that assert, one may do so through a helper whose name does not say it.
      severity: files.has(file) ? "warning" : "blocker",
      message: `The new test '${name}' asserts nothing, or only what cannot fail.`,
      file,
      line,
      evidence: body.slice(0, 300),
    }));
}

function snapshotFindings(subject: GateSubject): readonly Finding[] {
  return subject.changes
    .filter(({ path, kind }) => kind === "modified" && /\.(?:snap|ambr)$|\.snap\./.test(path))
    .map(({ path }) => ({
      rule: "tests.snapshotChanged",
      severity: "warning",
      message: "A snapshot was rewritten: the tests now expect what the code does.",
      file: path,
    }));
}

function lineOf(first: { readonly line: number } | undefined): { line?: number } {
  return first === undefined ? {} : { line: first.line };
}

const lastPart = (name: string): string => name.slice(name.lastIndexOf(" > ") + 1);
const withoutFirstLine = (body: string): string => body.slice(body.indexOf("\n") + 1);
