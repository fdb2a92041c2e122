import { linesOf } from "../change/line-diff.ts";
import { HOLDS, NO_CLAIM, refuted, type Checked, type ClaimContext } from "./claim.ts";
import type { Named } from "./classify.ts";
import type { Sentence } from "./document.ts";
import type { Mention } from "./mentions.ts";
import { EARLIER, isSamePath } from "./change-words.ts";
import { isAsserted, type Mood } from "./mood.ts";

type PathNamed = Extract<Named, { kind: "path" }>;

/** Forms that tell what was done; the bare one only where a clause begins with it, as in a list of changes. */
const told = (past: string, bare: string): string =>
  String.raw`(?:\b(?:${past})|(?:^|^\W+|\b(?:I|we|and|then|also)\s+)(?:${bare}))`;
const MADE = told("added|created|wrote|written|introduced|generated", "adds?|creates?|writes?|introduces?");
const EDITED = told(
  "updated|modified|edited|changed|rewrote|rewritten|refactored|extended|adjusted|corrected|patched|touched|simplified|fixed",
  "update|modify|edit|change|rewrite|refactor|extend|adjust|correct|patch|touch|simplify|fix(?:es)?",
);
const DROPPED = told("deleted|removed", "deletes?|removes?");
const FILLER = String.raw`(?:\s+(?:the|a|an|new|only|file|files|module|script|folder|directory|test|tests|existing|both|all|its|our|and|,|small|missing|corresponding|_+))*[\s,:]*`;
const directly = (verb: string): RegExp => new RegExp(`${verb}${FILLER}$`, "i");
const ACTIVE_MADE = directly(MADE);
const ACTIVE_EDITED = directly(EDITED);
const ACTIVE_DROPPED = directly(DROPPED);
/** "Added a test to `x`", "Fixed the parser in `x`": the file that the work was done in. */
const WITHIN = new RegExp(`^(?=.*(?:${MADE}|${EDITED})\\b).*\\b(?:in|to|inside|into|within)${FILLER}$`, "i");
const MERELY_NAMED =
  /(?<![\w-])(?:link|links|reference|references|pointer|import|imports|path|paths|redirect|according|compared?|report(?:ed)?|describ\w+|mention\w*|document\w*|found|specified|seen|fail\w*|defined|declared|listed|like|unlike|similar|as|used|uses|using|by|with|from|due|related|applies|respect|contrast|addition|order|match|matches|matching|refer\w*|point\w*|pointed|relative|exported|read\w*|needed|required|relevant|applied|close|next)(?![\w-])[^_]*$/i;
const PASSIVE = (verb: string): RegExp =>
  new RegExp(
    `^\\s*(?:(?:was|were|is|has\\s+been|have\\s+been)\\s+(?:now\\s+|also\\s+|newly\\s+|both\\s+|all\\s+)?|now\\s+)${verb}\\b`,
    "i",
  );
const PASSIVE_MADE = PASSIVE("(?:added|created|written|introduced|generated)");
const PASSIVE_EDITED = PASSIVE(
  "(?:updated|modified|edited|changed|rewritten|refactored|extended|adjusted|corrected|patched|fixed|simplified)",
);
const PASSIVE_DROPPED = PASSIVE("(?:deleted|removed)");
/** "`x` now states how weights are rounded": it did not before. A change elsewhere can make it pass, but not say. */
const NOW_DOES =
  /^\s*now\s+(?:also\s+|only\s+|correctly\s+)?(?!(?:pass|work|build|compile|run|load|fail|start|succeed|behave|is|are|get|receive|see)(?:e?s)?\b)[a-z]+(?:s|y)\b/i;
/** "`x`, which I created", "`x` (new)", "`x`: new": said behind the clause. */
const SAID_MADE =
  /^\s*(?:,?\s*(?:which|that)\s+(?:I|we)\s+(?:have\s+)?(?:just\s+)?(?:created|added|wrote|introduced)\b|\(\s*(?:new|added|created)\b[^)]*\)|:\s*(?:new|added|created)\b|\s(?:[—–-]|\|)\s(?:new|added|created)\b)/i;
/** "`x`, which I updated". */
const SAID_EDITED =
  /^\s*,?\s*(?:which|that)\s+(?:I|we)\s+(?:have\s+)?(?:also\s+|just\s+)?(?:updated|changed|edited|modified|fixed|extended|rewrote|adjusted)\b/i;
