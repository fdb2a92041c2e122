import type { GateJudgement, NamespaceInput, Playbook, PlaybookDelta } from "@mnemosyne/core";

/** One attempt of a task and how it was judged. */
export interface JudgedAttempt {
  readonly attempt: number;
  readonly gates: readonly GateJudgement[];
  /** Paths that it changed. */
  readonly changed?: readonly string[];
  /** What the agent said it did. A claim: quoted as such, never as a fact. */
  readonly report?: string;
}

/** How a task ended: what a playbook learns from. */
export interface TaskOutcome {
  readonly namespace: NamespaceInput;
  readonly run: string;
  readonly task: string;
  readonly instructions: string;
  readonly agent?: string;
  /** Every attempt, oldest first. The last one passed or did not. */
  readonly attempts: readonly JudgedAttempt[];
  /** Ids of the playbook items that stood in the context of the last attempt. */
  readonly used?: readonly string[];
  /** Gates that asked a model: what they blocked is learnt too, but is not verified. */
  readonly judgedByModel?: readonly string[];
}

/** Something learnt that is not yet in a playbook. */
export type Lesson = Exclude<PlaybookDelta, { readonly op: "merge" | "restore" }>;

/** Works out what a task's outcome teaches. A model may do it; what it throws ends the learning and changes nothing. */
export interface Reflector {
  readonly name: string;
  reflect(outcome: TaskOutcome, playbook: Playbook, signal?: AbortSignal): Promise<readonly Lesson[]>;
}

/** Turns lessons into deltas that suit the playbook as it stands: what is known is tagged, not added again. */
export interface Curator {
  readonly name: string;
  curate(
    lessons: readonly Lesson[],
    playbook: Playbook,
    signal?: AbortSignal,
  ): Promise<readonly PlaybookDelta[]>;
}
