import type { CoordinationStore, Lease } from "@mnemosyne/core";
import { holds, pause, refused, same, there, type Checks } from "./check.ts";

const TTL = 10_000;

async function take(
  store: CoordinationStore,
  owner: string,
  resource: string,
  more: { readonly mode?: "shared"; readonly permits?: number; readonly wait?: string } = {},
): Promise<Lease | undefined> {
  const request = { owner, resources: [resource], mode: "exclusive" as const, ttl: TTL, ...more };
  const answer = await store.acquire(request);
  return "granted" in answer ? answer.granted : undefined;
}

/** What every coordination store must do about writes, permits, waits and agents. */
export const waitingChecks: Checks<CoordinationStore> = {
  "a write below the highest accepted token is refused wherever resources overlap": async (store, second) => {
    await store.acceptWrite("src/a.ts", 5);
    await second.acceptWrite("src/a.ts", 5);
    const error = await refused(second.acceptWrite("src/a.ts", 4), "E_STALE", "an older token");
    holds(error.message.includes("5"), "the refusal names the token that was accepted");
    await store.acceptWrite("src/b.ts", 4);
    await store.acceptWrite("docs/**", 3);
    await refused(store.acceptWrite("src/**", 4), "E_STALE", "an older token on a glob above");
    await store.acceptWrite("src/**", 7);
    await refused(second.acceptWrite("src/deep/c.ts", 6), "E_STALE", "an older token below the glob");
    await refused(second.acceptWrite("./src/a.ts", 6), "E_STALE", "an older token by another spelling");
    await second.acceptWrite("docs/x.md", 3);
    await second.acceptWrite("src/deep/c.ts", 8);
    await refused(store.acceptWrite("src", 7), "E_STALE", "an older token above a newer one");
  },

  "of writes that race the lower token never comes after the higher": async (store, second) => {
    const accepted: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const token = ((index * 7) % 20) + 1;
        try {
          await (index % 2 ? store : second).acceptWrite("x", token);
          accepted.push(token);
        } catch (error) {
          await refused(Promise.reject(error), "E_STALE", "a write");
        }
      }),
    );
    holds(accepted.includes(20), "the highest token was accepted");
    await refused(store.acceptWrite("x", 19), "E_STALE", "a lower token afterwards");
  },

  "permits bound how many share": async (store, second) => {
    const three = { mode: "shared", permits: 3 } as const;
    const taken = await Promise.all(
      Array.from({ length: 9 }, (_, index) => take(index % 2 ? store : second, `o${index}`, "pool", three)),
    );
    const held = taken.flatMap((lease) => (lease === undefined ? [] : [lease]));
    same(held.length, 3, "permits taken");
    const answer = await store.acquire({ ...three, owner: "late", resources: ["pool"], ttl: TTL });
    same("conflicts" in answer ? answer.conflicts.length : 0, 3, "those in the way of a fourth");
    const [one] = held;
    if (one !== undefined) await second.release(one.id, one.token);
    there(await take(store, "late", "pool", three), "a permit that was given back");
    same(await take(store, "writer", "pool"), undefined, "an exclusive lease beside them");
  },

  "a wait is seen by everybody, ends by itself, and keeps its arrival while it lasts": async (
    store,
    second,
  ) => {
    const wait = { actor: "a", kind: "dependency", on: [{ actor: "b", key: "done" }], anyOf: false } as const;
    const first = await store.putWait({ ...wait, id: "w1", ttl: TTL });
    const later = await second.putWait({ ...wait, id: "w2", actor: "c", ttl: 150 });
    holds(later.arrival > first.arrival, "arrivals rise");
    same(
      (await second.putWait({ ...wait, id: "w1", ttl: TTL })).arrival,
      first.arrival,
      "its arrival, told again",
    );
    const seen = (await second.waiting()).waits.map(({ id, actor, kind, on, anyOf }) => ({
      id,
      actor,
      kind,
      on,
      anyOf,
    }));
    same(
      seen,
      [
        { id: "w1", ...wait },
        { id: "w2", ...wait, actor: "c" },
      ],
      "the waits",
    );
    await pause(300);
    same(
      (await store.waiting()).waits.map(({ id }) => id),
      ["w1"],
      "the waits, later",
    );
    await second.dropWait("w1");
    await second.dropWait("w1");
    same((await store.waiting()).waits, [], "the waits, at the end");
    const anew = await store.putWait({ ...wait, id: "w2", ttl: TTL });
    holds(anew.arrival > later.arrival, "who comes again comes last");
  },

  "a wait for a lease ends in the step that grants it": async (store, second) => {
    const request = { resources: ["x"], mode: "exclusive" } as const;
    await store.putWait({ id: "w", actor: "a", kind: "lease", request, on: [], anyOf: false, ttl: TTL });
    const held = there(await take(second, "b", "x"), "a lease for b");
    same(await take(store, "a", "x", { wait: "w" }), undefined, "a lease for a, while b holds it");
    const state = await second.waiting();
    same([state.waits.length, state.leases.length], [1, 1], "waits and leases");
    same(state.waits[0]?.request, request, "what it waits for");
    await second.release(held.id, held.token);
    there(await take(store, "a", "x", { wait: "w" }), "a lease for a");
    same((await second.waiting()).waits, [], "the waits");
  },

  "a look at the waits tells whether what they wait for has happened": async (store, second) => {
    for (const id of ["open", "done"])
      await store.handoffs.offer({ id, from: "a", to: "b", payload: 0, ttl: TTL });
    await store.handoffs.decline("done", "b", "no");
    const on = [
      { actor: "b", key: "there", version: 2 },
      { actor: "b", key: "missing" },
      { actor: "b", handoff: "open" },
      { actor: "b", handoff: "done" },
    ];
    await store.putWait({ id: "w", actor: "a", kind: "dependency", on, anyOf: true, ttl: TTL });
    await store.setValue("there", 1);
    await store.setValue("there", 2);
    await store.setValue("unnamed", 1);
    const state = await second.waiting();
    same(state.waits[0]?.on, on, "what is waited for");
    same([...state.versions], [["there", 2]], "versions");
    same([...state.openHandoffs], ["open"], "open handoffs");
  },

  "an agent's sign of life keeps what it said, and one that is not registered is unknown": async (
    store,
    second,
  ) => {
    const agent = { id: "e1", role: "executor", state: "running", metadata: { pid: 1 } } as const;
    const first = await store.upsertAgent(agent);
    const touched = there(await second.touchAgent("e1"), "the agent");
    const { seenAt, ...rest } = touched;
    same(rest, agent, "the agent");
    holds(seenAt >= first.seenAt, "seenAt does not fall");
    same((await store.touchAgent("e1", "blocked"))?.state, "blocked", "its state");
    same(await store.touchAgent("nobody"), undefined, "an agent nobody registered");
    holds((await store.now()) >= seenAt, "the store's time is not before what it has seen");
    same(await second.removeAgent("e1"), true, "removing it");
    same(await second.removeAgent("e1"), false, "removing it again");
    same(await store.agents(), [], "agents");
  },
};
