import type { WaitingFor } from "@mnemosyne/core";
import { openKeyOf, reviewKey, runKey, timerKey, waitKey } from "./keys.ts";
import type { PlanCommand } from "./protocol.ts";
import { extraOf, touch, type Turn } from "./turn.ts";
import type { OpenWait, TaskCell } from "./task-cell.ts";

/** An approval without a subject is work for the backend, not yet for a person. */
export function waitsForPerson(cell: TaskCell): boolean {
  const wait = cell.extra?.wait;
  return cell.open === "wait" && (wait?.kind !== "approval" || wait.subject !== undefined);
}

/** Opens the current attempt's work. */
export function openRun(turn: Turn, cell: TaskCell): void {
  touch(turn, cell);
  cell.status = "ready";
  cell.open = "run";
  turn.state.active += 1;
  turn.commands.push(runCommand(cell));
}

/** Opens the judgement of the current attempt. */
export function openReview(turn: Turn, cell: TaskCell): void {
  touch(turn, cell);
  cell.status = "reviewing";
  cell.open = "review";
  cell.reviews += 1;
  turn.state.active += 1;
  turn.commands.push(reviewCommand(cell));
}

/** Opens a wait. */
export function openWait(turn: Turn, cell: TaskCell, wait: OpenWait): void {
  extraOf(turn, cell).wait = wait;
  cell.status = "waiting";
  cell.open = "wait";
  cell.waits += 1;
  if (waitsForPerson(cell)) turn.state.waiting.add(cell.index);
  else turn.state.active += 1;
  turn.commands.push(waitCommand(cell));
}

/** Opens the delay before the current attempt. */
export function openTimer(turn: Turn, cell: TaskCell, dueAt: string): void {
  extraOf(turn, cell).dueAt = dueAt;
  cell.status = "pending";
  cell.open = "timer";
  turn.state.active += 1;
  turn.commands.push(timerCommand(cell));
}

/** Closes whatever is open. The status stays as it is. */
export function close(turn: Turn, cell: TaskCell): void {
  if (cell.open === "none") return;
  touch(turn, cell);
  if (!turn.state.waiting.delete(cell.index)) turn.state.active -= 1;
  if (cell.open === "wait") extraOf(turn, cell).wait = undefined;
  if (cell.open === "timer") extraOf(turn, cell).dueAt = undefined;
  cell.open = "none";
  cell.aborting = false;
}

/** Closes what is open and says that its command is no longer wanted. */
export function withdraw(turn: Turn, cell: TaskCell): void {
  if (cell.open === "none") return;
  turn.withdrawn.push(openKeyOf(cell));
  close(turn, cell);
}

/** Changes what an open wait says; gives its command again. */
export function renewWait(turn: Turn, cell: TaskCell, wait: OpenWait): void {
  const before = waitsForPerson(cell);
  extraOf(turn, cell).wait = wait;
  if (!before && waitsForPerson(cell)) {
    turn.state.active -= 1;
    turn.state.waiting.add(cell.index);
  }
  turn.commands.push(waitCommand(cell));
}

/** The command that is open for a cell, as it would be given now. */
export function openCommandOf(cell: TaskCell): PlanCommand | undefined {
  if (cell.aborting) return abortCommand(cell);
  switch (cell.open) {
    case "run":
      return runCommand(cell);
    case "review":
      return reviewCommand(cell);
    case "wait":
      return waitCommand(cell);
    case "timer":
      return timerCommand(cell);
    case "none":
    default:
      return undefined;
  }
}

/** Asks for the end of what is open. */
export function abortCommand(cell: TaskCell): PlanCommand {
  return {
    type: "abort",
    key: openKeyOf(cell),
    task: cell.id,
    attempt: cell.attempt,
    epoch: cell.epoch,
  };
}

/** A waiting task as people see it. */
export function waitingFor(cell: TaskCell): WaitingFor {
  const wait = openWaitOf(cell);
  return {
    task: cell.id,
    kind: wait.kind,
    attempt: cell.attempt,
    text: wait.text,
    ...(wait.question === undefined ? {} : { question: wait.question }),
    ...(wait.subject === undefined ? {} : { subject: wait.subject }),
  };
}

/** The wait of a cell whose wait is open. */
export function openWaitOf(cell: TaskCell): OpenWait {
  return cell.extra?.wait as OpenWait;
}

function runCommand(cell: TaskCell): PlanCommand {
  return {
    type: "runTask",
    key: runKey(cell),
    task: cell.id,
    attempt: cell.attempt,
    epoch: cell.epoch + 1,
    escalation: cell.level,
  };
}

function reviewCommand(cell: TaskCell): PlanCommand {
  return { type: "review", key: reviewKey(cell), task: cell.id, attempt: cell.attempt, epoch: cell.epoch };
}

function waitCommand(cell: TaskCell): PlanCommand {
  return { type: "wait", key: waitKey(cell), ...waitingFor(cell) };
}

function timerCommand(cell: TaskCell): PlanCommand {
  return { type: "timer", key: timerKey(cell), dueAt: cell.extra?.dueAt ?? "" };
}
