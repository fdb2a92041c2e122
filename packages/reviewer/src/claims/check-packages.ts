import { HOLDS, NO_CLAIM, refuted, type Checked, type ClaimContext } from "./claim.ts";
import type { Sentence } from "./document.ts";
import { isAsserted, type Mood } from "./mood.ts";

const NOUN_AFTER =
  /^\s*(?:v?\d[\w.]*\s+)?(?:npm\s+)?(?:package|dependency|dependencies|devDependency|library|lib|crate|gem|npm\s+module)\b|^\s*(?:as|to|from)\s+(?:a\s+)?(?:new\s+)?(?:the\s+)?(?:dev\s*)?(?:devDependenc|dependenc)/i;
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
