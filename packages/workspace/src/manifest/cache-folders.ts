/** Folders that trees share with the workspace unless the plan says otherwise. */
export const DEFAULT_CACHES: readonly string[] = ["node_modules", ".venv", "target"];

/** Files that show that a folder named `target` beside them is a build's, and not somebody's sources. */
const BUILD_FILES: ReadonlySet<string> = new Set(["Cargo.toml", "pom.xml", "build.sbt"]);

/** Decides which folders are caches. */
export interface CacheRule {
  /** True when the folder or link `name` in `folder` (relative; empty: top) is a cache, given the names beside it. */
  isCache(folder: string, name: string, beside: readonly string[]): boolean;
}

/**
 * The rule for a list of caches: a name such as `node_modules` counts at every level, a path such as `packages/a/out`
 * only there. A folder named `target` counts only beside a build file (Cargo.toml, pom.xml, build.sbt), because that
 * is also a common name for sources; give its path to share it all the same.
 */
export function cacheRule(caches: readonly string[] = DEFAULT_CACHES): CacheRule {
  const names = new Set<string>();
  const paths = new Set<string>();
  for (const cache of caches) {
    const plain = cache.replace(/^(?:\.\/)+/u, "").replace(/\/+$/u, "");
    if (cache.startsWith("./") || plain.includes("/")) paths.add(plain);
    else names.add(plain);
  }
  return {
    isCache(folder, name, beside) {
      if (paths.has(folder === "" ? name : `${folder}/${name}`)) return true;
      if (!names.has(name)) return false;
      return name !== "target" || beside.some((file) => BUILD_FILES.has(file));
    },
  };
}

/** The caches that a task does not write: one that its `writes` name is its own to change, so it gets a copy. */
export function sharedCaches(
  caches: readonly string[] = DEFAULT_CACHES,
  writes: readonly string[] = [],
): readonly string[] {
  const named = new Set(writes.flatMap((glob) => glob.split("/")));
  return caches.filter((cache) => !cache.split("/").every((part) => part === "." || named.has(part)));
}
