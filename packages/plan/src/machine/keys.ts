import type { RunState } from "./run-state.ts";
import type { OpenKey, TaskCell } from "./task-cell.ts";

/** Key of the timer of the run's deadline. A task's timer has three parts, so none can collide with it. */
export const DEADLINE_KEY = "timer:deadline";

/** An attempt's work. Opened again for a further execution of the same attempt. */
export function runKey(cell: TaskCell): string {
  return `run:${cell.id}:${cell.attempt}`;
}

/** The judgement of an attempt; a second one of the same attempt is told apart. */
export function reviewKey(cell: TaskCell): string {
  const key = `review:${cell.id}:${cell.attempt}`;
  return cell.reviews > 1 ? `${key}#${cell.reviews}` : key;
}

/** The task's n-th wait in this run. */
export function waitKey(cell: TaskCell): string {
  return `wait:${cell.id}:${cell.attempt}:${cell.waits}`;
}

/** The delay before an attempt. */
export function timerKey(cell: TaskCell): string {
  return `timer:${cell.id}:${cell.attempt}`;
}

/** The task's n-th compensation in this run. */
export function compensateKey(cell: TaskCell): string {
  return `compensate:${cell.id}:${cell.extra?.compensations ?? 0}`;
}

/** The delay before a compensation is tried again. */
export function compensationTimerKey(cell: TaskCell): string {
  return `timer:compensate:${cell.id}:${cell.extra?.compensations ?? 0}`;
}

/** The run's n-th restoring of the files. */
export function restoreKey(state: RunState): string {
  return `restore:${state.rollbacks}`;
}

/** The run's n-th judgement of the whole. */
export function judgeKey(state: RunState): string {
  return `judge:${state.judgements}`;
}

const OPEN_KEYS: Readonly<Record<OpenKey, (cell: TaskCell) => string>> = {
  none: () => "",
  run: runKey,
  review: reviewKey,
  wait: waitKey,
  timer: timerKey,
};

/** The key that is open, for commands and for `withdrawn`. */
export function openKeyOf(cell: TaskCell): string {
  return OPEN_KEYS[cell.open](cell);
}
