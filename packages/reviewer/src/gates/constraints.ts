import type { Finding, Gate, GateSubject } from "@mnemosyne/core";
import picomatch from "picomatch";
import { readApiDelta } from "../api/public-api.ts";
import { readDeltas } from "../change/file-delta.ts";
import { readDependencies } from "../change/dependencies.ts";
import { forbidsTestEdits } from "../testing/forbids-test-edits.ts";
import { isTestPath } from "../testing/test-files.ts";
import { readSource } from "../source/source-text.ts";
import { isProse } from "../source/language.ts";
import { wholeWord } from "../source/whole-word.ts";
import { readSettings } from "../settings.ts";
import { verdictOf } from "../verdict.ts";

/**
 * The plan's constraints, and the prohibitions in the task's instructions, against what was changed: public APIs, files
 * that must not be touched (or the only ones that may), tests, dependencies, new files, forbidden words in code. A
 * constraint that no program can check gives a warning, never a silent pass.
 */
export function constraintsGate(): Gate {
  return {
    name: "constraints",
    version: "1",
    async judge(subject, { settings }) {
      readSettings("constraints", settings, []);
      const findings: Finding[] = [];
      for (const text of subject.constraints) {
        const found = await checkConstraint(subject, text);
        findings.push(...(found ?? [unchecked(text)]));
      }
      // Instructions say much besides; only what is a plain prohibition of theirs is held against the change.
      for (const text of sentencesOf(subject.instructions))
        findings.push(...((await checkConstraint(subject, text)) ?? []));
      return { verdict: verdictOf(findings), findings };
    },
  };
}

type Check = (subject: GateSubject, text: string) => Promise<readonly Finding[] | undefined>;

/** The first form that a text has decides; `undefined` if it has none. */
const CHECKS: readonly Check[] = [
  checkApi,
  checkTests,
  checkDependencies,
  checkNewFiles,
  checkOnlyPaths,
  checkPaths,
  checkWords,
];

const LONGEST_CONSTRAINT = 2000;

async function checkConstraint(
  subject: GateSubject,
  constraint: string,
): Promise<readonly Finding[] | undefined> {
  const text = constraint.slice(0, LONGEST_CONSTRAINT);
  for (const check of CHECKS) {
    const findings = await check(subject, text);
    if (findings !== undefined) return findings;
  }
  return undefined;
}

const NOT = String.raw`(?:do\s+not|don['’]t|never|must\s+not|may\s+not|should\s+not|cannot|without|no|avoid)`;
const CHANGE = String.raw`(?:chang|edit|modify|modif|touch|alter|rewrit|delet|remov|renam|break|updat|mov)\w*`;

function broken(rule: string, constraint: string, message: string, rest: Partial<Finding> = {}): Finding {
  return {
    rule: `constraints.${rule}`,
    severity: "blocker",
    message: `${message} The constraint: "${constraint}"`,
    ...rest,
  };
}

function unchecked(constraint: string): Finding {
  return {
    rule: "constraints.unchecked",
    severity: "warning",
    message: `No program can check this constraint; the intent gate or a person has to: "${constraint}"`,
  };
}

async function checkApi(subject: GateSubject, text: string): Promise<readonly Finding[] | undefined> {
  const forbids =
    new RegExp(
      `\\b${NOT}\\b.*\\b(?:public\\s+(?:api|interface|surface|function|signature|export)|(?:exported|public)\\s+\\w+|api\\s+changes?|breaking\\s+changes?)`,
      "i",
    ).test(text) ||
    /\b(?:keep|leave|preserve)\b.*\b(?:public\s+(?:api|interface|surface)|signatures?|exports?)\b|\bpublic\s+apis?\b.*\b(?:unchanged|stable|intact|as\s+(?:it|they)\s+(?:is|are)|same|must\s+not|compatible)/i.test(
      text,
    );
  if (!forbids) return undefined;
  const api = await readApiDelta(subject);
  return [
    ...api.removed.map(({ name, file }) =>
      broken("apiRemoved", text, `'${name}' can no longer be imported.`, { file, evidence: name }),
    ),
    ...api.changed.map(({ before, after }) => {
      const change = `before: ${before.signature}\nafter: ${after.signature}`;
      if (addsOptionalOnly(before.signature, after.signature))
        return {
          ...broken("apiExtended", text, `'${after.name}' takes one more optional argument.`, {
            file: after.file,
            line: after.line,
            evidence: change,
          }),
          severity: "warning" as const,
        };
      return broken("apiChanged", text, `The way to use '${after.name}' changed.`, {
        file: after.file,
        line: after.line,
        evidence: change,
      });
    }),
    ...api.added.map(({ name, file, line }) => ({
      ...broken("apiAdded", text, `'${name}' can now be imported too.`, { file, line, evidence: name }),
      severity: "warning" as const,
    })),
  ];
}

