import type { ClaimedWork, Coordinator, LeaseHandle } from "@mnemosyne/coordinator";
import { isMnemosyneError } from "@mnemosyne/core";
import { pathsOf } from "./oracle.ts";
import type { Process, World } from "./world.ts";

/** An actor in mid-step, on one life of its process. */
export interface Stage {
  readonly world: World;
  readonly process: Process;
  readonly coordinator: Coordinator;
  readonly actor: string;
  readonly actors: readonly string[];
  /** What leases are asked for. */
  readonly globs: readonly string[];
  /** Notes that the actor waits while this goes on. */
  waiting<Result>(call: Promise<Result>): Promise<Result>;
  /** Notes leases that are believed in. */
  believe(lease: LeaseHandle): void;
  /** The work of an entry or handoff is being done. */
  effect(kind: "queue" | "handoff"): void;
  count(what: string): void;
  /** Rises with each call, over the lives of all actors. */
  number(): number;
}

type Step = (stage: Stage) => Promise<void>;

/** What an honest actor may be told. Anything else is a fault. */
const EXPECTED = new Set([
  "E_DEADLOCK",
  "E_LEASE_HELD",
  "E_LEASE_LOST",
  "E_TIMEOUT",
  "E_STALE",
  "E_UNAVAILABLE",
  "E_CONFLICT",
  "E_NOT_FOUND",
  "E_VERSION_CONFLICT",
]);

function pause({ process }: Stage, milliseconds: number): Promise<void> {
  return process.clock.sleep(milliseconds);
}

/** Takes a lease and goes on with it; gives it back whatever happens. */
async function holding(
  stage: Stage,
  taking: Promise<LeaseHandle>,
  work: (lease: LeaseHandle) => Promise<void>,
): Promise<void> {
  const lease = await stage.waiting(taking);
  stage.believe(lease);
  try {
    await work(lease);
  } finally {
    await lease.release();
  }
}

function takeGlobs(stage: Stage): Promise<LeaseHandle> {
  const { globs, world } = stage;
  const { chance } = world;
  const resources = chance.holds(0.3) ? [chance.pick(globs), chance.pick(globs)] : [chance.pick(globs)];
  const mode = chance.holds(0.7) ? "exclusive" : "shared";
  const wait = chance.holds(0.8) ? true : 800;
  return stage.coordinator.acquire({ resources, mode, wait, owner: stage.actor });
}

/** Writes as a careful holder does: while it believes, and by leave of the fence. */
async function write(stage: Stage, lease: LeaseHandle): Promise<void> {
  const paths = lease.resources.flatMap(pathsOf);
  if (lease.mode !== "exclusive" || paths.length === 0) return;
  for (let round = stage.world.chance.below(3); round >= 0; round--) {
    if (!lease.held) return;
    // Time passes between looking and writing: here a holder is stopped that goes on believing.
    await pause(stage, stage.world.chance.below(300));
    await stage.coordinator.guard(lease.token, stage.world.chance.pick(paths));
    await pause(stage, stage.world.chance.below(300));
  }
}

async function writeFiles(stage: Stage): Promise<void> {
  await holding(stage, takeGlobs(stage), async (lease) => {
    await write(stage, lease);
    if (!stage.world.chance.holds(0.6)) return;
    await holding(stage, takeGlobs(stage), (inner) => write(stage, inner));
    await write(stage, lease);
  });
}

async function useTool(stage: Stage): Promise<void> {
  const { chance } = stage.world;
  const permit = stage.coordinator.semaphore("tool", 2).acquire({ owner: stage.actor });
  await holding(stage, permit, async () => {
    await pause(stage, chance.below(400));
    if (chance.holds(0.5)) await holding(stage, takeGlobs(stage), (lease) => write(stage, lease));
  });
}

async function putWork(stage: Stage): Promise<void> {
  const { chance } = stage.world;
  const id = `item-${stage.number()}`;
  await stage.coordinator
    .queue("work")
    .enqueue(
      { by: stage.actor },
      { id, priority: chance.below(3), maxAttempts: 1 + chance.below(4), delay: chance.below(500) },
    );
}

/** Does one entry of the queue: mostly to its end, sometimes not. */
export async function doWork(stage: Stage, work: ClaimedWork, careful = false): Promise<void> {
  const { chance } = stage.world;
  await pause(stage, chance.below(1200));
  if (!work.held) return;
  stage.effect("queue");
  if (careful || chance.holds(0.75)) await work.ack();
  else await work.nack({ delay: chance.below(500), error: "not now" });
}

async function takeWork(stage: Stage): Promise<void> {
  const work = await stage.coordinator.queue("work").claim({ owner: stage.actor });
  if (work !== undefined) await doWork(stage, work);
}

