import { HOLDS, NO_CLAIM, refuted, sumChecked, unshown, type Checked, type ClaimContext } from "./claim.ts";
import type { CodeBlock, Sentence } from "./document.ts";
import { commandsRun, normalCommand, runsOf, testRuns } from "./evidence.ts";
import type { Mention } from "./mentions.ts";
import { moodOf, type Mood } from "./mood.ts";

const RAN =
  /\b(?:ran|re-?ran|executed|invoked|verified\s+(?:it\s+|this\s+|that\s+|everything\s+)?(?:with|by|using|via|through)|(?:checked|tested|confirmed|validated)\s+(?:it\s+|this\s+|that\s+)?(?:with|by|using|via)|after\s+(?:running|executing)|by\s+running|running)\b(?:\s+\w+){0,3}[\s_:,]*$/i;
const WAS_RUN = /^\s*(?:was|were|has\s+been|have\s+been)\s+(?:also\s+|then\s+)?(?:run|executed|re-?run)\b/i;
/** Said right behind a command, or behind those that are named with it: "passes", "→ no issues", ": ok", "(clean)". */
const SUCCEEDS =
  /^(?:\s*(?:,|and|&)+\s*_+)*\s*\)?\s*(?:→|->|=>|:|[—–-]|\(|,)?\s*(?:(?:now|also|both|all|still|then|again|it|which|that|output|result|came\s+back|comes\s+back|is|was|are|were|runs?|ran|reports?|reported|shows?|showed|gives?|gave|prints?|printed|finishes|finished|completes?|completed|ends?|ended|exits?|exited|with|code|status|has|had)\s+){0,4}(?:pass(?:es|ed|ing)?|succe(?:eds?|eded|ss\w*)|ok(?:ay)?|green|clean(?:ly)?|fine|good|happy|0|zero|(?:no|0|zero|without)(?:\s+any)?\s+(?:errors?|issues?|warnings?|problems?|complaints?|findings?|failures?|trouble)|\d+\s+(?:(?:unit|integration)\s+)?(?:tests?|passed|passing|checks?|files?|suites?|specs?)|✅|✔|✓|works?|worked|complet(?:es|ed)|finish(?:es|ed))(?![\w-])/i;
const SUCCEEDED_BEFORE = /\b(?:pass(?:es|ed|ing)?|succe(?:eds?|eded)|clean)\s+(?:with|under|in|on)\s*$/i;
/** "Ran the linter (`npm run lint`), which passed." */
const RAN_IN_BRACKETS = /\b(?:ran|re-?ran|executed)\s+(?:\w+\s+){0,4}\(\s*$/i;
const SUCCEEDS_BEHIND =
  /^\)?[\s,;]*(?:which|and\s+it|it|and\s+that)\s+(?:(?:now|also|then|both|all)\s+)*(?:pass(?:es|ed)|succe(?:eds|eded)|(?:is|was|came\s+back)\s+(?:clean|green)|complet(?:es|ed)|work(?:s|ed))\b/i;
/** Told to a reader. */
const TO_READER =
  /\b(?:you|to\s+(?:see|check|verify|reproduce|run|test|try|confirm|start)|please|users?|can\s+be|simply|just)\b/i;

/** That a command which is said to have run did, with the outcome that is said. */
export async function checkCommand(
  context: ClaimContext,
  sentence: Sentence,
  { start, end }: Mention,
  line: string,
  mood: Mood,
): Promise<Checked> {
  if (context.document !== undefined || mood.negated || mood.supposed) return NO_CLAIM;
  if (TO_READER.test(mood.before) && !/\b(?:I|we)\b/.test(mood.before)) return NO_CLAIM;
  const behind = sentence.words.slice(end);
  const succeeds =
    SUCCEEDS.test(behind) || SUCCEEDED_BEFORE.test(mood.before) || SUCCEEDS_BEHIND.test(behind);
  const ran =
    RAN.test(mood.before) || WAS_RUN.test(mood.after) || RAN_IN_BRACKETS.test(sentence.words.slice(0, start));
  if (!ran && !succeeds) return NO_CLAIM;
  if (/\b(?:tests?\s+gate|reviewer|CI|pipeline)\b/.test(mood.before)) return NO_CLAIM;

  const runs = await runsOf(context, line);
  const last = runs.at(-1);
  const others = commandsRun(context.subject).map((command) => command.line);
  if (last === undefined) {
    // The tests gate ran it: that it passes is shown, that the agent ran it is not.
    const judged = judgedByGate(context, line);
    if ((!ran || context.subject.effectsKnown === false) && judged !== undefined) {
      if (!succeeds && ran) return HOLDS;
      if (judged === "pass") return HOLDS;
      return refuted(
        context,
        "command",
        sentence,
        `'${line}' does not succeed.`,
        `the tests gate's verdict is ${judged}`,
      );
    }
    return unshown(
      context,
      "commandNotRun",
      sentence,
      `Nothing shows that '${line}' was run.`,
      others.length === 0
        ? "no command was run in this attempt"
        : `commands that were run: ${others.slice(-8).join("; ")}`,
    );
  }
  const claimsSuccess =
    succeeds ||
    /\b(?:pass(?:es|ed)|succe(?:eds|eded)|green|clean|without\s+errors?|no\s+(?:errors?|failures?))\b/i.test(
      mood.after,
    );
  if (claimsSuccess && !last.ok)
    return refuted(
      context,
      "command",
      sentence,
      `'${line}' did not succeed when it last ran.`,
      last.summary === "" ? `'${last.line}' failed` : last.summary.slice(0, 500),
    );
  return HOLDS;
}

function judgedByGate({ judged, subject }: ClaimContext, line: string): "pass" | "fail" | undefined {
  if (subject.testCommand === undefined || normalCommand(subject.testCommand) !== normalCommand(line))
    return undefined;
  const verdict = judged.findLast(({ gate }) => gate === "tests")?.verdict;
  return verdict === "pass" || verdict === "fail" ? verdict : undefined;
}

/** What package managers do themselves, without a script. */
const OWN_VERBS = new Set(
  (
    "install i ci add remove rm uninstall update upgrade up outdated audit init publish pack link unlink login logout whoami view info list ls exec x dlx " +
    "create config get set cache dedupe prune version help search owner access token team star docs repo bugs root bin prefix why patch store import fund " +
    "explain query pkg rebuild shrinkwrap workspaces workspace node global self-update completion start-server"
  ).split(" "),
);
/** They run without one. */
const HAVE_DEFAULTS = new Set(["test", "t", "tst", "start", "stop", "restart"]);

/** That the scripts which a command line names are in a package.json. */
export async function checkScripts(
  context: ClaimContext,
  sentence: Pick<Sentence, "text" | "line">,
  line: string,
): Promise<Checked> {
  const checks: Checked[] = [];
  for (const match of line.matchAll(
    /(?:^|[;&|]\s*)\s*(?:\$\s+)?(npm|pnpm|yarn|bun)\s+((?:-{1,2}[\w-]+(?:[= ](?![\w:-]+$)\S+)?\s+)*)(run(?:-script)?\s+)?(?:(?:-{1,2}\S+)\s+)*([\w][\w:.-]*)/g,
  )) {
    const [, manager = "", , run, script = ""] = match;
    if (run === undefined) {
      if (OWN_VERBS.has(script) || (manager === "bun" && script === "test")) continue;
      // `pnpm eslint` and `yarn tsc` run a program; only npm's own short forms are sure to be scripts.
      if (manager !== "npm" || !HAVE_DEFAULTS.has(script)) continue;
    }
    const name = script === "t" || script === "tst" ? "test" : script;
    const scripts = await context.repository.scripts();
    if (scripts.has(name) || /[<>*$]/.test(script)) checks.push(HOLDS);
    else if (context.repository.heldBefore(`"${name}"`)) checks.push(HOLDS);
    else
      checks.push(
        refuted(
          context,
          "script",
          sentence,
          `There is no script '${name}'.`,
          scripts.size === 0 ? "no package.json has scripts" : `scripts: ${[...scripts.keys()].join(", ")}`,
        ),
      );
  }
  return sumChecked(checks);
}

const SHELL = /^(?:sh|bash|shell|console|zsh|terminal|shellsession)\b/i;

/** Scripts in the fenced blocks of a shell. */
export async function checkShellBlock(context: ClaimContext, block: CodeBlock): Promise<Checked> {
  if (!SHELL.test(block.info)) return NO_CLAIM;
  const checks: Checked[] = [];
  for (const [index, text] of block.text.split("\n").entries())
    if (/^\s*(?:\$\s+)?(?:npm|pnpm|yarn|bun)\s/.test(text))
      checks.push(
        await checkScripts(
          context,
          { text: text.trim(), line: block.line + index + 1 },
          text.trim().replace(/\s+#.*$/, ""),
        ),
      );
  return sumChecked(checks);
}

/** Checks that people name without their command, and the commands that do them. */
const KINDS: readonly (readonly [words: RegExp, commands: RegExp, name: string])[] = [
  [
    /\b(?:lint(?:er|ing)?|eslint|style\s+checks?)\b/,
    /\b(?:lint|eslint|oxlint|biome|ruff|flake8|pylint|clippy|golangci-lint|standard|xo)\b/,
    "a linter",
  ],
  [
    /\b(?:type[- ]?check(?:s|er|ing)?|tsc|mypy)\b/,
    /\b(?:tsc|type-?check|types|mypy|pyright|build|vue-tsc|cargo (?:check|build)|go (?:vet|build))\b/,
    "a type check",
  ],
  [
    /\b(?:build|compilation|bundle)\b/,
    /\b(?:build|compile|tsc|vite|webpack|rollup|esbuild|bundle|make|cargo|go build|gradle|mvn|docker)\b/,
    "a build",
  ],
];
const KIND_PASSES =
  /\b(lint(?:er|ing)?|eslint|style\s+checks?|type[- ]?check(?:s|er|ing)?|tsc|mypy|build|compilation|bundle)\s+(?:(?:now|also|still|both|all|run|step|job|check|checks)\s+)*(?:pass(?:es|ed|ing)?|succeed(?:s|ed)?|(?:is|are|was|were|comes?\s+back|came\s+back|stays?)\s+(?:all\s+|now\s+|still\s+|also\s+)*(?:clean|green|fine|happy|passing|successful|ok)|has\s+no\s+(?:errors|warnings|problems)|completes?\s+(?:without|cleanly|successfully)|works)\b/gi;

/** What people say they ran or did without giving the command, and the commands that do it. */
const DONE: readonly (readonly [words: RegExp, commands: RegExp, name: string])[] = [
  [
    /^(?:linter|lint|eslint|oxlint|ruff|clippy)/,
    /\b(?:lint|eslint|oxlint|biome|ruff|flake8|pylint|clippy|golangci-lint|standard|xo|check)\b/,
    "a linter",
  ],
  [
    /^(?:type[- ]?check|tsc|mypy)/,
    /\b(?:tsc|type-?check|types|mypy|pyright|build|vue-tsc|cargo (?:check|build)|go (?:vet|build)|check)\b/,
    "a type check",
  ],
  [
    /^(?:build|compil)/,
    /\b(?:build|compile|tsc|vite|webpack|rollup|esbuild|bundle|make|cargo|go build|gradle|mvn|docker)\b/,
    "a build",
  ],
  [
    /^(?:formatter|prettier|black|gofmt|rustfmt)/,
    /\b(?:format|fmt|prettier|black|gofmt|rustfmt|biome|oxfmt|fix)\b/,
    "a formatter",
  ],
  [
    /^(?:tests?|test suite|suite|pytest|vitest|jest|mocha)/,
    /\b(?:tests?|vitest|jest|mocha|ava|pytest|unittest|rspec|tox|check|ctest)\b/,
    "a test run",
  ],
  [/^commit/, /\bgit\b.*\bcommit\b/, "a commit"],
  [/^push/, /\bgit\b.*\bpush\b/, "a push"],
];
const SAID_DONE =
  /\b(?:ran|re-?ran|executed)\s+(?:the\s+|all\s+|a\s+|full\s+|whole\s+|complete\s+|entire\s+|project['’]s\s+|existing\s+)*(?:unit\s+|integration\s+)?(linter|lint|eslint|oxlint|ruff|clippy|type[- ]?check\w*|tsc|mypy|build|formatter|prettier|black|gofmt|rustfmt|tests?|test\s+suite|suite|pytest|vitest|jest|mocha)\b|\b(?:I|we)\s+(?:have\s+|also\s+|then\s+)*(committed|pushed)\b/gi;

/** "Ran the linter", "I committed": such a command has run. */
export function checkDone(context: ClaimContext, sentence: Sentence): Checked {
  if (context.document !== undefined) return NO_CLAIM;
  const checks: Checked[] = [];
  for (const match of sentence.words.matchAll(SAID_DONE)) {
    const mood = moodOf(sentence, match.index, match.index + match[0].length);
    const said = (match[1] ?? match[2] ?? "").toLowerCase();
    const kind = DONE.find(([words]) => words.test(said));
    if (kind === undefined || mood.negated || mood.supposed) continue;
    const ran =
      commandsRun(context.subject).some(({ line }) => kind[1].test(line)) ||
      (kind[2] === "a test run" && (testRuns(context).length > 0 || judgedHere(context)));
    checks.push(
      ran
        ? HOLDS
        : unshown(
            context,
            "commandNotRun",
            sentence,
            `Nothing shows ${kind[2]}.`,
            "no such command among those that were run",
          ),
    );
  }
  return sumChecked(checks);
}

/** Nothing was recorded, and the tests gate ran the tests itself: nobody can say that the author did not. */
function judgedHere({ judged, subject }: ClaimContext): boolean {
  return subject.effectsKnown === false && judged.some(({ gate }) => gate === "tests");
}

/** "Linting passes", "the build is green": a command of that kind has run, and well. */
export function checkKinds(context: ClaimContext, sentence: Sentence): Checked {
  if (context.document !== undefined) return NO_CLAIM;
  const checks: Checked[] = [];
  for (const match of sentence.words.matchAll(KIND_PASSES)) {
    const mood = moodOf(sentence, match.index, match.index + match[0].length);
    const kind = KINDS.find(([words]) => words.test((match[1] ?? "").toLowerCase()));
    if (kind === undefined || mood.negated || mood.supposed || mood.past) continue;
    const [, commands, name] = kind;
    const last = commandsRun(context.subject).findLast(({ line }) => commands.test(line));
    if (last === undefined)
      checks.push(
        unshown(
          context,
          "commandNotRun",
          sentence,
          `Nothing shows that ${name} was run.`,
          "no such command among those that were run",
        ),
      );
    else if (last.ok) checks.push(HOLDS);
    else
      checks.push(
        refuted(
          context,
          "command",
          sentence,
          `'${last.line}' did not succeed when it last ran.`,
          last.summary.slice(0, 500),
        ),
      );
  }
  return sumChecked(checks);
}
