/** Somebody who waits, and for whom. */
export interface Waiting {
  /** Undefined: unknown to the graph; nobody can be shown to wait for it. */
  readonly actor: string | undefined;
  /** Those who hold what it wants. */
  readonly heldBy: readonly string[];
  /** Those whose turn comes before its own. */
  readonly behind: readonly string[];
}

/**
 * The shortest ring of waiters that begins with `start`: each wants what the actor of the next holds, the last what the
 * first holds. Undefined when there is none.
 */
export function findCycle<Waiter extends Waiting>(
  start: Waiter,
  waiting: Iterable<Waiter>,
): readonly Waiter[] | undefined {
  if (start.actor === undefined) return undefined;
  const byActor = groupByActor(waiting);
  const cameFrom = new Map<Waiter, Waiter | undefined>([[start, undefined]]);
  const queue: Waiter[] = [start];
  for (const waiter of queue) {
    for (const actor of waiter.heldBy) {
      if (actor === start.actor) return pathTo(waiter, cameFrom);
      for (const next of byActor.get(actor) ?? []) {
        if (cameFrom.has(next)) continue;
        cameFrom.set(next, waiter);
        queue.push(next);
      }
    }
  }
  return undefined;
}

/** Whether `waiter` waits for `actor`, directly or through others. */
export function waitsFor(waiter: Waiting, actor: string, waiting: Iterable<Waiting>): boolean {
  const byActor = groupByActor(waiting);
  const seen = new Set<Waiting>([waiter]);
  for (const one of seen) {
    for (const name of [...one.heldBy, ...one.behind]) {
      if (name === actor) return true;
      for (const next of byActor.get(name) ?? []) seen.add(next);
    }
  }
  return false;
}

function groupByActor<Waiter extends Waiting>(waiting: Iterable<Waiter>): Map<string, Waiter[]> {
  const groups = new Map<string, Waiter[]>();
  for (const waiter of waiting) {
    if (waiter.actor === undefined) continue;
    const group = groups.get(waiter.actor);
    if (group === undefined) groups.set(waiter.actor, [waiter]);
    else group.push(waiter);
  }
  return groups;
}

function pathTo<Waiter>(last: Waiter, cameFrom: ReadonlyMap<Waiter, Waiter | undefined>): readonly Waiter[] {
  const path: Waiter[] = [];
  for (let waiter: Waiter | undefined = last; waiter !== undefined; waiter = cameFrom.get(waiter)) {
    path.push(waiter);
  }
  return path.toReversed();
}