/** `function(_)` and `function(_, _?)`: every old call still fits. */
function addsOptionalOnly(before: string, after: string): boolean {
  const [old, now] = [before, after].map((signature) => /^function\((.*)\)$/.exec(signature)?.[1]);
  if (old === undefined || now === undefined || !now.startsWith(old)) return false;
  const rest = now.slice(old.length);
  return /^(?:(?:^|, )_\?(?:: [^,]+)?)+$/.test(old === "" ? rest : rest.replace(/^, /, ""));
}

async function checkTests(subject: GateSubject, text: string): Promise<readonly Finding[] | undefined> {
  const forbidden = forbidsTestEdits(text);
  if (forbidden === undefined) return undefined;
  return subject.changes
    .filter(({ path, kind, type }) => type === "file" && kind !== "added" && isTestPath(path))
    .map(({ path, kind }) =>
      broken("testsEdited", text, `A test file was ${kind}.`, { file: path, evidence: forbidden }),
    );
}

async function checkDependencies(
  subject: GateSubject,
  text: string,
): Promise<readonly Finding[] | undefined> {
  if (!new RegExp(`\\b${NOT}\\b[^.;]*\\b(?:dependenc(?:y|ies)|packages?|librar(?:y|ies))\\b`, "i").test(text))
    return undefined;
  if (
    !/\b(?:new|add\w*|extra|more|additional|install\w*|introduc\w*|third.party|external|runtime|chang\w*|upgrad\w*)\b/i.test(
      text,
    )
  )
    return undefined;
  const { added, changed } = await readDependencies(subject);
  const all = /\b(?:chang|upgrad|updat)/i.test(text) ? [...added, ...changed] : added;
  return all.map(({ name, version, file }) =>
    broken(
      "dependencyAdded",
      text,
      `The dependency '${name}' was ${added.some((entry) => entry.name === name) ? "added" : "changed"}.`,
      { file, evidence: `${name} ${version}` },
    ),
  );
}

async function checkNewFiles(subject: GateSubject, text: string): Promise<readonly Finding[] | undefined> {
  if (
    !new RegExp(
      `\\b${NOT}\\s+(?:(?:add|creat|mak|writ)\\w*\\s+)?(?:any\\s+)?(?:new|additional|extra|more)\\s+files?\\b|\\b${NOT}\\s+(?:add|creat)\\w*\\s+(?:any\\s+)?files?\\b`,
      "i",
    ).test(text)
  )
    return undefined;
  return subject.changes
    .filter(({ kind, type }) => kind === "added" && type === "file")
    .map(({ path }) => broken("fileAdded", text, "A file was added.", { file: path, evidence: path }));
}

async function checkOnlyPaths(subject: GateSubject, text: string): Promise<readonly Finding[] | undefined> {
  const match = new RegExp(
    `\\bonly\\s+(?:${CHANGE}|work\\s+(?:in|on)|write\\s+(?:in|to))\\s+(.*)|\\b${CHANGE}\\s+only\\s+(.*)|\\b(?:chang\\w*|edit\\w*)\\s+(?:nothing|no\\s+(?:other\\s+)?files?)\\s+(?:outside(?:\\s+of)?|except|but|other\\s+than)\\s+(.*)`,
    "i",
  ).exec(text);
  const globs = match === null ? [] : pathsIn(match.slice(1).find(Boolean) ?? "");
  if (globs.length === 0) return undefined;
  const allowed = matcher(globs);
  return subject.changes
    .filter(({ path, type }) => type !== "directory" && !allowed(path))
    .map(({ path, kind }) =>
      broken("outside", text, `A file outside of ${globs.join(", ")} was ${kind}.`, {
        file: path,
        evidence: path,
      }),
    );
}

