import { leasesCollide, leasesInTheWay, type Wait, type WaitingState } from "@mnemosyne/core";

/** A wait that cannot end before others act. */
export interface Blocked {
  readonly wait: Wait;
  /** Actors that it waits for. */
  readonly on: readonly string[];
  /** One of them is enough. */
  readonly anyOf: boolean;
}

/** Actors that wait for each other and for nobody else, so that none of them can ever go on. */
export interface Deadlock {
  /** The youngest of the waits: the one that is refused. */
  readonly victim: Blocked;
  /**
   * The shortest ring of waits through the victim, beginning with it; every wait of the knot where one of them could
   * have ended by several actors.
   */
  readonly waits: readonly Blocked[];
  readonly kind: "cycle" | "knot";
}

/** The waits that are really blocked, and by whom, from one consistent look at the store. */
export function blockedWaits(state: WaitingState): readonly Blocked[] {
  return state.waits.flatMap((wait) => {
    const edges = edgesOf(wait, state);
    return edges === undefined ? [] : [{ wait, ...edges }];
  });
}

function edgesOf(
  wait: Wait,
  state: WaitingState,
): { readonly on: readonly string[]; readonly anyOf: boolean } | undefined {
  const { request } = wait;
  if (request !== undefined) {
    const holders = leasesInTheWay(state.leases, request);
    if (holders.length === 0) return undefined;
    const anyOf = !holders.some((lease) => leasesCollide(lease, request));
    return { on: unique(holders.map(({ owner }) => owner)), anyOf };
  }
  const open = wait.on.filter(
    ({ key, version = 1, handoff }) =>
      (key === undefined || (state.versions.get(key) ?? 0) < version) &&
      (handoff === undefined || state.openHandoffs.has(handoff)),
  );
  if (open.length === 0 || (wait.anyOf && open.length < wait.on.length)) return undefined;
  return { on: unique(open.map(({ actor }) => actor)), anyOf: wait.anyOf };
}

/**
 * Every deadlock there is. An actor is stuck when one of its waits is; a wait for all is stuck when one of its actors
 * is, a wait for any when all of them are. The result is exact: who is not in it, or behind it, can still go on.
 */
export function findDeadlocks(blocked: readonly Blocked[]): readonly Deadlock[] {
  return knots(new Set(blocked.map(({ wait }) => wait.actor)), blocked).map((members) =>
    describe(blocked.filter((one) => isStuck(one, members))),
  );
}

/** The smallest sets of actors within `actors` that are stuck by themselves. */
function knots(actors: ReadonlySet<string>, blocked: readonly Blocked[]): readonly ReadonlySet<string>[] {
  const stuck = stuckAmong(actors, blocked);
  if (stuck.size === 0) return [];
  const waits = blocked.filter((one) => isStuck(one, stuck));
  const components = stronglyConnected(stuck, waits);
  if (components.length === 1 && components[0]?.size === stuck.size) return [stuck];
  return components.flatMap((component) => knots(component, blocked));
}

/** What is left of `actors` when everybody who can go on has gone, those outside included. */
function stuckAmong(actors: ReadonlySet<string>, blocked: readonly Blocked[]): ReadonlySet<string> {
  let stuck = new Set(actors);
  for (;;) {
    const left = new Set<string>();
    for (const one of blocked) if (isStuck(one, stuck)) left.add(one.wait.actor);
    if (left.size === stuck.size) return left;
    stuck = left;
  }
}

function isStuck(one: Blocked, stuck: ReadonlySet<string>): boolean {
  if (!stuck.has(one.wait.actor)) return false;
  return one.anyOf ? one.on.every((actor) => stuck.has(actor)) : one.on.some((actor) => stuck.has(actor));
}

/** Sets of actors of which each reaches each (Tarjan), without those that do not even reach themselves. */
function stronglyConnected(
  actors: ReadonlySet<string>,
  waits: readonly Blocked[],
): readonly ReadonlySet<string>[] {
  const next = new Map<string, readonly string[]>();
  for (const { wait, on } of waits) next.set(wait.actor, [...(next.get(wait.actor) ?? []), ...on]);
  const components: ReadonlySet<string>[] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const path: string[] = [];
  const onPath = new Set<string>();
  const visit = (root: string): void => {
    // Chains may be longer than the stack is deep.
    const work: { readonly actor: string; at: number }[] = [{ actor: root, at: 0 }];
    while (work.length > 0) {
      const frame = work.at(-1)!;
      const { actor } = frame;
      if (frame.at === 0 && !index.has(actor)) {
        index.set(actor, index.size);
        low.set(actor, index.get(actor)!);
        path.push(actor);
        onPath.add(actor);
      }
      const target = next.get(actor)?.[frame.at++];
      if (target !== undefined) {
        if (!actors.has(target)) continue;
        if (!index.has(target)) work.push({ actor: target, at: 0 });
        else if (onPath.has(target)) low.set(actor, Math.min(low.get(actor)!, index.get(target)!));
        continue;
      }
      work.pop();
      const parent = work.at(-1)?.actor;
      if (parent !== undefined) low.set(parent, Math.min(low.get(parent)!, low.get(actor)!));
      if (low.get(actor) !== index.get(actor)) continue;
      const component = new Set(path.splice(path.indexOf(actor)));
      for (const member of component) onPath.delete(member);
      if (component.size > 1 || (next.get(actor) ?? []).includes(actor)) components.push(component);
    }
  };
  for (const actor of actors) if (!index.has(actor)) visit(actor);
  return components;
}

function describe(waits: readonly Blocked[]): Deadlock {
  const victim = waits.reduce((a, b) => (b.wait.arrival > a.wait.arrival ? b : a));
  if (waits.some(({ anyOf, on }) => anyOf && on.length > 1)) {
    const others = waits.filter((one) => one !== victim);
    return { victim, waits: [victim, ...others], kind: "knot" };
  }
  return { victim, waits: shortestRing(victim, waits), kind: "cycle" };
}

/** The shortest ring of waits that begins with `start`: each is for the actor of the next, the last for `start`'s. */
function shortestRing(start: Blocked, waits: readonly Blocked[]): readonly Blocked[] {
  const cameFrom = new Map<Blocked, Blocked | undefined>([[start, undefined]]);
  const queue: Blocked[] = [start];
  for (const one of queue)
    for (const actor of one.on) {
      if (actor === start.wait.actor) return pathTo(one, cameFrom);
      for (const other of waits) {
        if (other.wait.actor !== actor || cameFrom.has(other)) continue;
        cameFrom.set(other, one);
        queue.push(other);
      }
    }
  return [start];
}

function pathTo(last: Blocked, cameFrom: ReadonlyMap<Blocked, Blocked | undefined>): readonly Blocked[] {
  const path: Blocked[] = [];
  for (let one: Blocked | undefined = last; one !== undefined; one = cameFrom.get(one)) path.push(one);
  return path.toReversed();
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}
