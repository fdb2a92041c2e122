/** What a program may be called with. Everything that no rule allows is refused. */
export interface CommandRule {
  /** Name of the program as found on PATH; never a path. */
  readonly program: string;
  /** What the first arguments that are no options must be, one list for each form; `*` stands for any one. Missing: anything. */
  readonly forms?: readonly (readonly string[])[];
  /**
   * The only options (arguments that begin with `-`) that it takes. `--name=` allows the option with an attached value
   * only, so that no value can be taken for something else. Missing: any but the refused ones.
   */
  readonly options?: readonly string[];
  /** Options that are refused in every way of writing them: abbreviated, with a value, among bundled letters. */
  readonly refusedOptions?: readonly string[];
  /** So many arguments that are no options belong to the program; what follows belongs to its script. Default: all. */
  readonly own?: number;
  /** The first argument that is no option is a pattern, not a path. */
  readonly pattern?: boolean;
  /** Said to the model, e.g. `npm test, npm run SCRIPT`. Default: the program. */
  readonly usage?: string;
}

const PACKAGE_SCRIPT_OPTIONS = ["--silent", "-s", "--if-present"];

/**
 * Programs that a model may start by default: a project's own scripts and tests, git to read, and file reading.
 * This keeps honest work on its path and refuses what is plainly something else (code on the command line, shells,
 * downloads). It is no wall against a script that the model wrote itself: that is the sandbox's part.
 */
export const DEFAULT_COMMANDS: readonly CommandRule[] = [
  {
    program: "node",
    own: 1,
    options: [
      "--test",
      "--test-only",
      "--test-force-exit",
      "--test-name-pattern=",
      "--test-reporter=",
      "--test-concurrency=",
      "--test-timeout=",
      "--experimental-test-coverage",
      "--experimental-strip-types",
      "--enable-source-maps",
      "--no-warnings",
      "--check",
      "--version",
    ],
    usage: "node FILE [ARGS], node --test [FILES]",
  },
  {
    program: "npm",
    forms: [["test"], ["t"], ["run", "*"], ["run-script", "*"], ["ls"]],
    options: [...PACKAGE_SCRIPT_OPTIONS, "--workspaces", "--workspace="],
    usage: "npm test, npm run SCRIPT [-- ARGS]",
  },
  {
    program: "pnpm",
    forms: [["test"], ["t"], ["run", "*"]],
    options: [...PACKAGE_SCRIPT_OPTIONS, "-r", "--filter="],
    usage: "pnpm test, pnpm run SCRIPT",
  },
  {
    program: "yarn",
    forms: [["test"], ["run", "*"]],
    options: PACKAGE_SCRIPT_OPTIONS,
    usage: "yarn test, yarn run SCRIPT",
  },
  {
    program: "npx",
    own: 1,
    forms: ["vitest", "jest", "mocha", "ava", "tap", "tsc", "eslint", "oxlint", "prettier", "biome"].map(
      (tool) => [tool],
    ),
    options: ["--no", "--no-install", "--offline"],
    usage: "npx TOOL for an installed vitest, jest, mocha, ava, tap, tsc, eslint, oxlint, prettier, biome",
  },
  {
    program: "git",
    forms: [["status"], ["diff"], ["log"], ["show"], ["ls-files"], ["blame"], ["grep"], ["rev-parse"]],
    refusedOptions: [
      "--output",
      "-o",
      "--ext-diff",
      "--textconv",
      "--no-index",
      "-O",
      "--open-files-in-pager",
      "--contents",
      "-f",
      "-c",
      "-C",
      "--git-dir",
      "--work-tree",
      "--exec-path",
      "--config-env",
      "--super-prefix",
    ],
    usage: "git status|diff|log|show|ls-files|blame|grep",
  },
  { program: "ls" },
  { program: "cat" },
  { program: "head" },
  { program: "tail", refusedOptions: ["-f", "-F", "--follow", "--retry"] },
  { program: "wc", refusedOptions: ["--files0-from"] },
  { program: "diff" },
  { program: "grep", pattern: true, refusedOptions: ["-f", "--file", "-R", "--dereference-recursive"] },
];
