import { askPerson, tryAgain } from "../attempts.ts";
import { crashedError, budgetError, gateError } from "../errors.ts";
import { cancelTask, endAborted, fail } from "../failure.ts";
import { reviewKey, runKey } from "../keys.ts";
import { close, openReview, openRun, openWait } from "../opening.ts";
import { complete } from "../progress.ts";
import type { StampedInput } from "../protocol.ts";
import { needsReview, type TaskCell } from "../task-cell.ts";
import { stale, touch, type Outcome, type Turn } from "../turn.ts";

type Input<Type extends StampedInput["type"]> = Extract<StampedInput, { readonly type: Type }>;

interface Execution {
  readonly task: string;
  readonly attempt: number;
  readonly epoch: number;
}

/** `task.started`: a worker claims the attempt, or takes it over from one that is dead. */
export function taskStarted(turn: Turn, input: Input<"task.started">): Outcome {
  const cell = turn.state.byId.get(input.task);
  if (cell === undefined) return unknownTask(input);
  if (cell.open !== "run" || cell.attempt !== input.attempt) return notOpen(cell, input, "run");
  if (cell.aborting) return stale(`'${runKey(cell)}' is being aborted.`);
  if (input.epoch !== cell.epoch + 1)
    return stale(`The next claim of '${runKey(cell)}' has epoch ${cell.epoch + 1}, not ${input.epoch}.`);
  touch(turn, cell);
  cell.epoch = input.epoch;
  cell.status = "running";
  cell.started = ++turn.state.order;
  return { closes: `claim:${cell.id}:${cell.attempt}:${cell.epoch}` };
}

/** `task.executed`: the work is done; it is judged, or counts at once where nothing has to be judged or merged. */
export function taskExecuted(turn: Turn, input: Input<"task.executed">): Outcome {
  const cell = turn.state.byId.get(input.task);
  if (cell === undefined) return unknownTask(input);
  if (!isRunning(cell, input)) return notOpen(cell, input, "run");
  const outcome = closing(cell);
  if (cell.aborting) endAborted(turn, cell, true);
  else if (needsReview(cell)) {
    close(turn, cell);
    openReview(turn, cell);
  } else {
    complete(turn, cell, {});
    turn.facts.push({ type: "task.completed", task: cell.id, attempt: cell.attempt, epoch: cell.epoch });
  }
  return outcome;
}

/** `task.completed`: it counts, also when it came while an abort was on its way. */
export function taskCompleted(turn: Turn, input: Input<"task.completed">): Outcome {
  const cell = turn.state.byId.get(input.task);
  if (cell === undefined) return unknownTask(input);
  if (isRunning(cell, input)) {
    if (needsReview(cell)) return stale(`'${runKey(cell)}' has to be judged before it can complete.`);
  } else if (!isReviewing(cell, input)) return notOpen(cell, input, "review");
  const outcome = closing(cell);
  complete(turn, cell, input);
  return outcome;
}

/** `task.failed`: the attempt failed, in its work or while it was judged or merged. */
export function taskFailed(turn: Turn, input: Input<"task.failed">): Outcome {
  const cell = turn.state.byId.get(input.task);
  if (cell === undefined) return unknownTask(input);
  if (!isRunning(cell, input) && !isReviewing(cell, input)) return notOpen(cell, input, "run");
  const outcome = closing(cell);
  if (cell.aborting) endAborted(turn, cell, false);
  else if (input.retryable)
    tryAgain(turn, cell, {
      error: input.error,
      summary: input.error.message,
      fingerprint: input.fingerprint,
      regressed: false,
      delay: { at: turn.state.at, jitter: input.jitter },
    });
  else {
    close(turn, cell);
    fail(turn, cell, input.error);
  }
  return outcome;
}

/** `task.rejected`: gates did not pass. */
export function taskRejected(turn: Turn, input: Input<"task.rejected">): Outcome {
  const cell = turn.state.byId.get(input.task);
  if (cell === undefined) return unknownTask(input);
  if (!isReviewing(cell, input)) return notOpen(cell, input, "review");
  const outcome = closing(cell);
  if (cell.aborting) endAborted(turn, cell, true);
  else
    tryAgain(turn, cell, {
      error: gateError(cell, input.verdict, input.summary),
      summary: input.summary ?? `The gates did not pass (${input.verdict}).`,
      fingerprint: input.fingerprint,
      regressed: input.regressed === true,
    });
  return outcome;
}

