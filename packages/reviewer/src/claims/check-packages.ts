import { HOLDS, NO_CLAIM, refuted, type Checked, type ClaimContext } from "./claim.ts";
import { isBuiltIn } from "./builtin-names.ts";
import { commandsRun } from "./evidence.ts";
import type { Sentence } from "./document.ts";
import { isAsserted, type Mood } from "./mood.ts";

const NOUN_AFTER =
  /^\s*(?:v?\d[\w.]*\s+)?(?:npm\s+)?(?:package|dependency|dependencies|devDependency|library|lib|crate|gem|npm\s+module)\b|^\s*(?:as|to|from)\s+(?:a\s+)?(?:new\s+)?(?:the\s+)?(?:dev\s*)?(?:devDependenc|dependenc)|^\s*(?:was|is|were|has\s+been)\s+(?:added|introduced|installed|chosen|removed|dropped|used)\s+(?:as|to|from|among)\s+(?:a\s+|an\s+|the\s+)?(?:new\s+)?(?:dev\s*|runtime\s+|peer\s*)?dependenc/i;
const NOUN_BEFORE =
  /\b(?:package|dependency|devDependency|library|crate|gem|depend(?:s|ed)?(?:\s+only)?\s+on|dependency\s+on|install(?:ed)?|upgrad(?:ed?|es)|bump(?:ed|s)?|downgraded)(?:\s+(?:the|on|to))?\s*$/i;
const MOVED = String.raw`(?:(?:was|is|were|are|has\s+been|stays?|went)\s+(?:now\s+)?(?:(?:upgraded|bumped|downgraded|pinned|installed|updated|raised|locked|added|introduced|kept)\s+)?)?`;
const VERSION = String.raw`(?:from\s+\S+\s+)?(?:(?:to|at|in|on)\s+)?(?:version\s+)?v?(\d+\.\d+(?:\.\d+)?[\w.-]*)`;
const VERSION_AFTER = new RegExp(`^\\s*${MOVED}${VERSION}`, "i");

/** "version 1.2.3 of the package `x`". */
const VERSION_BEFORE =
  /\bv(?:ersion\s+)?(\d+\.\d+(?:\.\d+)?[\w.-]*)\s+of\s+(?:the\s+)?(?:package|library|dependency|crate|gem)?\s*$/i;

/** True if the words around a plain word say that it names a package. */
export function isCalledPackage(mood: Mood): boolean {
  return (
    NOUN_AFTER.test(mood.after) ||
    NOUN_BEFORE.test(mood.before) ||
    VERSION_AFTER.test(mood.after) ||
    VERSION_BEFORE.test(mood.before)
  );
}

/** That a package is among the project's, with the version that is named. */
export async function checkPackage(
  context: ClaimContext,
  sentence: Sentence,
  name: string,
  version: string | undefined,
  mood: Mood,
): Promise<Checked> {
  if (!isAsserted(mood)) return NO_CLAIM;
  const known = await context.repository.package(name);
  if (known === undefined) {
    // What was taken out of a manifest was there before.
    if (mood.past && context.repository.heldBefore(name)) return HOLDS;
    return refuted(
      context,
      "package",
      sentence,
      `The package '${name}' is not among the project's.`,
      "looked in manifests, lockfiles, workspace packages and imports",
    );
  }
  const wanted =
    version ??
    (isCalledPackage(mood)
      ? (VERSION_AFTER.exec(mood.after) ?? VERSION_BEFORE.exec(mood.before))?.[1]
      : undefined
    )?.replace(/[.,]+$/, "");
  if (wanted === undefined || known.versions.length === 0) return HOLDS;
  if (
    known.versions.some((have) => sameVersion(have, wanted)) ||
    (mood.past && context.repository.heldBefore(wanted))
  )
    return HOLDS;
  return refuted(
    context,
    "version",
    sentence,
    `'${name}' is not there in version ${wanted}.`,
    `versions found: ${known.versions.join(", ")}`,
  );
}

/** `^4.17.0` has 4.17.0, and 4.17 and 4 as far as they go. */
function sameVersion(have: string, wanted: string): boolean {
  const bare = have.replace(/^[^\d]*/, "");
  return bare === wanted || bare.startsWith(`${wanted}.`) || bare.startsWith(`${wanted}-`);
}

const USES =
  /\b(?:uses?|used|using|via|relies\s+on|relying\s+on|built\s+on|based\s+on|powered\s+by|switch(?:ed|es)?\s+(?:over\s+)?to|migrat(?:ed|es?)\s+to|moved\s+to|help\s+of|replac\w+(?:\s+\S+){0,4}\s+(?:by|with))\s+(?:the\s+)?$/i;

/** "uses `dayjs`": a package, a name in the code, or at least a word that the project knows. */
export async function checkUsed(
  context: ClaimContext,
  sentence: Sentence,
  word: string,
  mood: Mood,
): Promise<Checked> {
  if (!isAsserted(mood) || !USES.test(mood.before) || !/^[a-z][a-z\d]{2,}$/.test(word)) return NO_CLAIM;
  const { repository } = context;
  if (
    isBuiltIn([word]) ||
    (await repository.package(word)) !== undefined ||
    (await repository.mentions(word))
  )
    return HOLDS;
  if (repository.heldBefore(word) || commandsRun(context.subject).some(({ line }) => line.includes(word)))
    return HOLDS;
  return refuted(
    context,
    "package",
    sentence,
    `'${word}' is neither a package of the project nor a name in it.`,
    "looked in manifests, lockfiles, code and documents",
  );
}
