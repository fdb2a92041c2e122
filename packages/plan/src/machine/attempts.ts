import type { ErrorRecord, EscalationLevel } from "@mnemosyne/core";
import { cancelTask, fail } from "./failure.ts";
import { close, openRun, openTimer, openWait } from "./opening.ts";
import type { TaskCell } from "./task-cell.ts";
import { extraOf, touch, type Turn } from "./turn.ts";

const BACKOFF_BASE = 1000;
const BACKOFF_CAP = 60_000;

/** What went wrong in an attempt. */
export interface AttemptFailure {
  readonly error: ErrorRecord;
  /** What people read as the reason of the next attempt. */
  readonly summary: string;
  readonly fingerprint: string | undefined;
  readonly regressed: boolean;
  /** Set where a delay comes before the next attempt. */
  readonly delay?: { readonly at: string; readonly jitter: number | undefined };
}

/**
 * An attempt did not succeed: the next one, a person, or the end. The open key is closed. Agents that go in circles
 * are escalated one level (a stronger model, then a person) when the same failure comes twice in a row, when an
 * earlier one comes back, or when a check that passed before fails.
 */
export function tryAgain(turn: Turn, cell: TaskCell, failure: AttemptFailure): void {
  close(turn, cell);
  const circle = recordFingerprint(turn, cell, failure);
  if (cell.attempt >= cell.lastAttempt) {
    fail(turn, cell, failure.error);
    return;
  }
  if (turn.state.phase !== "running") {
    cancelTask(turn, cell, "The run stops; no further attempt begins.");
    return;
  }
  if (circle !== undefined && cell.task.work.kind === "instructions") {
    escalate(turn, cell, circle);
    if (cell.level === "person") {
      askPerson(turn, cell, "escalation", `${circle} ${failure.summary} How should it go on?`);
      return;
    }
  }
  beginNextAttempt(
    turn,
    cell,
    failure.summary,
    failure.delay === undefined ? undefined : dueAfter(cell, failure.delay.at, failure.delay.jitter),
  );
}

/** The next attempt, at once or when it is due. */
export function beginNextAttempt(
  turn: Turn,
  cell: TaskCell,
  reason: string,
  dueAt: string | undefined,
): void {
  touch(turn, cell);
  cell.attempt += 1;
  cell.epoch = 0;
  cell.reviews = 0;
  turn.facts.push({
    type: "task.retried",
    task: cell.id,
    attempt: cell.attempt,
    reason,
    ...(dueAt === undefined ? {} : { dueAt }),
  });
  if (dueAt === undefined) openRun(turn, cell);
  else openTimer(turn, cell, dueAt);
}

/** Opens a wait that the machine itself asks for, unless nothing new may begin. */
export function askPerson(
  turn: Turn,
  cell: TaskCell,
  kind: "escalation" | "uncertain" | "gateError" | "budget",
  text: string,
  scope?: "task" | "run",
): void {
  close(turn, cell);
  if (turn.state.phase !== "running") {
    cancelTask(turn, cell, "The run stops; nobody is asked any more.");
    return;
  }
  const question = `${kind}-${cell.attempt}-${cell.waits + 1}`;
  turn.facts.push({ type: "question.asked", task: cell.id, attempt: cell.attempt, question, text, kind });
  openWait(turn, cell, { kind, text, question, ...(scope === undefined ? {} : { scope }) });
}

/** Exponential backoff with full jitter: from 1 s, doubling with each attempt of the allowance, at most 60 s. */
export function backoff(at: string, failures: number, jitter: number | undefined): string {
  const most = Math.min(BACKOFF_CAP, BACKOFF_BASE * 2 ** Math.min(failures - 1, 16));
  const share = jitter === undefined || !(jitter >= 0) ? 1 : Math.min(jitter, 1);
  return new Date(Date.parse(at) + Math.round(most * share)).toISOString();
}

function dueAfter(cell: TaskCell, at: string, jitter: number | undefined): string {
  return backoff(at, cell.attempt - (cell.lastAttempt - cell.task.attempts), jitter);
}

function recordFingerprint(turn: Turn, cell: TaskCell, failure: AttemptFailure): string | undefined {
  const { fingerprint } = failure;
  const past = cell.extra?.fingerprints ?? [];
  if (fingerprint !== undefined && fingerprint !== "")
    extraOf(turn, cell).fingerprints = [...past, fingerprint];
  if (failure.regressed) return "A check that passed before fails now.";
  if (fingerprint === undefined || fingerprint === "") return undefined;
  if (past.at(-1) === fingerprint) return "The same failure came twice in a row.";
  if (past.includes(fingerprint)) return "A failure that was gone came back.";
  return undefined;
}

function escalate(turn: Turn, cell: TaskCell, reason: string): void {
  const level: EscalationLevel = cell.level === "none" ? "model" : "person";
  if (level === cell.level) return;
  touch(turn, cell);
  cell.level = level;
  turn.facts.push({ type: "task.escalated", task: cell.id, attempt: cell.attempt, level, reason });
}
