import { MemoryCoordinationStore } from "@mnemosyne/coordinator";
import type { CoordinationStore, HandoffStore, WorkQueueStore } from "@mnemosyne/core";
import { coordinationStoreConformance } from "@mnemosyne/testkit/conformance";
import { expect, test } from "vitest";
import { broken, caught, without } from "./broken.ts";

const queueOf = (real: CoordinationStore, change: Partial<WorkQueueStore>) => ({
  queue: broken<WorkQueueStore>(real.queue, change),
});
const handoffsOf = (real: CoordinationStore, change: Partial<HandoffStore>) => ({
  handoffs: broken<HandoffStore>(real.handoffs, change),
});

test.each<[string, (real: CoordinationStore) => Partial<CoordinationStore>, string]>([
  [
    "fences by name, not by what overlaps",
    (real) => ({
      acceptWrite: (resource, token) => real.acceptWrite(resource.replaceAll(/[/*.]/g, "-"), token),
    }),
    "a write below the highest accepted token is refused wherever resources overlap",
  ],
  [
    "checks a token and notes it in two steps",
    (real) => {
      let highest = 0;
      return {
        async acceptWrite(resource, token) {
          if (token < highest) return real.acceptWrite(resource, -1);
          await Promise.resolve();
          highest = token;
        },
      };
    },
    "of writes that race the lower token never comes after the higher",
  ],
  [
    "grants any number of permits",
    (real) => ({ acquire: (request) => real.acquire(without(request, "permits")) }),
    "permits bound how many share",
  ],
  [
    "takes each telling of a wait for a new one",
    (real) => ({
      async putWait(wait) {
        await real.dropWait(wait.id);
        return real.putWait(wait);
      },
    }),
    "a wait is seen by everybody, ends by itself, and keeps its arrival while it lasts",
  ],
  [
    "leaves the wait of a granted lease",
    (real) => ({ acquire: (request) => real.acquire(without(request, "wait")) }),
    "a wait for a lease ends in the step that grants it",
  ],
  [
    "does not look at what waits are for",
    (real) => ({
      waiting: async () => ({ ...(await real.waiting()), versions: new Map(), openHandoffs: new Set() }),
    }),
    "a look at the waits tells whether what they wait for has happened",
  ],
  [
    "registers whoever gives a sign of life",
    (real) => ({
      touchAgent: (id, state = "idle") => real.upsertAgent({ id, role: id, state, metadata: null }),
    }),
    "an agent's sign of life keeps what it said, and one that is not registered is unknown",
  ],
  [
    "serves in the order of arrival",
    (real) => queueOf(real, { enqueue: (item) => real.queue.enqueue({ ...item, priority: 0 }) }),
    "a queue gives the highest priority first, among equals the oldest",
  ],
  [
    "looks for the next entry and claims it in two steps",
    (real) =>
      queueOf(real, {
        async claim(queue, owner, ttl) {
          const [next] = await real.queue.items(queue, "ready");
          await Promise.resolve();
          const claimed = await real.queue.claim(queue, owner, ttl);
          return claimed === undefined || next === undefined ? undefined : { ...claimed, ...next };
        },
      }),
    "of many who claim at once each gets another entry",
  ],
  [
    "puts an entry in as often as it is told to",
    (real) =>
      queueOf(real, {
        enqueue: (item) => real.queue.enqueue({ ...item, id: `${item.id}-${Math.random()}` }),
      }),
    "an entry of a known id is not put in again",
  ],
  [
    "believes whoever says that it is done",
    (real) => queueOf(real, { ack: async (id, token) => real.queue.ack(id, token).catch(() => undefined) }),
    "what is done leaves the queue; what is given back comes again, later",
  ],
  [
    "never lets a claim run out",
    (real) => queueOf(real, { claim: (queue, owner) => real.queue.claim(queue, owner, 60_000) }),
    "a claim that runs out is somebody else's, and late answers change nothing",
  ],
  [
    "extends nothing",
    (real) => queueOf(real, { extend: (id, token) => real.queue.extend(id, token, 1) }),
    "an extended claim lasts",
  ],
  [
    "tries for ever",
    (real) => queueOf(real, { enqueue: (item) => real.queue.enqueue({ ...item, maxAttempts: 1000 }) }),
    "after its last claim an entry is dead, until it is revived",
  ],
  [
    "forgets results",
    (real) => handoffsOf(real, { complete: (id, by) => real.handoffs.complete(id, by, null) }),
    "a handoff is offered, accepted and completed, and both sides see it",
  ],
  [
    "offers anew what was offered",
    (real) =>
      handoffsOf(real, {
        offer: (offer) => real.handoffs.offer({ ...offer, id: `${offer.id}${Math.random()}` }),
      }),
    "a step that was taken may be taken again, and changes nothing",
  ],
  [
    "lets anybody accept",
    (real) => handoffsOf(real, { accept: (id, _by, ttl) => real.handoffs.accept(id, "b", ttl) }),
    "only the right side takes a step, and only in its time",
  ],
  [
    "keeps offers for ever",
    (real) => handoffsOf(real, { offer: (offer) => real.handoffs.offer({ ...offer, ttl: 60_000 }) }),
    "an offer nobody accepts and work nobody completes expire",
  ],
  [
    "takes every answer",
    (real) =>
      handoffsOf(real, {
        decline: async (id, by, reason) =>
          real.handoffs
            .decline(id, by, reason)
            .catch(async () => ({ ...(await real.handoffs.get(id))!, state: "declined" as const, reason })),
      }),
    "of many who answer at once one answer counts",
  ],
])("a coordination store that %s is caught", async (_fault, change, check) => {
  const open = async () => {
    const real = new MemoryCoordinationStore();
    return { subject: broken<CoordinationStore>(real, change(real)) };
  };
  expect(await caught(coordinationStoreConformance(open), check)).toBe(true);
});
