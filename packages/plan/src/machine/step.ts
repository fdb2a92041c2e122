import type { TaskId } from "@mnemosyne/core";
import { release } from "./progress.ts";
import { conclude } from "./conclusion.ts";
import { sealFinish } from "./finish.ts";
import { approvalDenied, approvalGranted, approvalRequested, questionAnswered } from "./inputs/decisions.ts";
import * as executions from "./inputs/executions.ts";
import * as rollback from "./inputs/rollback.ts";
import { planEdited } from "./inputs/plan-edited.ts";
import { retryRequested } from "./inputs/retry.ts";
import { runCancelled, runJudged, runStarted, timerFired } from "./inputs/run.ts";
import { tasksAdded } from "./inputs/task-added.ts";
import type { MachineState, StampedInput, Step } from "./protocol.ts";
import { runDigestText, type RunState } from "./run-state.ts";
import { beginTurn, stale, type Outcome, type Turn } from "./turn.ts";

/** Inputs between two checkpoints. */
const CHECKPOINT_EVERY = 100;
const NONE: readonly never[] = Object.freeze([]);

/**
 * Folds one input into the state, in place, and says what follows. Pure otherwise: the same inputs give the same
 * steps. An input whose key is not open gives `stale` and changes nothing.
 */
export function step(machine: MachineState, input: StampedInput): Step {
  const state = machine as RunState;
  const turn = beginTurn(state, input.type);
  const before = state.at;
  if (input.at > before) state.at = input.at;
  const outcome = fold(turn, input);
  if ("stale" in outcome) {
    state.at = before;
    return { state, commands: NONE, withdrawn: NONE, touched: NONE, facts: NONE, stale: outcome.stale };
  }
  state.inputs += 1;
  release(turn);
  conclude(turn);
  const touched = flush(turn);
  if (state.inputs % CHECKPOINT_EVERY === 0)
    turn.facts.push({ type: "checkpoint.taken", stateSeq: state.inputs, digest: digestOf(state) });
  if (state.phase === "finished") sealFinish(turn);
  settleCommands(turn);
  const commands = turn.commands.length === 0 ? NONE : turn.commands;
  const withdrawn = turn.withdrawn.length === 0 ? NONE : turn.withdrawn;
  const facts = turn.facts.length === 0 ? NONE : turn.facts;
  const { closes } = outcome;
  return closes === undefined
    ? { state, commands, withdrawn, touched, facts }
    : { state, commands, withdrawn, touched, facts, closes };
}

/** The digest of a state: equal states have equal digests, in every process. 16 hex digits. */
export function digestOf(state: RunState): string {
  return state.digest.text(runDigestText(state));
}

/** What was asked for and taken back within one step was never asked for. */
function settleCommands(turn: Turn): void {
  const { commands, withdrawn } = turn;
  if (withdrawn.length === 0 || commands.length === 0) return;
  const taken = new Set(withdrawn);
  const given = new Set(commands.map(({ type, key }) => (type === "abort" ? "" : key)));
  turn.commands = commands.filter(({ type, key }) => type === "abort" || !taken.has(key));
  turn.withdrawn = withdrawn.filter((key) => !given.has(key));
}

function flush({ state, touched }: Turn): Step["touched"] {
  const ids: TaskId[] = [];
  for (const cell of touched) {
    cell.touched = false;
    state.digest.update(cell);
    ids.push(cell.id);
  }
  return ids;
}

function fold(turn: Turn, input: StampedInput): Outcome {
  const handle = HANDLERS.get(input.type);
  return handle === undefined
    ? stale(`This version of the plan machine does not know the input '${input.type}'.`)
    : handle(turn, input as never);
}

type Handlers = {
  readonly [Type in StampedInput["type"]]: (
    turn: Turn,
    input: Extract<StampedInput, { readonly type: Type }>,
  ) => Outcome;
};

const BY_TYPE: Handlers = {
  "run.started": runStarted,
  "task.started": executions.taskStarted,
  "task.executed": executions.taskExecuted,
  "task.completed": executions.taskCompleted,
  "task.failed": executions.taskFailed,
  "task.rejected": executions.taskRejected,
  "review.failed": executions.reviewFailed,
  "task.aborted": executions.taskAborted,
  "task.uncertain": executions.taskUncertain,
  "question.asked": executions.questionAsked,
  "budget.refused": executions.budgetRefused,
  "timer.fired": timerFired,
  "approval.requested": approvalRequested,
  "approval.granted": approvalGranted,
  "approval.denied": approvalDenied,
  "question.answered": questionAnswered,
  "task.added": tasksAdded,
  "plan.edited": planEdited,
  "run.cancelled": runCancelled,
  "run.judged": runJudged,
  "retry.requested": retryRequested,
  "rollback.requested": rollback.rollbackRequested,
  "compensation.completed": rollback.compensationCompleted,
  "compensation.failed": rollback.compensationFailed,
  "workspace.restored": rollback.workspaceRestored,
};

// A map, since types that were read from JSON are not interned: a switch would compare them text by text.
const HANDLERS: ReadonlyMap<string, (turn: Turn, input: never) => Outcome> = new Map(
  Object.entries(BY_TYPE) as [string, (turn: Turn, input: never) => Outcome][],
);