/** "In `x` I added …". */
const FRONTED_AFTER =
  /^\s*,?\s*(?:I|we)\s+(?:have\s+)?(?:also\s+|then\s+|only\s+)?(?:added|changed|updated|edited|modified|fixed|extended|rewrote|adjusted|wrote|replaced|removed)\b/i;
const AT_RUN_TIME =
  /\w\s+(?:now\s+|also\s+|then\s+|only\s+)?(?:writes?|creates?|generates?|produces?|outputs?|saves?|stores?|emits?|prints?|reads?|loads?|expects?|accepts?|appends?|logs?|looks?\s+for|falls?\s+back|defaults?|sends?|downloads?|uploads?|serves?|caches?|when|missing|absent)\b[^_]*$/i;
const GENERATED =
  /^(?:node_modules|dist|build|out|target|coverage|tmp|temp|logs?|__pycache__|\.(?!github|vscode|husky|changeset|circleci|gitlab|devcontainer)\w[\w-]*\/.*)(?:\/|$)/;
const TARGET = /\b(?:to|into|with|as)\s*$|(?:→|->|=>)\s*$/i;
const RENAMING = /\b(?:renam\w*|mov(?:ed|e|es|ing)|extract\w*|split|convert\w*|migrat\w*|replac\w*)\b/i;
/** After a name with a slash: it is a branch, a route or an image, not a file. */
const NOT_A_PATH_AFTER =
  /^\s*(?:branch|route|endpoint|header|image|repo(?:sitory)?|package|media\s+type|mime|content\s+type|tag|organi[sz]ation|namespace|topic|queue|channel|locale|time\s?zone|pair|ratio|combination|standard|format|convention|spec(?:ification)?|syntax|files\b|file\s+format|extension|suffix)\b/i;
const NOT_A_PATH_BEFORE =
  /\b(?:branch|route|endpoint|header|image|repo(?:sitory)?|media\s+type|tag|subpath|specifier|import(?:ed)?\s+from|GET|POST|PUT|DELETE|PATCH|checkout|URL|scheme|named)\s*$/;

