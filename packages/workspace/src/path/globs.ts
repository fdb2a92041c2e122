import picomatch from "picomatch";

/** Tells whether a relative path matches one of the globs. Dot files match; a folder's own path matches `folder/**`. */
export function globMatcher(globs: readonly string[]): (path: string) => boolean {
  const matchers = globs.map((glob) => picomatch(withoutDot(glob), { dot: true, strictSlashes: false }));
  return (path) => matchers.some((matches) => matches(path));
}

/** `./src/` and `src` mean the folder and everything in it. */
function withoutDot(glob: string): string {
  const plain = glob.replace(/^(?:\.\/)+/u, "");
  return plain === "." || plain === "" ? "**" : plain.endsWith("/") ? `${plain}**` : plain;
}
