import type { Finding, Gate } from "@mnemosyne/core";
import { debugLeftovers } from "../anti-patterns/debug-leftovers.ts";
import { disabledChecks } from "../anti-patterns/disabled-checks.ts";
import { hardCodedAnswers } from "../anti-patterns/hard-coded-answers.ts";
import type { ChangedSource, Rule } from "../anti-patterns/rule.ts";
import { secretsIn } from "../anti-patterns/secrets.ts";
import { swallowedErrors } from "../anti-patterns/swallowed-errors.ts";
import { readTestExamples, type TestExample } from "../anti-patterns/test-examples.ts";
import { readDeltas, type FileDelta } from "../change/file-delta.ts";
import { isScript, languageOf } from "../source/language.ts";
import { readSource } from "../source/source-text.ts";
import { parseScript } from "../source/syntax.ts";
import { isTestPath } from "../testing/test-files.ts";
import { readSettings } from "../settings.ts";
import { verdictOf } from "../verdict.ts";

const RULES: readonly Rule[] = [swallowedErrors, disabledChecks, debugLeftovers, hardCodedAnswers];

/**
 * What new code should not hold: swallowed errors, checks switched off without a reason, breakpoints, secrets, and
 * answers written to the tests. Only lines that the task added or changed count.
 */
export function antiPatternsGate(): Gate {
  return {
    name: "antiPatterns",
    version: "1",
    async judge(subject, { settings }) {
      const allowed = new Set(readSettings("antiPatterns", settings, ["allow"]).list("allow"));
      const deltas = await readDeltas(subject);
      const sources = deltas.filter(isChangedSource);
      const examples = sources.some(({ path }) => isScript(path) && !isTestPath(path))
        ? await readTestExamples(subject.workspace)
        : [];
      const findings: readonly Finding[] = [
        ...deltas.flatMap(secretsIn),
        ...sources.flatMap((delta) => {
          const changed = asChangedSource(delta, examples);
          return RULES.flatMap((rule) => rule(changed));
        }),
      ].filter(({ rule }) => !allowed.has(rule));
      return { verdict: verdictOf(findings), findings };
    },
  };
}

function isChangedSource(delta: FileDelta): delta is ChangedSource["delta"] {
  return delta.after !== undefined && delta.added.length > 0 && languageOf(delta.path) !== undefined;
}

function asChangedSource(delta: ChangedSource["delta"], examples: readonly TestExample[]): ChangedSource {
  const source = readSource(delta.path, delta.after);
  const added = new Set(delta.added.map(({ line }) => line));
  const tree = isScript(delta.path) ? parseScript(delta.path, delta.after) : undefined;
  return {
    delta,
    source,
    lines: source.uncommented.split("\n"),
    code: source.code.split("\n"),
    ...(tree === undefined ? {} : { tree }),
    isTest: isTestPath(delta.path),
    examples,
    touches(first, last = first) {
      for (let line = first; line <= last; line++) if (added.has(line)) return true;
      return false;
    },
  };
}
