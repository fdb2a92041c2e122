const WORD = /[\p{L}\p{N}]+/gu;
const HUMP = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u;
const UNSPACED = /[\u3040-\u30ff\u3400-\u9fff]/u;

const STOP_WORDS = new Set(
  (
    "a about after again all also an and any are as at be because been before being both but by can cannot could did do does " +
    "doing done each else every few for from had has have how if in into is it its just like make makes may more most much must " +
    "need needs no nor not now of off on once one only or other our out over own please same should so some such than that the " +
    "their them then there these they this those through to too under until up upon us use used uses using very was we well were " +
    "what when where which while who why will with within without would you your"
  ).split(" "),
);

/**
 * The words that say what a text is about, as stems: identifiers split at their humps, stop words left out, unspaced
 * scripts in pairs. `known` remembers words between texts of one subject.
 */
export function termSetOf(text: string, known = new Map<string, readonly string[]>()): ReadonlySet<string> {
  const terms = new Set<string>();
  for (const word of new Set(wordsOf(text))) {
    let found = known.get(word);
    if (found === undefined) known.set(word, (found = termsOfWord(word)));
    for (const term of found) terms.add(term);
  }
  return terms;
}

/** Runs of letters and digits, as they stand. */
export function wordsOf(text: string): readonly string[] {
  return text.match(WORD) ?? [];
}

/** The terms of one word: itself and, of an identifier, its parts. */
export function termsOfWord(word: string): readonly string[] {
  if (UNSPACED.test(word))
    return Array.from({ length: Math.max(1, word.length - 1) }, (_, at) => word.slice(at, at + 2));
  const humps = word.split(HUMP);
  return (humps.length > 1 ? [word, ...humps] : humps).flatMap((part) => {
    const lower = part.toLowerCase();
    return lower.length > 1 && !STOP_WORDS.has(lower) ? [stem(lower)] : [];
  });
}

/** A word without its commonest English endings, so that `tests`, `testing` and `test` are one. */
export function stem(word: string): string {
  if (word.length <= 3 || /[^a-z]/.test(word)) return word;
  let base = word;
  if (base.endsWith("ies") && base.length > 4) base = `${base.slice(0, -3)}y`;
  else if (/(?:ss|x|z|ch|sh)es$/.test(base)) base = base.slice(0, -2);
  else if (/[^su]s$/.test(base)) base = base.slice(0, -1);
  const trimmed = base.replace(/(?:ing|ed|er|ation|ment|ly)$/, "");
  if (trimmed.length >= 3 && trimmed !== base && /[aeiouy]/.test(trimmed))
    base = trimmed.replace(/([bdfgklmnprt])\1$/, "$1");
  return base.length > 3 && base.endsWith("e") ? base.slice(0, -1) : base;
}

/** How much each term says: rare ones among the documents more. */
export function termWeights(documents: readonly ReadonlySet<string>[]): (term: string) => number {
  const counts = new Map<string, number>();
  for (const document of documents)
    for (const term of document) counts.set(term, (counts.get(term) ?? 0) + 1);
  return (term) => Math.log(1 + (documents.length + 1) / ((counts.get(term) ?? 0) + 0.5));
}

/** Judges documents by the weight of the query's terms that each has, as a share of all of them. 0 to 1. */
export function coverageOf(
  query: ReadonlySet<string>,
  weight: (term: string) => number,
): (document: ReadonlySet<string>) => number {
  const terms = Array.from(query, (term) => [term, weight(term)] as const);
  const all = terms.reduce((sum, [, value]) => sum + value, 0);
  return (document) => {
    let met = 0;
    for (const [term, value] of terms) if (document.has(term)) met += value;
    return all === 0 ? 0 : met / all;
  };
}

/** The share of a document's terms that are the query's. 0 to 1. */
export function shareOf(document: ReadonlySet<string>, query: ReadonlySet<string>): number {
  let met = 0;
  for (const term of document) if (query.has(term)) met++;
  return document.size === 0 ? 0 : met / document.size;
}
