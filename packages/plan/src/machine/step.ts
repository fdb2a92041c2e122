import { release } from "./progress.ts";
import { conclude } from "./conclusion.ts";
import { sealFinish } from "./finish.ts";
import { approvalDenied, approvalGranted, approvalRequested, questionAnswered } from "./inputs/decisions.ts";
import * as executions from "./inputs/executions.ts";
import * as rollback from "./inputs/rollback.ts";
import { retryRequested } from "./inputs/retry.ts";
import { runCancelled, runJudged, runStarted, timerFired } from "./inputs/run.ts";
import { tasksAdded } from "./inputs/task-added.ts";
import type { MachineState, StampedInput, Step } from "./protocol.ts";
import { runDigestText, type RunState } from "./run-state.ts";
import type { TaskCell } from "./task-cell.ts";
import { stale, type Outcome, type Turn } from "./turn.ts";

/** Inputs between two checkpoints. */
const CHECKPOINT_EVERY = 100;
const NONE: readonly never[] = Object.freeze([]);

/**
 * Folds one input into the state, in place, and says what follows. Pure otherwise: the same inputs give the same
 * steps. An input whose key is not open gives `stale` and changes nothing.
 */
export function step(machine: MachineState, input: StampedInput): Step {
  const state = machine as RunState;
  const turn: Turn = {
    state,
    cause: input.type,
    commands: [],
    facts: [],
    withdrawn: [],
    touched: [],
    settled: [],
  };
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
  const { commands, withdrawn } = settleCommands(turn);
  const { facts } = turn;
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
function settleCommands(turn: Turn): Pick<Step, "commands" | "withdrawn"> {
  const { commands, withdrawn } = turn;
  if (withdrawn.length === 0 || commands.length === 0) return turn;
  const taken = new Set(withdrawn);
  const given = new Set(commands.map(({ type, key }) => (type === "abort" ? "" : key)));
  return {
    commands: commands.filter(({ type, key }) => type === "abort" || !taken.has(key)),
    withdrawn: withdrawn.filter((key) => !given.has(key)),
  };
}

function flush(turn: Turn): Step["touched"] {
  const { digest } = turn.state;
  return turn.touched.map((cell: TaskCell) => {
    cell.touched = false;
    digest.update(cell);
    return cell.id;
  });
}

function fold(turn: Turn, input: StampedInput): Outcome {
  switch (input.type) {
    case "task.started":
      return executions.taskStarted(turn, input);
    case "task.executed":
      return executions.taskExecuted(turn, input);
    case "task.completed":
      return executions.taskCompleted(turn, input);
    case "task.failed":
      return executions.taskFailed(turn, input);
    case "task.rejected":
      return executions.taskRejected(turn, input);
    case "review.failed":
      return executions.reviewFailed(turn, input);
    case "task.aborted":
      return executions.taskAborted(turn, input);
    case "task.uncertain":
      return executions.taskUncertain(turn, input);
    case "question.asked":
      return executions.questionAsked(turn, input);
    case "budget.refused":
      return executions.budgetRefused(turn, input);
    case "timer.fired":
      return timerFired(turn, input);
    case "approval.requested":
      return approvalRequested(turn, input);
    case "approval.granted":
      return approvalGranted(turn, input);
    case "approval.denied":
      return approvalDenied(turn, input);
    case "question.answered":
      return questionAnswered(turn, input);
    case "task.added":
      return tasksAdded(turn, input);
    case "run.started":
      return runStarted(turn, input);
    case "run.cancelled":
      return runCancelled(turn, input);
    case "run.judged":
      return runJudged(turn, input);
    case "retry.requested":
      return retryRequested(turn, input);
    case "rollback.requested":
      return rollback.rollbackRequested(turn, input);
    case "compensation.completed":
      return rollback.compensationCompleted(turn, input);
    case "compensation.failed":
      return rollback.compensationFailed(turn, input);
    case "workspace.restored":
      return rollback.workspaceRestored(turn, input);
    default:
      return stale(
        `This version of the plan machine does not know the input '${String((input as { readonly type: unknown }).type)}'.`,
      );
  }
}
