import type { ErrorRecord, EscalationLevel, QuestionKind, Task, TaskId, TaskStatus } from "@mnemosyne/core";

/** Which key of a task is open. A task has at most one. */
export type OpenKey = "none" | "run" | "review" | "wait" | "timer";

/** What a task waits for. */
export interface OpenWait {
  readonly kind: "approval" | QuestionKind;
  readonly text: string;
  readonly question?: string;
  /** What an approval is bound to; missing until `approval.requested`. */
  readonly subject?: string;
  /** Of a refused budget. */
  readonly scope?: "task" | "run";
}

/** A decision about an approval that came before its wait. */
export interface EarlyDecision {
  readonly granted: boolean;
  readonly subject?: string;
  readonly by: string;
  readonly reason?: string;
}

/** What only few tasks have. Plain JSON. */
export interface TaskExtra {
  wait?: OpenWait | undefined;
  /** When the open timer is due. */
  dueAt?: string | undefined;
  decision?: EarlyDecision | undefined;
  /** Subject of the approval that was granted. */
  approved?: string | undefined;
  /** Value of its `when`, from the task it looks at. */
  condition?: boolean | undefined;
  /** Hashes of the elements of its `forEach`, until it is expanded. */
  elements?: readonly string[] | undefined;
  /** Which element a `forEach` instance has. */
  element?: { readonly index: number; readonly hash: string } | undefined;
  /** Failures of this allowance of attempts, oldest first. */
  fingerprints?: readonly string[] | undefined;
  error?: ErrorRecord | undefined;
  /** Place of the failure among all that happened in the run. */
  failedAt?: number | undefined;
  /** Why it was skipped. */
  skipped?: "condition" | "dependency" | undefined;
  causes?: readonly TaskId[] | undefined;
  /** It was aborted or cancelled, but its work is known to have finished. */
  finished?: boolean | undefined;
  /** Compensations begun in this run. */
  compensations?: number | undefined;
  /** An edit of the plan took it out. */
  removed?: boolean | undefined;
  /** The parent that no longer counts it. */
  origin?: TaskId | undefined;
}

/**
 * One task's state. Plain data; `dependents`, `unmet`, `children`, `members` and `touched` follow from the plan and
 * the other cells and are not part of the digest.
 */
export interface TaskCell {
  readonly index: number;
  readonly id: TaskId;
  task: Task;
  status: TaskStatus;
  open: OpenKey;
  /** An abort was asked for; the open execution or review has not ended yet. */
  aborting: boolean;
  attempt: number;
  /** Highest attempt that may be begun without a person. */
  lastAttempt: number;
  /** Claims of the current attempt so far. */
  epoch: number;
  /** Judgements asked for in the current attempt. */
  reviews: number;
  /** Waits opened in this run. */
  waits: number;
  level: EscalationLevel;
  /** Place of the last claim among all that happened in the run; 0: nothing to undo. */
  started: number;
  /** Place of the completion; 0: not completed. */
  ended: number;
  /** Index of the task that added it or of its `forEach` task, -1: none. */
  parent: number;
  /** Dependencies that are not settled. */
  unmet: number;
  /** Members that count and are not settled. */
  children: number;
  readonly dependents: number[];
  /** Tasks that it added, or its instances. */
  members: number[] | undefined;
  extra: TaskExtra | undefined;
  extraChanged: boolean;
  touched: boolean;
}

/** A task that has not begun. */
export function createCell(index: number, task: Task, parent: number): TaskCell {
  return {
    index,
    id: task.id,
    task,
    status: "pending",
    open: "none",
    aborting: false,
    attempt: 1,
    lastAttempt: task.attempts,
    epoch: 0,
    reviews: 0,
    waits: 0,
    level: "none",
    started: 0,
    ended: 0,
    parent,
    unmet: 0,
    children: 0,
    dependents: [],
    members: undefined,
    extra: undefined,
    extraChanged: false,
    touched: false,
  };
}

const ENDED: Readonly<Record<TaskStatus, boolean>> = {
  pending: false,
  ready: false,
  running: false,
  reviewing: false,
  waiting: false,
  completed: true,
  failed: true,
  skipped: true,
  cancelled: true,
  compensated: true,
};

/** Nothing more happens to it unless a person asks for a retry or a rollback. */
export function isEnded(cell: TaskCell): boolean {
  return ENDED[cell.status];
}

/** Ended without having been completed, or undone since. */
export function endedUndone(cell: TaskCell): boolean {
  return ENDED[cell.status] && cell.status !== "completed";
}

/** Completed, and so are all members that count: its dependents may go on. */
export function isSettled(cell: TaskCell): boolean {
  return cell.status === "completed" && cell.children === 0;
}

/** Waits for its dependencies: nothing of it was ever opened. */
export function isUnopened(cell: TaskCell): boolean {
  return cell.status === "pending" && cell.open === "none";
}

/** Instances of a `forEach` task do its work; it has none of its own. */
export function isTemplate(cell: TaskCell): boolean {
  return cell.task.forEach !== undefined;
}

/** Whether an executed attempt has to be judged, or merged, before it counts. */
export function needsReview(cell: TaskCell): boolean {
  return cell.task.isolation === "tree" || cell.task.gates.length > 0;
}
