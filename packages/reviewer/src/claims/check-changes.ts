import { isProse } from "../source/language.ts";
import { EARLIER, isSamePath } from "./change-words.ts";
import { HOLDS, NO_CLAIM, refuted, sumChecked, type Checked, type ClaimContext } from "./claim.ts";
import { classify } from "./classify.ts";
import type { Sentence } from "./document.ts";
import { mentionsIn } from "./mentions.ts";
import { isAsserted, moodOf } from "./mood.ts";

const CHANGED_FILES =
  /\b(?:chang|modif|touch|edit|updat)\w*\s+(?:only\s+|just\s+)?(\d+|one|two|three|four|five|six|seven|eight|nine|ten)\s+files?\b/gi;
const ADDED_FILES =
  /\b(?:add|creat)\w*\s+(?:only\s+|just\s+)?(\d+|one|two|three|four|five|six|seven|eight|nine|ten)\s+(?:new\s+)?files?\b/gi;
const WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

/** "Changed three files", "added 2 files". */
export function checkFileCounts(context: ClaimContext, sentence: Sentence): Checked {
  const files = context.subject.changes.filter(({ type }) => type === "file");
  const count = (kind: string): number => files.filter((change) => change.kind === kind).length;
  const fits: readonly (readonly [RegExp, readonly number[]])[] = [
    [
      CHANGED_FILES,
      [
        files.length,
        count("modified"),
        count("modified") + count("added"),
        count("modified") + count("deleted"),
      ],
    ],
    [ADDED_FILES, [count("added")]],
  ];
  const checks = fits.flatMap(([pattern, known]) =>
    [...sentence.words.matchAll(pattern)].map((match): Checked => {
      if (!isAsserted(moodOf(sentence, match.index, match.index + match[0].length))) return NO_CLAIM;
      const word = (match[1] ?? "").toLowerCase();
      const claimed = WORDS.includes(word) ? WORDS.indexOf(word) : Number(word);
      if (known.includes(claimed)) return HOLDS;
      const evidence = `added ${count("added")}, modified ${count("modified")}, deleted ${count("deleted")}`;
      return refuted(context, "fileCount", sentence, "That is not the number of files.", evidence);
    }),
  );
  return sumChecked(checks);
}

const ONLY_THESE =
  /\bonly(?:[\s,]+(?:the|files?|and|_+|[\w./-]+\.\w+))+[\s,]+(?:was|were|is|are|has\s+been|have\s+been)\s+(?:touched|changed|modified|edited)\b|\b(?:touched|changed|modified|edited)\s+only\s+(?:the\s+)?(?:files?\s+)?(?=_|[\w./-]+\.\w)/i;

/** "Only `a` and `b` were touched": no other file was. */
export function checkOnlyThese(context: ClaimContext, sentence: Sentence): Checked {
  const match = ONLY_THESE.exec(sentence.words);
  if (match === null) return NO_CLAIM;
  const mood = moodOf(sentence, match.index, match.index + match[0].length);
  if (mood.negated || mood.hypothetical) return NO_CLAIM;
  const clause = sentence.words.length - mood.after.length;
  const named = mentionsIn(sentence)
    .filter(({ start }) => start >= match.index && start <= clause + mood.after.length)
    .map(classify)
    .flatMap((entry) => (entry?.kind === "path" ? entry.path.replace(/^\.\//, "").replace(/\/$/, "") : []));
  if (named.length === 0) return NO_CLAIM;
  const others = context.subject.changes.filter(
    ({ path, type }) =>
      type === "file" && !named.some((name) => isSamePath(path, name) || path.startsWith(`${name}/`)),
  );
  if (others.length === 0) return HOLDS;
  const evidence = `also changed: ${others
    .slice(0, 10)
    .map(({ path }) => path)
    .join(", ")}`;
  return refuted(context, "changed", sentence, "Other files were changed, too.", evidence);
}

const DOCUMENTED =
  /\b(?:updated|extended|wrote|rewrote|adjusted|improved|revised|added(?:\s+\w+){0,4}\s+to)\s+(?:the\s+|its\s+|our\s+)?(?:docs|documentation|user\s+guide|manual)\b|\b(?:docs|documentation)\s+(?:was|were|has\s+been|have\s+been|is|are)\s+(?:now\s+|also\s+)?(?:updated|extended|written|adjusted|improved|revised)\b/i;

/** "Updated the changelog", "added an entry to the readme". */
const NAMED_DOCUMENT =
  /\b(?:updated|extended|wrote|rewrote|adjusted|changed|edited|added(?:\s+\w+){0,4}\s+to)\s+(?:the\s+|its\s+|our\s+)?(change\s?log|readme)\b|\b(change\s?log|readme)\s+(?:was|were|has\s+been|is)\s+(?:now\s+|also\s+)?(?:updated|extended|adjusted|changed|edited)\b/i;

/** "Updated the documentation": a document, or a comment on what it documents, was changed. */
export function checkDocumented(context: ClaimContext, sentence: Sentence): Checked {
  const match = NAMED_DOCUMENT.exec(sentence.words) ?? DOCUMENTED.exec(sentence.words);
  if (match === null || context.document !== undefined) return NO_CLAIM;
  const mood = moodOf(sentence, match.index, match.index + match[0].length);
  if (mood.negated || mood.hypothetical || EARLIER.test(mood.before)) return NO_CLAIM;
  const name = (match[1] ?? match[2])?.toLowerCase().replace(/\s/g, "");
  if (name !== undefined) {
    const file = name === "readme" ? /(?:^|\/)readme\b/i : /(?:^|\/)(?:changelog|changes|history|news)\b/i;
    if (context.subject.changes.some(({ path }) => file.test(path))) return HOLDS;
    return refuted(
      context,
      "notChanged",
      sentence,
      `The ${name} was not changed.`,
      "no such file is among the changes",
    );
  }
  const documented = context.repository.deltas.some(
    ({ path, added }) =>
      isProse(path) ||
      /(?:^|\/)docs?\//.test(path) ||
      added.some(({ text }) => /^\s*(?:\/\*\*|\*|\/\/\/|"""|#:)/.test(text)),
  );
  if (documented) return HOLDS;
  return refuted(
    context,
    "notChanged",
    sentence,
    "No document was changed.",
    "no prose file and no comment that documents code is among the changes",
  );
}