/** `review.failed`: gates could not judge; no attempt is used up. */
export function reviewFailed(turn: Turn, input: Input<"review.failed">): Outcome {
  const cell = turn.state.byId.get(input.task);
  if (cell === undefined) return unknownTask(input);
  if (!isReviewing(cell, input)) return notOpen(cell, input, "review");
  const outcome = closing(cell);
  if (cell.aborting) endAborted(turn, cell, true);
  else
    askPerson(
      turn,
      cell,
      "gateError",
      `The gates of task '${cell.id}' could not judge: ${input.error.message} Approve to have them judge again.`,
    );
  return outcome;
}

/** `task.aborted`: what was asked to stop has ended, or its worker is fenced off. */
export function taskAborted(turn: Turn, input: Input<"task.aborted">): Outcome {
  const cell = turn.state.byId.get(input.task);
  if (cell === undefined) return unknownTask(input);
  if (!isRunning(cell, input) && !isReviewing(cell, input)) return notOpen(cell, input, "run");
  if (!cell.aborting) return stale(`No abort of task '${cell.id}' was asked for.`);
  const outcome = closing(cell);
  endAborted(turn, cell, input.outcome === "completed");
  return outcome;
}

/** `task.uncertain`: the worker died, and nobody knows how far it came. */
export function taskUncertain(turn: Turn, input: Input<"task.uncertain">): Outcome {
  const cell = turn.state.byId.get(input.task);
  if (cell === undefined) return unknownTask(input);
  if (!isRunning(cell, input)) return notOpen(cell, input, "run");
  const outcome = closing(cell);
  if (cell.aborting) endAborted(turn, cell, false);
  else if (input.policy === "rerun") {
    close(turn, cell);
    openRun(turn, cell);
  } else if (input.policy === "fail") {
    close(turn, cell);
    fail(turn, cell, crashedError(cell));
  } else
    askPerson(
      turn,
      cell,
      "uncertain",
      `The worker of task '${cell.id}' died while it ran; its effects may or may not have happened. Approve to run it again.`,
    );
  return outcome;
}

/** `question.asked`: the execution ends; the same attempt goes on when the answer is there. */
export function questionAsked(turn: Turn, input: Input<"question.asked">): Outcome {
  const cell = turn.state.byId.get(input.task);
  if (cell === undefined) return unknownTask(input);
  if (!isRunning(cell, input)) return notOpen(cell, input, "run");
  const outcome = closing(cell);
  if (cell.aborting) endAborted(turn, cell, false);
  else {
    close(turn, cell);
    if (turn.state.phase === "running")
      openWait(turn, cell, { kind: "question", text: input.text, question: input.question });
    else cancelTask(turn, cell, "The run stops; nobody is asked any more.");
  }
  return outcome;
}

/** `budget.refused`: before the claim or during the execution. */
export function budgetRefused(turn: Turn, input: Input<"budget.refused">): Outcome {
  const cell = turn.state.byId.get(input.task);
  if (cell === undefined) return unknownTask(input);
  const unclaimed =
    cell.open === "run" &&
    cell.status === "ready" &&
    cell.attempt === input.attempt &&
    cell.epoch + 1 === input.epoch;
  if (!unclaimed && !isRunning(cell, input)) return notOpen(cell, input, "run");
  touch(turn, cell);
  cell.epoch = input.epoch;
  const outcome = closing(cell);
  if (cell.aborting) endAborted(turn, cell, false);
  else if (input.outcome === "ask") askPerson(turn, cell, "budget", input.message, input.scope);
  else {
    close(turn, cell);
    fail(turn, cell, budgetError(input.message), input.scope);
  }
  return outcome;
}

/** The key that an execution's result closes, unique within the run. */
function closing(cell: TaskCell): Outcome {
  const key = cell.open === "review" ? reviewKey(cell) : runKey(cell);
  return { closes: `${key}:${cell.epoch}` };
}

function isRunning(cell: TaskCell, input: Execution): boolean {
  return (
    cell.open === "run" &&
    cell.status === "running" &&
    cell.attempt === input.attempt &&
    cell.epoch === input.epoch
  );
}

function isReviewing(cell: TaskCell, input: Execution): boolean {
  return cell.open === "review" && cell.attempt === input.attempt && cell.epoch === input.epoch;
}

function unknownTask(input: { readonly task: string }): Outcome {
  return stale(`The run has no task '${input.task}'.`);
}

function notOpen(cell: TaskCell, input: Execution, kind: "run" | "review"): Outcome {
  return stale(
    `'${kind}:${cell.id}:${input.attempt}' with epoch ${input.epoch} is not open: the task is ${cell.status} in attempt ${cell.attempt}, epoch ${cell.epoch}.`,
  );
}
