const VERB = "(?:edit|chang|modify|modif[iy]|touch|alter|rewrit|updat|weaken)";
const TESTS =
  "(?:(?:the|any|its|your|our|existing|failing|that)\\s+)*(?:unit\\s+)?(?:tests?|specs?|test\\s+(?:files?|suite|cases?))";
const PATTERNS = [
  new RegExp(`\\bwithout\\s+${VERB}\\w*\\s+${TESTS}\\b`, "i"),
  new RegExp(
    `\\b(?:do\\s+not|don't|don’t|never|must\\s+not|may\\s+not|should\\s+not|not\\s+to)\\s+${VERB}\\w*\\s+${TESTS}\\b`,
    "i",
  ),
  new RegExp(`\\b${TESTS}\\s+(?:must|may|should|can|shall)(?:\\s+not|not)\\s+be\\s+${VERB}\\w*`, "i"),
  new RegExp(
    `\\b(?:leave|keep)\\s+${TESTS}\\s+(?:alone|unchanged|untouched|intact|as\\s+(?:it|they)\\s+(?:is|are))`,
    "i",
  ),
  new RegExp(
    `\\b${TESTS}\\s+(?:must|should|shall|have\\s+to|need\\s+to)\\s+(?:stay|remain|be\\s+left)\\s+(?:alone|unchanged|untouched|intact|as)`,
    "i",
  ),
];
/** "Make the failing test pass without editing it." */
const PRONOUN = new RegExp(`\\b(?:tests?|specs?)\\b[^.;]*?\\bwithout\\s+${VERB}\\w*\\s+(?:it|them)\\b`, "i");

/** The words of a text that forbid editing tests, or `undefined`. */
export function forbidsTestEdits(text: string): string | undefined {
  for (const pattern of [...PATTERNS, PRONOUN]) {
    const match = pattern.exec(text);
    if (match !== null) return match[0];
  }
  return undefined;
}
