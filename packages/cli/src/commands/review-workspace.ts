import { stat } from "node:fs/promises";
import {
  MnemosyneError,
  TaskId,
  type Finding,
  type Gate,
  type GateJudgement,
  type LanguageModel,
  type Verdict,
} from "@mnemosyne/core";
import { gateNames, overallVerdict, Reviewer } from "@mnemosyne/reviewer";
import { createCommandRunner, type FolderWorkspace } from "@mnemosyne/workspace";
import { openReviewed, type ReviewBase } from "./review-base.ts";
import { findTestCommand } from "./review-test-command.ts";
import { toolchainFolders } from "./review-toolchains.ts";

/** Options of {@link reviewWorkspace}. */
export interface ReviewWorkspaceOptions {
  /** The folder, absolute; in a git repository or not. */
  readonly workspace: string;
  /** A revision that changes count from. Default: HEAD where something is not committed, else the merge base with upstream, else the empty tree. */
  readonly base?: string;
  /** Text of a report whose claims are looked up. */
  readonly report?: string;
  /** Names of gates. Default: all but `intent`, which needs a model. */
  readonly gates?: readonly string[];
  /** Shell line that runs the tests; of a runner that is not known its exit code counts. Default: what the project's files say. */
  readonly testCommand?: string;
  /** Gates beside the built-in ones. */
  readonly customGates?: readonly Gate[];
  readonly model?: LanguageModel;
  /** Environment that PATH, HOME and the like are taken from. Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  readonly onJudged?: (judgement: GateJudgement) => void;
}

/** What a review of a folder came to. */
export interface WorkspaceReview {
  readonly verdict: Verdict;
  readonly gates: readonly GateJudgement[];
  readonly base: ReviewBase;
  /** Hash of the files that were judged; the verdict holds for these only. */
  readonly tree: string;
  /** How many files differ from the base. */
  readonly changes: number;
  readonly testCommand?: string;
  /** The folder's path in its repository, with a `/` at the end; empty at the top and without git. */
  readonly prefix: string;
}

const DEFAULT_GATES = gateNames.filter((name) => name !== "intent");

/**
 * Reviews a folder against a base with the built-in gates: no plan, no engine and no database. Test commands run in the
 * folder itself, sandboxed where bubblewrap works. Throws `E_INPUT` for a folder, revision or gate that is not there.
 */
export async function reviewWorkspace(options: ReviewWorkspaceOptions): Promise<WorkspaceReview> {
  const { signal = new AbortController().signal, env = process.env, report, model, onJudged } = options;
  const uses = options.gates ?? DEFAULT_GATES;
  if (uses.length === 0)
    throw new MnemosyneError("E_INPUT", "A review needs a gate at least.", { kind: "input", path: "gates" });
  const reviewer = new Reviewer({ gates: options.customGates ?? [] });
  const unknown = uses.find((name) => !reviewer.names.includes(name));
  if (unknown !== undefined)
    throw new MnemosyneError(
      "E_INPUT",
      `There is no gate '${unknown}'; the gates are ${reviewer.names.join(", ")}.`,
      { kind: "input", path: "gates" },
    );
  if (!(await isFolder(options.workspace)))
    throw new MnemosyneError("E_INPUT", `There is no folder ${options.workspace}.`, {
      kind: "input",
      path: "workspace",
    });
  const { workspace, base, prefix } = await openReviewed(options.workspace, {
    ...(options.base === undefined ? {} : { base: options.base }),
    env,
    signal,
  });
  const testCommand = options.testCommand ?? (await findTestCommand(workspace));
  const changes = await workspace.changes();
  const tree = await workspace.hash();
  const before = await fileHashes(workspace);
  const commands = createCommandRunner({
    environment: { ...env },
    readable: toolchainFolders(env["HOME"]),
  });
  try {
    const { gates, verdict } = await reviewer.review(
      {
        runId: "review",
        task: TaskId.parse("review"),
        attempt: 1,
        instructions: "",
        goal: "",
        constraints: [],
        successCriteria: [],
        workspace,
        changes,
        tree,
        effects: [],
        effectsKnown: false,
        earlier: [],
        ...(report === undefined ? {} : { report }),
        ...(testCommand === undefined ? {} : { testCommand }),
      },
      uses.map((gate) => ({
        gate,
        with: gate === "tests" && options.testCommand !== undefined ? { count: "unchecked" } : {},
      })),
      {
        commands,
        signal,
        ...(model === undefined ? {} : { model }),
        ...(onJudged === undefined ? {} : { onJudged }),
      },
    );
    const moved = movedFiles(
      before,
      await fileHashes(workspace),
      changes.map(({ path }) => path),
    );
    return {
      verdict: moved.length === 0 ? verdict : overallVerdict([verdict, "inconclusive"]),
      gates: moved.length === 0 ? gates : [...gates, staleJudgement(moved, tree)],
      base,
      tree,
      changes: changes.length,
      prefix,
      ...(testCommand === undefined ? {} : { testCommand }),
    };
  } finally {
    await commands.close();
  }
}

async function isFolder(folder: string): Promise<boolean> {
  try {
    return (await stat(folder)).isDirectory();
  } catch {
    // Whatever keeps it from being looked at, it cannot be reviewed.
    return false;
  }
}

async function fileHashes(workspace: FolderWorkspace): Promise<ReadonlyMap<string, string>> {
  const { entries } = await workspace.manifest();
  return new Map([...entries].map(([path, { hash }]) => [path, hash]));
}

/** Changed files that are not any more what was judged: a command of the review, or somebody, wrote them meanwhile. */
function movedFiles(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  changed: readonly string[],
): readonly string[] {
  return changed.filter((path) => before.get(path) !== after.get(path));
}

function staleJudgement(moved: readonly string[], tree: string): GateJudgement {
  return {
    gate: "review",
    verdict: "inconclusive",
    subject: tree,
    durationMs: 0,
    findings: moved.slice(0, 20).map((file): Finding => ({
      rule: "review.changedMeanwhile",
      severity: "blocker",
      message:
        "This file changed while it was judged, so the verdict is not about what is there now. Review again.",
      file,
    })),
  };
}