async function checkPaths(subject: GateSubject, text: string): Promise<readonly Finding[] | undefined> {
  const match = new RegExp(
    `\\b${NOT}\\s+(?:(?:ever|to|any|of|the|files?|anything)\\s+)*${CHANGE}\\s+(.*)|\\b(?:leave|keep)\\s+(.*?)\\s+(?:alone|unchanged|untouched|intact|as\\s+(?:it|they)\\s+(?:is|are))`,
    "i",
  ).exec(text);
  const globs = match === null ? [] : pathsIn(match[1] ?? match[2] ?? "");
  if (globs.length === 0) return undefined;
  const forbidden = matcher(globs);
  return subject.changes
    .filter(({ path, type }) => type !== "directory" && forbidden(path))
    .map(({ path, kind }) =>
      broken("forbiddenPath", text, `A file that must stay as it is was ${kind}.`, {
        file: path,
        evidence: path,
      }),
    );
}

/** "Do not use `eval`", "no `any`": a word in backticks that must not stand in new code. */
async function checkWords(subject: GateSubject, text: string): Promise<readonly Finding[] | undefined> {
  if (
    !new RegExp(
      `\\b${NOT}\\b(?:\\s+(?:us(?:e|ing)|call\\w*|import\\w*|the|new|any|more|introduc\\w*|add\\w*))*\\s+(?:\`|['"])`,
      "i",
    ).test(text)
  )
    return undefined;
  const words = [...text.matchAll(/`([\w$@./-]+?)(?:\(\))?`/g)].flatMap((match) => match[1] ?? []);
  if (words.length === 0) return undefined;
  const deltas = await readDeltas(subject);
  return deltas.flatMap((delta) => {
    if (delta.after === undefined || isProse(delta.path)) return [];
    const code = readSource(delta.path, delta.after).uncommented.split("\n");
    return delta.added.flatMap(({ line, text: added }) => {
      const word = words.find((name) => wholeWord(name).test(code[line - 1] ?? ""));
      return word === undefined
        ? []
        : broken("forbiddenWord", text, `New code uses '${word}'.`, {
            file: delta.path,
            line,
            evidence: added.trim(),
          });
    });
  });
}

/** Paths and globs that a text names: in backticks, with a `/`, or with a file's ending. */
function pathsIn(text: string): readonly string[] {
  const found = new Set<string>();
  for (const match of text.matchAll(
    /`([^`\s]+)`|["']([^"'\s]+)["']|([\w.@*{}-]*[\w*}-]\/[\w.@*{},/-]*|[\w*-]+(?:\.[\w*-]+)*\.[a-z][\w*]{0,5}\b)/g,
  )) {
    const path = (match[1] ?? match[2] ?? match[3] ?? "").replace(/^\.\//, "").replace(/[.,;:]+$/, "");
    if (/[/.*]/.test(path)) found.add(path);
  }
  return [...found];
}

function matcher(globs: readonly string[]): (path: string) => boolean {
  // A name alone is that file anywhere, or everything in that folder.
  const patterns = globs.flatMap((glob) => {
    const folder = glob.replace(/\/$/, "");
    return [glob, `${folder}/**`, ...(folder.includes("/") ? [] : [`**/${folder}`, `**/${folder}/**`])];
  });
  return picomatch(patterns, { dot: true });
}

function sentencesOf(text: string): readonly string[] {
  return text
    .split(/(?<=[.!?;])\s+|\n+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => new RegExp(`\\b(?:${NOT}|only|leave|keep)\\b`, "i").test(sentence));
}