/** That a path is there, has the line that is named, and was changed or not as is said. */
export async function checkPath(
  context: ClaimContext,
  sentence: Sentence,
  mention: Mention,
  named: PathNamed,
  mood: Mood,
): Promise<Checked> {
  const { subject, repository } = context;
  const path = named.path.replace(/^\.\//, "").replace(/\/$/, "");
  if (path.startsWith("../") || NOT_A_PATH_AFTER.test(mood.after) || NOT_A_PATH_BEFORE.test(mood.before))
    return NO_CLAIM;
  const there = await repository.find(path);
  // A name alone is the file at the root, if there is one, and not every file of that name.
  const isRooted = there[0] === path;
  const changed = subject.changes.filter((change) =>
    isRooted ? change.path === path : isSamePath(change.path, path),
  );

  const saidMade = SAID_MADE.test(sentence.words.slice(mention.end));
  if (saidMade && !mood.hypothetical && there.length === 0) return missing(context, sentence, named.path);

  if (mood.negated && !mood.hypothetical) {
    const touched = saidUntouched(mood);
    if (!touched || changed.length === 0) return NO_CLAIM;
    return refuted(
      context,
      "changed",
      sentence,
      `'${named.path}' was ${changed[0]?.kind} although the claim says it was not.`,
      `changes: ${changed.map((change) => `${change.kind} ${change.path}`).join(", ")}`,
    );
  }
  if (!isAsserted(mood)) return NO_CLAIM;

  const before = await repository.existed(path);
  const dropped = ACTIVE_DROPPED.test(mood.before) || PASSIVE_DROPPED.test(mood.after);
  if (dropped) {
    if (there.some((place) => place === path))
      return refuted(context, "notRemoved", sentence, `'${named.path}' is still there.`, `exists: ${path}`);
    if (there.length === 0 && !before)
      return refuted(
        context,
        "path",
        sentence,
        `'${named.path}' was never there.`,
        `no such path now or in the base: ${path}`,
      );
    return HOLDS;
  }
  const isTarget = TARGET.test(mood.before) && RENAMING.test(mood.before);
  if (there.length === 0) {
    const made =
      ACTIVE_MADE.test(mood.before) ||
      ACTIVE_EDITED.test(mood.before) ||
      PASSIVE_MADE.test(mood.after) ||
      isTarget;
    if (before && (mood.past || !made) && !isTarget) return HOLDS;
    // What a program reads or writes when it runs need not be there now.
    if (!made && (AT_RUN_TIME.test(mood.before) || GENERATED.test(path))) return NO_CLAIM;
    if (!made && (await isMember(context, path))) return HOLDS;
    if (!looksLikeFile(named, repository.isFolder(path.split("/")[0] ?? "")) && !made) return NO_CLAIM;
    return missing(context, sentence, named.path);
  }

  const lines = await checkLines(context, sentence, mention, named, there);
  if (lines !== undefined) return lines;
  if (context.document !== undefined || EARLIER.test(mood.before) || EARLIER.test(mood.after)) return HOLDS;
  const changes = saidMade ? "added" : saidEdited(sentence, mention, mood) ? "changed" : saysChanged(mood);
  if (
    changes !== undefined &&
    !subject.changes.some((change) => there.some((place) => isUnder(change.path, place)))
  )
    return refuted(
      context,
      "notChanged",
      sentence,
      `'${named.path}' was not ${changes}: the task did not change it.`,
      subject.changes.length === 0
        ? "the task changed no file"
        : `changed: ${subject.changes
            .slice(0, 10)
            .map((change) => change.path)
            .join(", ")}`,
    );
  return HOLDS;
}

const DENIED_CHANGE = new RegExp(
  `\\b(?:not|never|without|n['’]t)\\s+(?:\\w+\\s+){0,2}?(?:touch|chang|edit|modif|alter|updat)\\w*${FILLER}$`,
  "i",
);
const LEFT_ALONE =
  /^\s*(?:(?:file|itself)\s+)?(?:(?:is|was|were|stays?|stayed|remains?|remained|left)\s+(?:left\s+)?)?(?:unchanged|untouched|not\s+(?:touched|changed|modified|edited))\b/i;

/** Said of this very file, not of what was moved to it. */
function saidUntouched({ before, after }: Mood): boolean {
  return DENIED_CHANGE.test(before) || (LEFT_ALONE.test(after) && !RENAMING.test(before));
}

/** A list of files with what was done to each: "`x`: rewritten", "`x` – now reads both". */
const LISTED =
  /^[*_]*\s*(?::|[—–-]|\|)\s+[*_]*(?:now|use[sd]?|add(?:s|ed)?|updat(?:es?|ed)|rewr(?:ites?|itten|ote)|fix(?:es|ed)?|chang(?:es?|ed)|extend(?:s|ed)?|refactor(?:s|ed)?|remov(?:es?|ed)|replac(?:es?|ed)|handl(?:es?|ed)|support(?:s|ed)?|simplif(?:y|ies|ied)|adjust(?:s|ed)?|adapt(?:s|ed)?|export(?:s|ed)?|mov(?:es?|ed)|correct(?:s|ed)?|call(?:s|ed)?|wir(?:es?|ed))\b/i;

/** "Changed: `a`, `b`", and lists below such words. */
const CHANGE_LIST =
  /(?:^|>\s*|\W)(?:files?\s+|modules?\s+)?(?:(?:what\s+)?changed|changes|modified|updated|edited|touched|created|added|new\s+files?|files)(?:\s+(?:files?|modules?|in|by|this|task|change|the|following|are|were|is|code|made|I))*\s*:?\s*$/i;
const NO_CHANGE =
  /^[^.;]*\b(?:unchanged|untouched|no\s+change|not\s+(?:changed|touched)|as\s+(?:it|they)\s+(?:is|was|are|were)|nothing|only\s+read)\b/i;

function saidEdited({ words, section }: Sentence, { start, end }: Mention, { before, after }: Mood): boolean {
  const leading = words.slice(0, start);
  const leads = /^[\s*_\d.|]*$/.test(leading);
  if (leads && LISTED.test(words.slice(end))) return true;
  const lead = /^([^:]{3,40}):\s*(?:[\s,_*]|and|[\w./-]+\.\w+|\([^)]*\))*$/.exec(leading)?.[1];
  const listed = lead === undefined ? leads && CHANGE_LIST.test(section) : CHANGE_LIST.test(lead);
  if (listed && !NO_CHANGE.test(words.slice(end))) return true;
  const fronted = /(?:^|\s)(?:in|to)\s+(?:the\s+)?(?:file\s+)?$/i.test(before) && FRONTED_AFTER.test(after);
  return fronted || SAID_EDITED.test(words.slice(end));
}

