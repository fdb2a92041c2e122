import type { CoordinationStore, QueueClaim } from "@mnemosyne/core";
import { holds, pause, refused, same, there, type Checks } from "./check.ts";

const TTL = 10_000;

async function claim(store: CoordinationStore, owner: string, ttl = TTL): Promise<QueueClaim> {
  return there(await store.queue.claim("q", owner, ttl), `a claim of ${owner}`);
}

/** What every coordination store must do with queues. */
export const queueChecks: Checks<CoordinationStore> = {
  "a queue gives the highest priority first, among equals the oldest": async (store, second) => {
    for (const [payload, priority] of [
      ["a", 0],
      ["b", 5],
      ["c", 0],
      ["d", 5],
      ["e", -1.5],
    ] as const)
      await store.queue.enqueue({ queue: "q", payload, priority });
    await store.queue.enqueue({ queue: "other", payload: "x", priority: 9 });
    same(
      (await second.queue.items("q")).map(({ payload }) => payload),
      ["b", "d", "a", "c", "e"],
      "the order in which they are listed",
    );
    const order: unknown[] = [];
    for (let count = 0; count < 5; count++) order.push((await claim(second, "w")).payload);
    same(order, ["b", "d", "a", "c", "e"], "the order in which they are claimed");
    same(await store.queue.claim("q", "w", TTL), undefined, "a claim in an empty queue");
    same((await store.queue.items("q", "claimed")).length, 5, "claimed entries");
  },

  "of many who claim at once each gets another entry": async (store, second) => {
    const names = Array.from({ length: 12 }, (_, index) => `e${index}`);
    for (const payload of names) await store.queue.enqueue({ queue: "q", payload });
    const claims = await Promise.all(
      Array.from({ length: 16 }, (_, index) =>
        (index % 2 ? store : second).queue.claim("q", `w${index}`, TTL),
      ),
    );
    const got = claims.flatMap((one) => (one === undefined ? [] : [one.payload as string]));
    same(got.toSorted(), names.toSorted(), "what they got");
  },

  "an entry of a known id is not put in again": async (store, second) => {
    const first = await store.queue.enqueue({ queue: "q", payload: 1, id: "once" });
    same(first.id, "once", "the id");
    same((await second.queue.enqueue({ queue: "q", payload: 2, id: "once" })).payload, 1, "the payload");
    same((await claim(store, "w")).payload, 1, "the entry");
    await store.queue.enqueue({ queue: "q", payload: 3, id: "once" });
    same((await store.queue.items("q")).length, 1, "entries");
  },

  "what is done leaves the queue; what is given back comes again, later": async (store, second) => {
    await store.queue.enqueue({ queue: "q", payload: { n: [1, "ü"] } });
    const first = await claim(store, "w1");
    same([first.payload, first.owner, first.attempts], [{ n: [1, "ü"] }, "w1", 1], "the claim");
    const back = await second.queue.nack(first.id, first.token, { delay: 200, error: "busy" });
    same([back.state, back.error], ["ready", "busy"], "what was given back");
    same(await second.queue.claim("q", "w2", TTL), undefined, "a claim before its time");
    await pause(300);
    const again = await claim(second, "w2");
    same([again.attempts, again.error], [2, "busy"], "the second claim");
    holds(again.token > first.token, "the token rises");
    await refused(store.queue.ack(first.id, first.token), "E_LEASE_LOST", "an ack of the first claim");
    await refused(store.queue.nack(first.id, first.token), "E_LEASE_LOST", "a nack of the first claim");
    await store.queue.ack(again.id, again.token);
    await refused(store.queue.ack(again.id, again.token), "E_LEASE_LOST", "a second ack");
    same(await store.queue.items("q"), [], "entries");
  },

  "a claim that runs out is somebody else's, and late answers change nothing": async (store, second) => {
    await store.queue.enqueue({ queue: "q", payload: 1 });
    const slow = await claim(store, "slow", 150);
    same(await second.queue.claim("q", "other", TTL), undefined, "a claim beside a live one");
    await pause(300);
    same((await second.queue.items("q", "ready")).length, 1, "it counts as ready");
    await refused(store.queue.extend(slow.id, slow.token, TTL), "E_LEASE_LOST", "extending it");
    await refused(store.queue.ack(slow.id, slow.token), "E_LEASE_LOST", "an ack of it");
    const other = await claim(second, "other");
    holds(other.token > slow.token, "the token rises");
    await refused(store.queue.ack(slow.id, slow.token), "E_LEASE_LOST", "an ack after another claim");
    await store.queue.ack(other.id, other.token);
  },

  "an extended claim lasts": async (store, second) => {
    await store.queue.enqueue({ queue: "q", payload: 1 });
    const first = await claim(store, "w", 250);
    await store.queue.extend(first.id, first.token, TTL);
    await pause(350);
    same(await second.queue.claim("q", "other", TTL), undefined, "a claim of somebody else");
    await store.queue.ack(first.id, first.token);
  },

  "after its last claim an entry is dead, until it is revived": async (store, second) => {
    await store.queue.enqueue({ queue: "q", payload: 1, maxAttempts: 2, id: "x" });
    const first = await claim(store, "w");
    await store.queue.nack(first.id, first.token, { error: "one" });
    await claim(store, "w", 100);
    await pause(200);
    same(await second.queue.claim("q", "w", TTL), undefined, "a third claim");
    const [dead] = await second.queue.items("q", "dead");
    same([dead?.id, dead?.attempts, dead?.state], ["x", 2, "dead"], "the dead entry");
    holds((dead?.error ?? "") !== "" && dead?.error !== "one", "it says that its last claim ran out");
    same(await store.queue.revive("x"), true, "reviving it");
    same(await store.queue.revive("x"), false, "reviving what is not dead");
    const again = await claim(store, "w");
    same(again.attempts, 1, "claims since");
    holds(again.token > first.token, "the token never falls");
  },
};
