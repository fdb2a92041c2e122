import type { RunFact } from "@mnemosyne/core";
import type { PlanCommand, StampedInput } from "./protocol.ts";
import type { RunState } from "./run-state.ts";
import type { TaskCell, TaskExtra } from "./task-cell.ts";

/**
 * What one step has given so far. A state has one and uses it again for every step: lists that stayed empty, which most
 * do, need not be made anew.
 */
export interface Turn {
  readonly state: RunState;
  /** Type of the input. */
  cause: StampedInput["type"];
  commands: PlanCommand[];
  facts: RunFact[];
  withdrawn: string[];
  readonly touched: TaskCell[];
  /** Cells that have settled; their dependents are still to be released. */
  readonly settled: TaskCell[];
}

/** The turn of a state's next step. What an earlier step gave away is left to it. */
export function beginTurn(state: RunState, cause: StampedInput["type"]): Turn {
  const turn = (state.turn ??= {
    state,
    cause,
    commands: [],
    facts: [],
    withdrawn: [],
    touched: [],
    settled: [],
  });
  turn.cause = cause;
  if (turn.commands.length > 0) turn.commands = [];
  if (turn.facts.length > 0) turn.facts = [];
  if (turn.withdrawn.length > 0) turn.withdrawn = [];
  turn.touched.length = 0;
  return turn;
}

/** How an input ended: the key that it closed (if any), or why it changed nothing. */
export type Outcome = { readonly closes?: string } | { readonly stale: string };

/** An input that was folded and closed no key. */
export const FOLDED: Outcome = Object.freeze({});

/** An input that changes nothing. Nothing may have been changed before this is returned. */
export function stale(reason: string): Outcome {
  return { stale: reason };
}

/** Marks a cell as changed, for the digest. Call it with every change of a cell. */
export function touch(turn: Turn, cell: TaskCell): void {
  if (cell.touched) return;
  cell.touched = true;
  turn.touched.push(cell);
}

/** The cell's rare part, to be changed. */
export function extraOf(turn: Turn, cell: TaskCell): TaskExtra {
  touch(turn, cell);
  cell.extraChanged = true;
  cell.extra ??= {};
  return cell.extra;
}