/** `sink.env`, `report.log`: a member whose name is a file's ending. */
async function isMember({ repository }: ClaimContext, path: string): Promise<boolean> {
  const parts = path.split(".");
  if (parts.length !== 2 || !parts.every((part) => /^[A-Za-z_$][\w$]*$/.test(part))) return false;
  const [owners, members] = await Promise.all(parts.map((part) => repository.filesWith(part)));
  return (owners?.length ?? 0) > 0 && (members?.length ?? 0) > 0;
}

function missing(context: ClaimContext, sentence: Sentence, path: string): Checked {
  const evidence = `looked for ${path} in the workspace and for files that end with it`;
  return refuted(context, "path", sentence, `'${path}' does not exist.`, evidence);
}

/** "added" or "changed" if the words say that this file is what the work was done on. */
function saysChanged({ before, after: direct }: Mood): string | undefined {
  // "`a` and `b` were both updated": what is said of the last is said of all.
  const after = direct.replace(/^(?:\s*(?:,|and|&)+\s*_+)+/, "");
  if (
    MERELY_NAMED.test(before.replace(/_+/g, "").trim()) &&
    !ACTIVE_MADE.test(before) &&
    !ACTIVE_EDITED.test(before)
  )
    return undefined;
  if (ACTIVE_MADE.test(before) || PASSIVE_MADE.test(after)) return "added";
  if (ACTIVE_EDITED.test(before) || PASSIVE_EDITED.test(after) || WITHIN.test(before)) return "changed";
  if (NOW_DOES.test(after)) return "changed";
  return undefined;
}

async function checkLines(
  context: ClaimContext,
  sentence: Sentence,
  mention: Mention,
  { path, line, lastLine }: PathNamed,
  there: readonly string[],
): Promise<Checked | undefined> {
  const wanted = Math.max(line ?? 0, lastLine ?? 0, ...linesBeside(sentence, mention));
  if (wanted === 0) return undefined;
  const counts: number[] = [];
  for (const place of there) {
    const texts = [await context.repository.textOf(place), await context.repository.textBefore(place)];
    for (const text of texts) if (text !== undefined) counts.push(lineCount(text));
  }
  if (counts.length === 0 || Math.max(...counts) >= wanted) return undefined;
  return refuted(
    context,
    "line",
    sentence,
    `'${path}' has no line ${wanted}.`,
    `${there[0]} has ${Math.max(...counts)} lines`,
  );
}

/** "lines 10-20 of `x`", "`x`, line 12". */
function linesBeside({ words }: Sentence, { start, end }: Mention): readonly number[] {
  const before =
    /\blines?\s+(\d+)(?:\s*(?:-|–|to|and)\s*(\d+))?\s+(?:of|in)\s+(?:the\s+)?(?:file\s+)?$/i.exec(
      words.slice(0, start),
    );
  const after = /^\s*[(,]?\s*(?:at\s+|on\s+)?lines?\s+(\d+)(?:\s*(?:-|–|to|and)\s*(\d+))?/i.exec(
    words.slice(end),
  );
  return [before, after].flatMap((match) =>
    match === null ? [] : match.slice(1).filter(Boolean).map(Number),
  );
}

function lineCount(text: string): number {
  const lines = linesOf(text);
  return lines.at(-1) === "" ? lines.length - 1 : lines.length;
}

/** With an ending, or in a folder that is there; else a pair of words that share a slash may be many things. */
function looksLikeFile({ path }: PathNamed, inKnownFolder: boolean): boolean {
  return /\.[A-Za-z][A-Za-z\d]*$|^[A-Z][A-Za-z]+$/.test(path) || path.endsWith("/") || inKnownFolder;
}

function isUnder(changed: string, place: string): boolean {
  return changed === place || changed.startsWith(`${place}/`);
}
