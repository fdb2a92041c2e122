import type { Json, JsonObject } from "../json.ts";
import type { TaskId } from "../ids.ts";
import type { CommandRunner } from "./command-runner.ts";
import type { LanguageModel } from "./language-model.ts";
import type { FileChange, Workspace } from "./workspace.ts";

/** A gate's verdict. Only `pass` passes: `error` and `inconclusive` block. */
export type Verdict = "pass" | "fail" | "error" | "inconclusive";

/** What a gate found. */
export interface Finding {
  /** Stable name of the rule, e.g. `tests.failed`. */
  readonly rule: string;
  /** `blocker` decides the verdict; `note` informs. */
  readonly severity: "blocker" | "warning" | "note";
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  /** What was seen: a quote, a command's output, a path that does not exist. */
  readonly evidence?: string;
}

/** One gate's judgement. */
export interface GateJudgement {
  readonly gate: string;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  /** Hash of what was judged (tree, report, gate's settings); the verdict is void when it changes. */
  readonly subject: string;
  readonly durationMs: number;
  /** Names of the checks that passed, so that one that turns red later is seen as a regression. */
  readonly passed?: readonly string[];
  /** Figures that it established, for gates that run after it, e.g. `{ passed: 12, failed: 0 }`. */
  readonly measured?: Readonly<Record<string, number>>;
}

/** What is judged. */
export interface GateSubject {
  readonly runId: string;
  readonly task: TaskId;
  readonly attempt: number;
  readonly instructions: string;
  readonly goal: string;
  readonly constraints: readonly string[];
  readonly successCriteria: readonly string[];
  readonly testCommand?: string;
  /** The files as the task left them. */
  readonly workspace: Workspace;
  /** What it changed against its base. */
  readonly changes: readonly FileChange[];
  /** Hash of the tree that is judged. */
  readonly tree: string;
  /** What the agent says it did. */
  readonly report?: string;
  readonly output?: Json;
  /** Tools and commands that the journal shows were really used in this attempt. */
  readonly effects: readonly {
    readonly tool: string;
    readonly input: Json;
    readonly ok: boolean;
    readonly summary?: string;
  }[];
  /**
   * False where nothing recorded what the author did, as in a review of files alone: then no effect is no proof that a
   * command was not run. Default true.
   */
  readonly effectsKnown?: boolean;
  /** Judgements of this run's earlier tasks, as evidence for the whole. */
  readonly earlier: readonly { readonly task: TaskId; readonly gate: string; readonly verdict: Verdict }[];
}

/** What a gate may use. */
export interface GateContext {
  readonly commands: CommandRunner;
  readonly model?: LanguageModel;
  readonly signal: AbortSignal;
  /** The gate's settings in the plan, e.g. `{ command: "npm test" }`. */
  readonly settings: JsonObject;
  /** Judgements of this review that were made before, as evidence. */
  readonly judged?: readonly GateJudgement[];
}

/**
 * A check between a task and its dependents. Programs first; a model's verdict can only lower a result.
 * Throwing means that it could not judge: verdict `error`.
 */
export interface Gate {
  readonly name: string;
  /** Changes when its rules change, so that old verdicts do not count for new rules. */
  readonly version: string;
  /** Model gates run after programs. Default `program`. */
  readonly kind?: "program" | "model";
  /** Names of gates whose judgements it looks at (`context.judged`): it runs after those of them that are asked for. */
  readonly after?: readonly string[];
  judge(
    subject: GateSubject,
    context: GateContext,
  ): Promise<Omit<GateJudgement, "gate" | "subject" | "durationMs">>;
}

/** The judgement of all gates together. */
export interface ReviewResult {
  readonly verdict: Verdict;
  readonly gates: readonly GateJudgement[];
  /** Names the failure: the same rules at the same places give the same fingerprint. Empty when passed. */
  readonly fingerprint: string;
  /** Check that passed in an earlier attempt and fails now. */
  readonly regressed: boolean;
}

/** Runs the gates that a task names. The reviewer implements it. */
export interface GateRunner {
  review(
    subject: GateSubject,
    gates: readonly { readonly gate: string; readonly with: JsonObject }[],
    context: Omit<GateContext, "settings" | "judged"> & {
      /** Earlier judgements of this task, oldest first. */
      readonly history?: readonly ReviewResult[];
      /** Called after each gate. */
      readonly onJudged?: (judgement: GateJudgement) => void;
    },
  ): Promise<ReviewResult>;
  /** Names of the gates it can run. */
  readonly names: readonly string[];
}
