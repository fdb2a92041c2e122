import { cancelledError, budgetError, finalGateError } from "../errors.ts";
import { beginEnding, endAborted, failRun } from "../failure.ts";
import { finish } from "../finish.ts";
import { compensationTimerKey, DEADLINE_KEY, judgeKey, timerKey } from "../keys.ts";
import { close, openRun } from "../opening.ts";
import { openRoots } from "../progress.ts";
import type { StampedInput } from "../protocol.ts";
import { deadlineCounts } from "../run-state.ts";
import { isEnded } from "../task-cell.ts";
import { FOLDED, stale, type Outcome, type Turn } from "../turn.ts";
import { compensateNext, compensating, openUndoCommand, standing } from "../undo.ts";

type Input<Type extends StampedInput["type"]> = Extract<StampedInput, { readonly type: Type }>;

/** `run.started`: opens the tasks that wait for nothing, and the deadline. */
export function runStarted(turn: Turn, input: Input<"run.started">): Outcome {
  const { state } = turn;
  if (state.phase !== "pending") return stale("The run was started already.");
  if (input.machine !== state.version)
    return stale(
      `The run belongs to version '${input.machine}' of the plan machine; this is '${state.version}'.`,
    );
  state.phase = "running";
  state.deadline = input.deadlineAt;
  if (input.deadlineAt !== undefined)
    turn.commands.push({ type: "timer", key: DEADLINE_KEY, dueAt: input.deadlineAt });
  openRoots(turn);
  return { closes: "start" };
}

/** `timer.fired`: a delay is over, or the run's time is. */
export function timerFired(turn: Turn, input: Input<"timer.fired">): Outcome {
  const { state } = turn;
  const closes = { closes: input.key };
  if (input.key === DEADLINE_KEY) {
    if (!deadlineCounts(state)) return stale(`The timer '${input.key}' is not open.`);
    state.deadline = undefined;
    failRun(turn, budgetError("The run's time is used up."));
    return closes;
  }
  const undone = compensating(state);
  if (
    undone !== undefined &&
    state.undoing?.dueAt !== undefined &&
    compensationTimerKey(undone) === input.key
  ) {
    compensateNext(turn, state.undoing);
    return closes;
  }
  const [, id = "", ...rest] = input.key.split(":");
  const cell = rest.length === 1 ? state.byId.get(id) : undefined;
  if (cell?.open !== "timer" || timerKey(cell) !== input.key)
    return stale(`The timer '${input.key}' is not open.`);
  close(turn, cell);
  openRun(turn, cell);
  return closes;
}

/** `run.cancelled`: everything stops. A rollback that is under way goes on, unless it is forced to stop. */
export function runCancelled(turn: Turn, input: Input<"run.cancelled">): Outcome {
  const { state } = turn;
  const error = cancelledError(input.by, input.reason);
  const forced = input.force === true;
  switch (state.phase) {
    case "finished":
      return stale("The run has finished.");
    case "undoing":
      if (!forced) return stale("The run is being rolled back; only a forced cancel interrupts that.");
      return giveUpUndo(turn, error);
    case "ending":
      if (!forced)
        return stale(
          state.goal?.undo === true
            ? "The run is being rolled back; only a forced cancel interrupts that."
            : "The run is being stopped already.",
        );
      break;
    case "pending":
    case "running":
    case "stopping":
    case "judging":
      beginEnding(turn, { status: "cancelled", undo: false, error }, error.message);
  }
  if (forced) abandon(turn, error);
  return FOLDED;
}

/** `run.judged`: the final gates' verdict. */
export function runJudged(turn: Turn, input: Input<"run.judged">): Outcome {
  const { state } = turn;
  if (state.phase !== "judging") return stale("No judgement of the whole run is open.");
  const closes = judgeKey(state);
  if (input.verdict === "pass") finish(turn, "completed", {});
  else finish(turn, "failed", { error: finalGateError(input.verdict, input.summary) });
  return { closes };
}

/** Waits for nothing: what still runs is listed as standing. */
function abandon(turn: Turn, error: ReturnType<typeof cancelledError>): void {
  const dirty: string[] = [];
  for (const cell of turn.state.cells) {
    if (isEnded(cell)) continue;
    dirty.push(`task:${cell.id}`);
    endAborted(turn, cell, false);
  }
  finish(turn, "cancelled", { error, dirty });
}

function giveUpUndo(turn: Turn, error: ReturnType<typeof cancelledError>): Outcome {
  const { state } = turn;
  const { undoing } = state;
  if (undoing === undefined) return stale("No rollback is under way.");
  const open = openUndoCommand(state, undoing);
  if (open.type === "compensate")
    turn.commands.push({
      type: "abort",
      key: open.key,
      task: open.task,
      attempt: open.attempt,
      epoch: open.attempt,
    });
  else turn.withdrawn.push(open.key);
  const dirty = standing(state, undoing);
  state.undoing = undefined;
  finish(turn, "cancelled", { error, dirty });
  return FOLDED;
}
