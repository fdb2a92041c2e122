import { MnemosyneError } from "@mnemosyne/core";
import { finish } from "./finish.ts";
import { judgeKey } from "./keys.ts";
import { waitingFor } from "./opening.ts";
import { cellAt, type RunState } from "./run-state.ts";
import { beginUndo } from "./undo.ts";
import type { WaitingFor } from "@mnemosyne/core";
import type { Turn } from "./turn.ts";

/** What follows for the run from what one input did: pause, go on, judge, undo or finish. */
export function conclude(turn: Turn): void {
  const { state } = turn;
  switch (state.phase) {
    case "running":
    case "stopping":
      if (state.active > 0) resume(turn);
      else if (state.waiting.size > 0) pause(turn);
      else endOfWork(turn);
      return;
    case "ending":
      if (state.active > 0 || state.goal === undefined) return;
      if (state.goal.undo) beginUndo(turn, state.goal);
      else finish(turn, state.goal.status, { error: state.goal.error });
      return;
    case "pending":
    case "undoing":
    case "judging":
    case "finished":
  }
}

/** What the run waits for, in plan order. */
export function waitingList(state: RunState): WaitingFor[] {
  return [...state.waiting].toSorted((a, b) => a - b).map((index) => waitingFor(cellAt(state, index)));
}

function pause(turn: Turn): void {
  if (turn.state.paused) return;
  turn.state.paused = true;
  turn.facts.push({ type: "run.paused", waiting: waitingList(turn.state) });
}

function resume(turn: Turn): void {
  if (!turn.state.paused) return;
  turn.state.paused = false;
  turn.facts.push({ type: "run.resumed", reason: turn.cause });
}

function endOfWork(turn: Turn): void {
  const { state } = turn;
  if (state.unfinished > 0)
    throw new MnemosyneError(
      "E_INTERNAL",
      `The plan machine has ${state.unfinished} unfinished tasks and nothing that could finish them.`,
      { kind: "internal" },
    );
  if (state.failed > 0) finish(turn, "failed", {});
  else if (state.phase === "running" && state.plan.finalGates.length > 0) {
    state.phase = "judging";
    state.judgements += 1;
    turn.commands.push({ type: "judge", key: judgeKey(state) });
  } else finish(turn, "completed", {});
}
