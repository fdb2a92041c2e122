/** What of a glob decides overlap: the text before its first wildcard. */
export interface GlobPrefix {
  readonly prefix: string;
  /** No wildcard: it names exactly this path (or the folder of that name). */
  readonly literal: boolean;
}

/** The literal start of a glob, without a leading `./`. */
export function globPrefix(glob: string): GlobPrefix {
  const path = glob.replace(/^(?:\.?\/)+/, "");
  const wildcard = path.search(/^!|[*?[\]{}()\\]|[+@!](?=\()/);
  if (wildcard < 0) return { prefix: path.replace(/\/+$/, ""), literal: true };
  return { prefix: path.slice(0, wildcard), literal: false };
}

/**
 * Whether two globs may name the same path. Decided on their literal starts, so it errs towards yes:
 * `src/*.ts` and `src/*.md` count as overlapping.
 */
export function mayOverlap(a: GlobPrefix, b: GlobPrefix): boolean {
  return covers(a, b) || covers(b, a);
}

/** Whether a path that `inner` names may lie in what `outer` names. */
export function covers(outer: GlobPrefix, inner: GlobPrefix): boolean {
  if (!inner.prefix.startsWith(outer.prefix)) return false;
  if (!outer.literal || outer.prefix === "") return true;
  const next = inner.prefix[outer.prefix.length];
  return next === "/" || (next === undefined && inner.literal);
}

/** Whether two lists of globs may name the same path. */
export function listsMayOverlap(a: readonly string[], b: readonly string[]): boolean {
  const prefixes = b.map(globPrefix);
  return a.some((glob) => {
    const prefix = globPrefix(glob);
    return prefixes.some((other) => mayOverlap(prefix, other));
  });
}
