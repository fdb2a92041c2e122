// Runs of the plan machine as their journals hold them: the inputs of plans of every shape and size, with failures,
// review loops, approvals, timers, takeovers, a cancel and a rollback among them.
import { MACHINE_VERSION, start, step, taskState } from "@mnemosyne/plan";

const BEGIN = Date.parse("2026-01-01T00:00:00.000Z");

/** Dependencies of each task, by index. The last task of a join depends on all others. */
const SHAPES = {
  chain: (size) => Array.from({ length: size }, (_, index) => (index === 0 ? [] : [index - 1])),
  "fan-out": (size) => Array.from({ length: size }, (_, index) => (index === 0 ? [] : [0])),
  layers: (size, width = 10) =>
    Array.from({ length: size }, (_, index) => {
      const layer = Math.floor(index / width);
      return layer === 0
        ? []
        : [(layer - 1) * width + (index % width), (layer - 1) * width + ((index + 1) % width)];
    }),
  join: (size) =>
    Array.from({ length: size }, (_, index) =>
      index === size - 1 ? Array.from({ length: size - 1 }, (_none, other) => other) : [],
    ),
};

export const SHAPE_NAMES = Object.keys(SHAPES);

/** A plan of a shape: a tenth of its tasks fail once, a tenth are rejected once, every 20th needs an approval. */
export function makePlan(shape, size, onFailure = "stop") {
  const tasks = SHAPES[shape](size).map((dependsOn, index) => {
    const judged = index % 10 === 3;
    return {
      id: `task-${index}`,
      work: judged
        ? { kind: "instructions", instructions: "Do it.", agent: "executor" }
        : { kind: "run", run: "true" },
      dependsOn: dependsOn.map((other) => `task-${other}`),
      reads: [],
      isolation: judged ? "tree" : "shared",
      merge: "files",
      attempts: 3,
      budget: {},
      gates: judged ? [{ gate: "facts", with: {} }] : [],
      ...(index % 20 === 7 ? { approval: "Go on?" } : {}),
      ...(index % 20 === 9 ? { compensate: { run: "true" } } : {}),
      onCrash: "rerun",
      env: [],
      sandbox: "preferred",
    };
  });
  return {
    version: 1,
    name: shape,
    goal: "",
    constraints: [],
    successCriteria: [],
    workspace: ".",
    concurrency: 4,
    budget: {},
    onFailure,
    finalGates: [],
    caches: [],
    sandbox: "preferred",
    tasks,
  };
}

/**
 * Plays a plan and gives its inputs. `end` says what happens when 95 % of the tasks are done: nothing, a `cancel`, or a
 * `rollback` with its compensations.
 */
export function record(plan, end) {
  const { state } = start(plan);
  const inputs = [];
  const open = [];
  let head = 0;
  let milliseconds = 0;
  let completed = 0;
  let finished;
  const give = (input) => {
    // As a journal gives it back: objects of the same origin have the same hidden classes.
    const stamped = JSON.parse(
      JSON.stringify({ ...input, at: new Date(BEGIN + (milliseconds += 7)).toISOString() }),
    );
    const result = step(state, stamped);
    if (result.stale !== undefined) throw new Error(`${input.type}: ${result.stale}`);
    inputs.push(stamped);
    for (const command of result.commands) {
      if (command.type === "finish") finished = command.finish;
      else open.push(command);
    }
  };
  give({ type: "run.started", machine: MACHINE_VERSION, planHash: "0".repeat(64) });
  const ending = Math.floor(plan.tasks.length * 0.95);
  // oxlint-disable-next-line no-unmodified-loop-condition -- `give` sets it
  while (finished === undefined) {
    if (end !== undefined && completed >= ending) {
      end = give(
        end === "cancel"
          ? { type: "run.cancelled", by: "bench" }
          : { type: "rollback.requested", by: "bench" },
      );
      completed = -Infinity;
      continue;
    }
    const command = open[head++];
    if (command === undefined) throw new Error("Nothing is open.");
    completed += act(state, command, give);
  }
  return { inputs, finished };
}

/** Does what a command asks for; gives how many tasks that completed. */
function act(state, command, give) {
  const { task, attempt } = command;
  const current = task === undefined ? undefined : taskState(state, task);
  const index = task === undefined ? 0 : Number(task.slice(5));
  const output = { hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", bytes: 120 };
  switch (command.type) {
    case "runTask": {
      // Withdrawn in the meantime.
      if (current.status !== "ready" || current.attempt !== attempt) return 0;
      const ref = { task, attempt, epoch: command.epoch };
      give({ type: "task.started", ...ref, worker: "bench" });
      if (index % 10 === 5 && attempt === 1) {
        const error = { code: "E_COMMAND_FAILED", kind: "conflict", message: "Exit code 1." };
        give({ type: "task.failed", ...ref, error, retryable: true, jitter: 0.5, fingerprint: "exit-1" });
        return 0;
      }
      if (current.needsReview) {
        give({ type: "task.executed", ...ref, output, report: output, tree: output.hash });
        return 0;
      }
      give({ type: "task.completed", ...ref, output });
      return 1;
    }
    case "review": {
      if (current.status !== "reviewing") return 0;
      const ref = { task, attempt, epoch: command.epoch };
      if (attempt === 1) {
        give({
          type: "task.rejected",
          ...ref,
          verdict: "fail",
          fingerprint: "facts.missing",
          findings: output,
        });
        return 0;
      }
      give({ type: "task.completed", ...ref, output, tree: output.hash });
      return 1;
    }
    case "wait":
      if (current.status !== "waiting") return 0;
      if (command.subject === undefined)
        give({ type: "approval.requested", task, attempt, subject: output.hash, prompt: command.text });
      else give({ type: "approval.granted", task, attempt, subject: command.subject, by: "bench" });
      return 0;
    case "timer":
      if (current === undefined && command.key.split(":")[1] !== undefined) {
        const timed = taskState(state, command.key.split(":")[1]);
        if (timed !== undefined && timed.dueAt === undefined) return 0;
      }
      give({ type: "timer.fired", key: command.key });
      return 0;
    case "abort":
      give({ type: "task.aborted", task, attempt, epoch: command.epoch, outcome: "unknown" });
      return 0;
    case "compensate":
      give({ type: "compensation.completed", task, attempt });
      return 0;
    case "restore":
      give({ type: "workspace.restored", paths: 10 });
      return 0;
    default:
      throw new Error(`The benchmark does not know ${command.type}.`);
  }
}
