import { TaskId, type Task } from "@mnemosyne/core";
import { listsMayOverlap } from "../soundness/globs.ts";
import { buildGraph, orderTasks } from "../soundness/graph.ts";
import { cellAt, type RunState } from "./run-state.ts";
import { endedUndone, isEnded, isSettled, type TaskCell } from "./task-cell.ts";

/** The first thing that is wrong with added tasks, as a sentence. */
export function findAdditionFault(
  state: RunState,
  parent: TaskCell | undefined,
  tasks: readonly Task[],
): string | undefined {
  if (tasks.length === 0) return "No tasks were given.";
  const own = new Map<string, Task>();
  for (const task of tasks) {
    if (!TaskId.is(task.id)) return `'${String(task.id)}' is not a task id.`;
    if (own.has(task.id)) return `Task '${task.id}' is given twice.`;
    own.set(task.id, task);
  }
  const known = tasks.filter((task) => state.byId.has(task.id));
  if (known.length > 0 && known.every((task) => stands(state, task.id, parent)))
    return known.length === tasks.length
      ? "These tasks were added already."
      : `Task '${known[0]?.id}' was added already; add the others without it.`;
  for (const { id } of known)
    if (!mayTakeUp(state, id, parent))
      return `The run has a task '${id}' already; give the new one another id.`;
  for (const task of tasks) {
    const instance = /^(.*)\.\d+$/.exec(task.id);
    if (instance !== null && state.byId.get(instance[1] ?? "")?.task.forEach !== undefined)
      return `'${task.id}' is the name of an instance of the forEach task '${instance[1]}'; give the new task another id.`;
    for (const name of task.dependsOn) {
      if (name === task.id) return `Task '${task.id}' depends on itself.`;
      if (!own.has(name) && !state.byId.has(name))
        return `Task '${task.id}' depends on '${name}', which does not exist.`;
    }
    const looked = [task.when?.task, task.forEach].filter((name) => name !== undefined);
    for (const name of looked) {
      if (!task.dependsOn.includes(name))
        return `Task '${task.id}' looks at '${name}' and has to depend on it.`;
      if (state.byId.get(name)?.status === "completed")
        return `Task '${task.id}' looks at '${name}', which completed before; only tasks that are still to complete can be looked at.`;
    }
  }
  return findCycle(state, parent, own) ?? findOverlap(state, parent, tasks, own);
}

/** Whether a task of that id was added by this parent and is under way or done. */
function stands(state: RunState, id: string, parent: TaskCell | undefined): boolean {
  const cell = state.byId.get(id);
  return cell !== undefined && parent !== undefined && cell.parent === parent.index && !endedUndone(cell);
}

/** Whether a task of that id was added by this parent and came to nothing, so that it may be added anew. */
function mayTakeUp(state: RunState, id: string, parent: TaskCell | undefined): boolean {
  const cell = state.byId.get(id);
  if (cell === undefined || parent === undefined || !endedUndone(cell)) return false;
  return cell.extra?.element === undefined && cell.extra?.origin === parent.id;
}

/** A chain from a new task to something that waits for it. */
function findCycle(
  state: RunState,
  parent: TaskCell | undefined,
  own: ReadonlyMap<string, Task>,
): string | undefined {
  // Dependents of the parent, and of its parents, wait for the new tasks.
  const waiters = new Set<string>();
  for (let up = parent; up !== undefined; up = up.parent < 0 ? undefined : cellAt(state, up.parent))
    waiters.add(up.id);
  const cameFrom = new Map<string, string>();
  for (const start of own.keys()) {
    if (cameFrom.has(start)) continue;
    cameFrom.set(start, "");
    const stack: string[] = [start];
    for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
      for (const next of waitsFor(state, id, own)) {
        if (waiters.has(next))
          return `Task '${start}' would wait for '${next}', which waits for it: ${chain(cameFrom, id)} -> ${next} -> ${start}.`;
        if (cameFrom.has(next)) continue;
        cameFrom.set(next, id);
        stack.push(next);
      }
    }
  }
  return findOwnCycle(own);
}

/** What a task waits for: what it depends on, and the members of that. */
function waitsFor(state: RunState, id: string, own: ReadonlyMap<string, Task>): readonly string[] {
  const task = own.get(id);
  if (task !== undefined) return task.dependsOn;
  const cell = state.byId.get(id);
  if (cell === undefined || isSettled(cell)) return [];
  return [...cell.task.dependsOn, ...(cell.members ?? []).map((index) => cellAt(state, index).id)];
}

function findOwnCycle(own: ReadonlyMap<string, Task>): string | undefined {
  const tasks = [...own.values()];
  const { cycles } = orderTasks(
    buildGraph(
      tasks.map((task) => ({ id: task.id, dependsOn: task.dependsOn.filter((name) => own.has(name)) })),
    ),
  );
  const [cycle] = cycles;
  return cycle === undefined
    ? undefined
    : `The added tasks wait for each other in a circle: ${cycle.map((index) => tasks[index]?.id).join(" -> ")}.`;
}

function chain(cameFrom: ReadonlyMap<string, string>, end: string): string {
  const names = [end];
  for (let at = cameFrom.get(end); at !== undefined && at !== ""; at = cameFrom.get(at)) names.push(at);
  return names.toReversed().join(" -> ");
}

/** Two tasks that may change the same file with no order between them. A task and its own parents are exempt. */
function findOverlap(
  state: RunState,
  parent: TaskCell | undefined,
  tasks: readonly Task[],
  own: ReadonlyMap<string, Task>,
): string | undefined {
  const family = new Set<string>();
  for (let up = parent; up !== undefined; up = up.parent < 0 ? undefined : cellAt(state, up.parent))
    family.add(up.id);
  const others: Task[] = [];
  for (const cell of state.cells)
    if (cell.task.writes !== undefined && !isEnded(cell) && !family.has(cell.id)) others.push(cell.task);
  for (const [index, task] of tasks.entries()) {
    const { writes } = task;
    if (writes === undefined) continue;
    for (const other of [...tasks.slice(index + 1), ...others]) {
      if (other.writes === undefined || !listsMayOverlap(writes, other.writes)) continue;
      if (isBefore(state, own, task.id, other.id, parent) || isBefore(state, own, other.id, task.id, parent))
        continue;
      return `Tasks '${task.id}' and '${other.id}' may change the same files and neither waits for the other; let one depend on the other.`;
    }
  }
  return undefined;
}

/** Whether `later` waits for `earlier`. */
function isBefore(
  state: RunState,
  own: ReadonlyMap<string, Task>,
  earlier: string,
  later: string,
  parent: TaskCell | undefined,
): boolean {
  const seen = new Set<string>([later]);
  const stack = [later];
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    // What waits for the parent will wait for the new tasks too.
    const added = parent !== undefined && id === parent.id ? [...own.keys()] : [];
    const before = [...waitsFor(state, id, own), ...added];
    for (const next of before) {
      if (next === earlier) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      stack.push(next);
    }
  }
  return false;
}