async function giveTask(stage: Stage): Promise<void> {
  const { world, coordinator, actor, actors } = stage;
  const { chance } = world;
  const give = async (): Promise<void> => {
    const to = chance.pick(actors.filter((other) => other !== actor));
    const id = `handoff-${stage.number()}`;
    await coordinator.handoffs.offer({ id, from: actor, to, payload: 1, ttl: 3000 });
    try {
      const ended = await stage.waiting(coordinator.handoffs.outcome(id, { wait: 8000 }));
      stage.count(`handoff ${ended.state}`);
    } catch (error) {
      if (isMnemosyneError(error) && error.code === "E_DEADLOCK")
        await coordinator.handoffs.withdraw(id, actor, "we would wait for each other");
      throw error;
    }
  };
  if (!chance.holds(0.3)) return give();
  await holding(stage, takeGlobs(stage), give);
}

/** Answers what was offered to an actor. */
export async function answerTasks(stage: Stage): Promise<void> {
  const { coordinator, actor, world } = stage;
  for (const { id } of await coordinator.handoffs.inbox(actor)) {
    if (world.chance.holds(0.2)) {
      await coordinator.handoffs.decline(id, actor, "busy");
      continue;
    }
    const accepted = await coordinator.handoffs.accept(id, actor);
    await pause(stage, world.chance.below(500));
    if (accepted.signal.aborted) continue;
    stage.effect("handoff");
    await accepted.complete({ by: actor });
  }
}

async function waitForOthers(stage: Stage): Promise<void> {
  const { world, coordinator, actor, actors } = stage;
  const { chance } = world;
  const others = actors.filter((other) => other !== actor);
  const on = [chance.pick(others), chance.pick(others)].map((other) => ({
    actor: other,
    key: `done/${other}`,
  }));
  const wait = async (): Promise<void> =>
    stage.waiting(coordinator.waitFor({ waiter: actor, on, anyOf: chance.holds(0.5), wait: 5000 }));
  if (chance.holds(0.5)) await holding(stage, takeGlobs(stage), wait);
  else await wait();
}

async function beSeen({ coordinator, actor, world }: Stage): Promise<void> {
  await coordinator.registerAgent(actor);
  await coordinator.updateAgentState(actor, "running");
  if (world.chance.holds(0.5)) await coordinator.removeAgent(actor);
}

/** What a person does who believes that somebody is gone. */
async function revokeSome({ coordinator, world }: Stage): Promise<void> {
  const leases = await coordinator.leases();
  if (leases.length > 0) await coordinator.revoke(world.chance.pick(leases).id);
}

/** An entry that fails for good, and gets another chance. */
async function failForGood(stage: Stage): Promise<void> {
  const queue = stage.coordinator.queue(`own of ${stage.actor}`);
  const { id } = await queue.enqueue(null, { maxAttempts: 1 });
  await (await queue.claim({ owner: stage.actor }))?.nack({ error: "it cannot be done" });
  await queue.revive(id);
  await (await queue.claim({ owner: stage.actor }))?.ack();
}

async function tellOthers(stage: Stage): Promise<void> {
  await stage.coordinator.set(`done/${stage.actor}`, true);
}

const STEPS: readonly Step[] = [
  writeFiles,
  writeFiles,
  writeFiles,
  useTool,
  putWork,
  takeWork,
  takeWork,
  giveTask,
  answerTasks,
  answerTasks,
  waitForOthers,
  tellOthers,
  beSeen,
  revokeSome,
  failForGood,
];

/** Lives for so many steps, in an order that chance decides. */
export async function live(stage: Stage, steps: number): Promise<void> {
  for (let step = 0; step < steps; step++) {
    await pause(stage, stage.world.chance.below(200));
    await attempt(stage, stage.globs.length === 1 ? writeFiles : stage.world.chance.pick(STEPS));
  }
  await attempt(stage, tellOthers);
}

/** Meets at a barrier, round after round. */
export async function meet(
  stage: Stage,
  rounds: number,
  arrived: (round: number) => void,
  passed: (round: number) => void,
): Promise<void> {
  const barrier = stage.coordinator.barrier("meeting", stage.actors);
  for (let round = 1; round <= rounds; round++) {
    await pause(stage, stage.world.chance.below(300));
    arrived(round);
    await attempt(stage, async () => {
      for (;;) {
        try {
          await barrier.arrive(stage.actor, { round });
          return passed(round);
        } catch (error) {
          if (!isMnemosyneError(error) || error.code !== "E_UNAVAILABLE") throw error;
        }
      }
    });
  }
}

/** Takes a step and bears what an honest actor may be told. */
export async function attempt(stage: Stage, step: Step): Promise<void> {
  try {
    await step(stage);
  } catch (error) {
    const code = isMnemosyneError(error) ? error.code : "none";
    stage.count(code);
    if (!EXPECTED.has(code)) stage.world.fault(`${stage.actor} was told ${String(error)}`);
  }
}
