import type { Finding, Gate, GateSubject } from "@mnemosyne/core";
import { readApiDelta, type PublicName } from "../api/public-api.ts";
import { isProse } from "../source/language.ts";
import { escapePattern, wholeWord } from "../source/whole-word.ts";
import { readSettings } from "../settings.ts";
import { verdictOf } from "../verdict.ts";

/**
 * What users can import is written about: a new export has a comment before it or is named in the documents, and no
 * document goes on naming what is gone.
 */
export function documentationGate(): Gate {
  return {
    name: "documentation",
    version: "1",
    async judge(subject, { settings }) {
      readSettings("documentation", settings, []);
      const api = await readApiDelta(subject);
      const documents =
        api.added.length + api.removed.length + api.changed.length === 0 ? [] : await readDocuments(subject);
      const findings = [
        ...api.added
          .filter(({ name, documented }) => !documented && namedIn(documents, name) === undefined)
          .map(undocumented),
        ...api.removed.flatMap((name) => stale(documents, name)),
        ...api.changed.flatMap(({ after }) => perhapsStale(subject, documents, after)),
      ];
      return { verdict: verdictOf(findings), findings };
    },
  };
}

interface Document {
  readonly path: string;
  readonly lines: readonly string[];
}

async function readDocuments({ workspace }: GateSubject): Promise<readonly Document[]> {
  const paths = (await workspace.list()).filter(
    (path) => isProse(path) && !/(?:^|\/)(?:changelog|changes|history)\b/i.test(path),
  );
  return Promise.all(
    paths
      .slice(0, 500)
      .map(async (path) => ({ path, lines: (await workspace.readText(path)).split(/\r?\n/) })),
  );
}

interface Mention {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

/** Where documents name something: as code, never as a plain word. */
function namedIn(documents: readonly Document[], name: string): Mention | undefined {
  const pattern = new RegExp(
    `\`[^\`]*(?<![\\w$])${escapePattern(name)}(?![\\w$])[^\`]*\`|(?<![\\w$])${escapePattern(name)}\\(`,
  );
  for (const { path, lines } of documents) {
    let fenced = false;
    for (const [index, text] of lines.entries()) {
      if (/^\s*(?:```|~~~)/.test(text)) fenced = !fenced;
      if (pattern.test(text) || (fenced && wholeWord(name).test(text)))
        return { path, line: index + 1, text: text.trim() };
    }
  }
  return undefined;
}

function undocumented({ name, file, line, entry }: PublicName): Finding {
  return {
    rule: "documentation.missing",
    // Without an entry nobody can say whether users are meant to import it.
    severity: entry ? "blocker" : "warning",
    message: `'${name}' can now be imported, but nothing says what it does. Put a comment before it, or name it in a document.`,
    file,
    line,
    evidence: name,
  };
}

function stale(documents: readonly Document[], { name }: PublicName): readonly Finding[] {
  const mention = tooCommon(name) ? undefined : namedIn(documents, name);
  if (mention === undefined) return [];
  return [
    {
      rule: "documentation.stale",
      severity: "blocker",
      message: `'${name}' can no longer be imported, but this document still names it.`,
      file: mention.path,
      line: mention.line,
      evidence: mention.text,
    },
  ];
}

function perhapsStale(
  subject: GateSubject,
  documents: readonly Document[],
  { name }: PublicName,
): readonly Finding[] {
  const mention = tooCommon(name) ? undefined : namedIn(documents, name);
  if (mention === undefined || subject.changes.some(({ path }) => path === mention.path)) return [];
  return [
    {
      rule: "documentation.unchanged",
      severity: "warning",
      message: `The way to use '${name}' changed, but this document that names it did not.`,
      file: mention.path,
      line: mention.line,
      evidence: mention.text,
    },
  ];
}

/** Names that stand in documents for other reasons. */
function tooCommon(name: string): boolean {
  return name.length < 3 || name === "default";
}
