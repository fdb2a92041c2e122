import { beginNextAttempt } from "../attempts.ts";
import { budgetError, crashedError, deniedError } from "../errors.ts";
import { fail } from "../failure.ts";
import { waitKey } from "../keys.ts";
import { close, openReview, openRun, openWait, openWaitOf, renewWait, withdraw } from "../opening.ts";
import type { StampedInput } from "../protocol.ts";
import { isUnopened, type EarlyDecision, type OpenWait, type TaskCell } from "../task-cell.ts";
import { extraOf, FOLDED, stale, type Outcome, type Turn } from "../turn.ts";

type Input<Type extends StampedInput["type"]> = Extract<StampedInput, { readonly type: Type }>;

/** `approval.requested`: says what exactly is to be approved. Another subject voids what was granted before. */
export function approvalRequested(turn: Turn, input: Input<"approval.requested">): Outcome {
  const cell = turn.state.byId.get(input.task);
  if (cell === undefined) return unknownTask(input.task);
  if (cell.task.approval === undefined) return stale(`Task '${cell.id}' needs no approval.`);
  if (cell.attempt !== input.attempt) return otherAttempt(cell, input.attempt);
  const wait: OpenWait = { kind: "approval", text: input.prompt, subject: input.subject };
  if (cell.open === "run" && cell.status === "ready") {
    if (cell.extra?.approved === input.subject)
      return stale(`Task '${cell.id}' is approved for this subject already.`);
    withdraw(turn, cell);
    const extra = extraOf(turn, cell);
    extra.approved = undefined;
    extra.decision = undefined;
    openWait(turn, cell, wait);
    return FOLDED;
  }
  if (cell.open !== "wait" || openWaitOf(cell).kind !== "approval")
    return stale(`Task '${cell.id}' does not wait for an approval: it is ${cell.status}.`);
  if (openWaitOf(cell).subject === input.subject)
    return stale(`The approval of task '${cell.id}' was requested for this subject already.`);
  const early = cell.extra?.decision;
  extraOf(turn, cell).decision = undefined;
  if (early !== undefined && (early.subject === undefined || early.subject === input.subject)) {
    const closes = waitKey(cell);
    approve(turn, cell, input.subject);
    return { closes };
  }
  renewWait(turn, cell, wait);
  return FOLDED;
}

/** `approval.granted`: starts an approved task, or lets one go on that waits for a yes. May come early. */
export function approvalGranted(turn: Turn, input: Input<"approval.granted">): Outcome {
  const cell = turn.state.byId.get(input.task);
  if (cell === undefined) return unknownTask(input.task);
  if (input.attempt !== undefined && input.attempt !== cell.attempt) return otherAttempt(cell, input.attempt);
  const wait = cell.open === "wait" ? openWaitOf(cell) : undefined;
  if (wait === undefined || (wait.kind === "approval" && wait.subject === undefined))
    return decideEarly(turn, cell, wait, {
      granted: true,
      by: input.by,
      ...(input.subject === undefined ? {} : { subject: input.subject }),
    });
  if (wait.kind === "question")
    return stale(`Task '${cell.id}' waits for an answer, not for an approval: answer it.`);
  if (input.subject !== undefined && input.subject !== wait.subject)
    return stale(
      `The approval is for another subject than the one that task '${cell.id}' now asks for: look again, then approve.`,
    );
  const closes = waitKey(cell);
  if (wait.kind === "approval") approve(turn, cell, wait.subject ?? "");
  else goOn(turn, cell, wait, `${input.by} approved.`);
  return { closes };
}

/** `approval.denied`: fails the task, whatever it waits for. May come early. */
export function approvalDenied(turn: Turn, input: Input<"approval.denied">): Outcome {
  const cell = turn.state.byId.get(input.task);
  if (cell === undefined) return unknownTask(input.task);
  if (input.attempt !== undefined && input.attempt !== cell.attempt) return otherAttempt(cell, input.attempt);
  if (cell.open !== "wait")
    return decideEarly(turn, cell, undefined, {
      granted: false,
      by: input.by,
      ...(input.reason === undefined ? {} : { reason: input.reason }),
    });
  const wait = openWaitOf(cell);
  const closes = waitKey(cell);
  close(turn, cell);
  switch (wait.kind) {
    case "budget":
      fail(turn, cell, budgetError(`${wait.text} More was denied by ${input.by}.`), wait.scope ?? "task");
      break;
    case "uncertain":
      fail(turn, cell, crashedError(cell));
      break;
    case "gateError":
      fail(turn, cell, {
        code: "E_GATE",
        kind: "conflict",
        message: `${wait.text} That was denied by ${input.by}.`,
      });
      break;
    case "approval":
    case "question":
    case "escalation":
      fail(turn, cell, deniedError(`Task '${cell.id}'`, input.by, input.reason));
  }
  return { closes };
}

/** `question.answered`: the attempt goes on, or the next one begins. */
export function questionAnswered(turn: Turn, input: Input<"question.answered">): Outcome {
  const cell = turn.state.byId.get(input.task);
  if (cell === undefined) return unknownTask(input.task);
  if (input.attempt !== undefined && input.attempt !== cell.attempt) return otherAttempt(cell, input.attempt);
  if (cell.open !== "wait") return stale(`Task '${cell.id}' has no open question: it is ${cell.status}.`);
  const wait = openWaitOf(cell);
  if (wait.kind === "approval")
    return stale(`Task '${cell.id}' waits for an approval, not for an answer: approve or deny it.`);
  if (input.question !== undefined && input.question !== wait.question)
    return stale(`Task '${cell.id}' has no open question '${input.question}'.`);
  const closes = waitKey(cell);
  goOn(turn, cell, wait, `${input.by} answered.`);
  return { closes };
}

function approve(turn: Turn, cell: TaskCell, subject: string): void {
  close(turn, cell);
  extraOf(turn, cell).approved = subject;
  openRun(turn, cell);
}

/** Takes up what a wait interrupted. */
function goOn(turn: Turn, cell: TaskCell, wait: OpenWait, reason: string): void {
  close(turn, cell);
  if (wait.kind === "gateError") openReview(turn, cell);
  else if (wait.kind === "escalation") beginNextAttempt(turn, cell, reason, undefined);
  else openRun(turn, cell);
}

/** Keeps a decision until the wait that it is for: only the last one counts. */
function decideEarly(
  turn: Turn,
  cell: TaskCell,
  wait: OpenWait | undefined,
  decision: EarlyDecision,
): Outcome {
  if (cell.task.approval === undefined) return stale(`Task '${cell.id}' waits for no decision.`);
  if ((wait === undefined && !isUnopened(cell)) || cell.extra?.approved !== undefined)
    return stale(`Task '${cell.id}' waits for no decision: it is ${cell.status}.`);
  const known = cell.extra?.decision;
  if (known !== undefined && known.granted === decision.granted && known.subject === decision.subject)
    return stale(`This decision about task '${cell.id}' was taken already.`);
  extraOf(turn, cell).decision = decision;
  return FOLDED;
}

function unknownTask(task: string): Outcome {
  return stale(`The run has no task '${task}'.`);
}

function otherAttempt(cell: TaskCell, attempt: number): Outcome {
  return stale(`Attempt ${attempt} of task '${cell.id}' is not the current one (${cell.attempt}).`);
}
