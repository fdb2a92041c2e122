/**
 * The literal beginning that every path of a resource shares: for a plain name the name and a slash (it covers what lies
 * below it), for a glob what stands before its first special character. Upper case, because some file systems do not
 * tell cases apart. Empty when nothing can be said. Two resources overlap only if one's stem begins with the other's;
 * an index over stems can therefore find what is in the way.
 */
export function globStem(resource: string): string {
  const glob = resource.startsWith("./") ? resource.slice(2) : resource;
  if (hasOpenAlternation(glob)) return "";
  const special = glob.search(/[*?[\](){}!|\\"]|[+@](?=\()/);
  const literal = special === -1 ? glob : glob.slice(0, special);
  const segments = literal.split(/\/+/);
  if (segments.includes("..")) return "";
  const dot = segments.indexOf(".");
  const known = dot === -1 ? segments : [...segments.slice(0, dot), ""];
  const stem = known.join("/");
  if (special !== -1 || dot !== -1) return stem.toUpperCase();
  return `${stem.replace(/\/$/, "")}/`.toUpperCase();
}

/**
 * Whether two path globs or names may stand for the same path. Decided on their literal beginnings, so it may say
 * `true` for two that never meet (`src/*.ts` and `src/*.md`), but never `false` for two that do.
 */
export function globsOverlap(a: string, b: string): boolean {
  const one = globStem(a);
  const other = globStem(b);
  return one.startsWith(other) || other.startsWith(one);
}

/** A `|` outside parentheses lets a glob mean something that does not share its beginning at all. */
function hasOpenAlternation(glob: string): boolean {
  if (!glob.includes("|")) return false;
  if (glob.includes("\\")) return true;
  let depth = 0;
  for (const character of glob) {
    if (character === "(") depth++;
    else if (character === ")") depth--;
    else if (character === "|" && depth <= 0) return true;
  }
  return false;
}
