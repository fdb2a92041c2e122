/** A setting of git and its value. */
export type GitSetting = readonly [key: string, value: string];

const SAFE: readonly GitSetting[] = [
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["core.untrackedCache", "false"],
  ["core.quotePath", "false"],
  ["diff.external", ""],
  ["core.attributesFile", "/dev/null"],
  ["submodule.recurse", "false"],
];

/** Arguments of the call that lists a repository's filters; {@link filtersOff} turns its output into settings. */
export const FILTERS_QUERY = ["config", "-z", "--name-only", "--get-regexp", "^filter\\."] as const;

/** Settings that switch off every filter that {@link FILTERS_QUERY} listed. */
export function filtersOff(keys: string): readonly GitSetting[] {
  return keys
    .split("\0")
    .filter((key) => key !== "")
    .map((key) => [key, /\.required$/iu.test(key) ? "false" : ""]);
}

/**
 * The environment for a git that only reads: it takes no locks, asks nobody, fetches nothing, and runs nothing that the
 * repository or its user configured (hooks, monitors, external diffs; filters with {@link filtersOff}).
 */
export function gitEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  more: readonly GitSetting[] = [],
): Record<string, string> {
  const all = [...SAFE, ...more];
  const given: Record<string, string> = {
    PATH: env["PATH"] ?? "/usr/bin:/bin",
    HOME: env["HOME"] ?? "/",
    LC_ALL: "C",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_TERMINAL_PROMPT: "0",
    GIT_NO_LAZY_FETCH: "1",
    GIT_CONFIG_COUNT: String(all.length),
  };
  // By the environment, because a key may contain `=`, which `-c` would split.
  for (const [at, [key, value]] of all.entries()) {
    given[`GIT_CONFIG_KEY_${at}`] = key;
    given[`GIT_CONFIG_VALUE_${at}`] = value;
  }
  return given;
}
