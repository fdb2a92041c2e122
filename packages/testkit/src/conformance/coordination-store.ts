import type { CoordinationStore, Lease, LeaseRequest } from "@mnemosyne/core";
import { holds, pause, refused, same, suite, there, type ConformanceCheck, type Open } from "./check.ts";
import { handoffChecks } from "./coordination-handoff.ts";
import { queueChecks } from "./coordination-queue.ts";
import { waitingChecks } from "./coordination-waiting.ts";

const TTL = 10_000;

function ask(owner: string, resources: readonly string[], more: Partial<LeaseRequest> = {}): LeaseRequest {
  return { owner, resources, mode: "exclusive", ttl: TTL, ...more };
}

async function grant(store: CoordinationStore, request: LeaseRequest): Promise<Lease> {
  const result = await store.acquire(request);
  holds("granted" in result, `${request.owner} was not granted ${request.resources.join(", ")}`);
  return result.granted;
}

async function conflicts(store: CoordinationStore, request: LeaseRequest): Promise<readonly Lease[]> {
  const result = await store.acquire(request);
  holds("conflicts" in result, `${request.owner} was granted ${request.resources.join(", ")}, which is held`);
  return result.conflicts;
}

async function increment(store: CoordinationStore, key: string): Promise<void> {
  for (;;) {
    const now = await store.getValue(key);
    try {
      await store.setValue(key, Number(now?.value ?? 0) + 1, now?.version ?? 0);
      return;
    } catch (error) {
      await refused(Promise.reject(error), "E_VERSION_CONFLICT", "a lost race");
    }
  }
}

/** What every coordination store must do. */
export function coordinationStoreConformance(open: Open<CoordinationStore>): readonly ConformanceCheck[] {
  return suite(open, {
    "an exclusive lease keeps everyone else out, its own owner too": async (store, second) => {
      const lease = await grant(store, ask("a", ["x"], { metadata: { task: "fix" } }));
      same(
        [lease.owner, lease.resources, lease.mode, lease.metadata],
        ["a", ["x"], "exclusive", { task: "fix" }],
        "lease",
      );
      holds(lease.expiresAt.getTime() > Date.now(), "it expires in the future");
      same(
        (await conflicts(second, ask("b", ["x"]))).map(({ id }) => id),
        [lease.id],
        "in the way of b",
      );
      same(
        (await conflicts(second, ask("b", ["x"], { mode: "shared" }))).length,
        1,
        "in the way of a reader",
      );
      same((await conflicts(store, ask("a", ["x"]))).length, 1, "in the way of its owner");
      same((await store.leases()).length, 1, "leases: a conflict writes nothing");
    },

    "shared leases live together and keep writers out": async (store) => {
      await grant(store, ask("a", ["x"], { mode: "shared" }));
      await grant(store, ask("b", ["x"], { mode: "shared" }));
      same((await conflicts(store, ask("c", ["x"]))).length, 2, "in the way of a writer");
    },

    "globs that may meet overlap; those whose beginnings differ do not": async (store) => {
      await grant(store, ask("a", ["src/**"]));
      for (const resource of ["src/a.ts", "src/deep/b.ts", "src/*.ts", "**/*.ts"])
        same((await conflicts(store, ask("b", [resource]))).length, 1, `in the way of ${resource}`);
      await grant(store, ask("b", ["test/**"]));
      await grant(store, ask("c", ["docs/a.md"]));
    },

    "several resources are granted together or not at all": async (store) => {
      await grant(store, ask("a", ["two"]));
      await conflicts(store, ask("b", ["one", "two", "three"]));
      await grant(store, ask("c", ["one"]));
    },

    "of many who ask at once exactly one gets it, and tokens rise": async (store, second) => {
      let last = 0;
      for (let round = 0; round < 5; round++) {
        const results = await Promise.all(
          Array.from({ length: 10 }, (_, index) =>
            (index % 2 === 0 ? store : second).acquire(ask(`o${index}`, ["x"])),
          ),
        );
        const granted = results.flatMap((result) => ("granted" in result ? [result.granted] : []));
        same(granted.length, 1, "grants");
        const [lease] = granted;
        holds(lease !== undefined && lease.token > last, `token ${lease?.token} is above ${last}`);
        last = lease.token;
        await store.release(lease.id, lease.token);
      }
    },

    "renewing extends a lease; a lost one cannot be renewed": async (store) => {
      const lease = await grant(store, ask("a", ["x"], { ttl: 2000 }));
      const renewed = await store.renew(lease.id, lease.token, 60_000);
      holds(renewed.expiresAt.getTime() > lease.expiresAt.getTime() + 30_000, "it expires later");
      same(renewed.token, lease.token, "token");
      await refused(store.renew(lease.id, lease.token + 1, TTL), "E_LEASE_LOST", "another token");
      await store.release(lease.id, lease.token);
      await refused(store.renew(lease.id, lease.token, TTL), "E_LEASE_LOST", "a released lease");
    },

    "an expired lease is nobody's": async (store, second) => {
      const lease = await grant(store, ask("a", ["x"], { ttl: 150 }));
      await pause(300);
      same(await second.leases(), [], "live leases");
      await refused(store.renew(lease.id, lease.token, TTL), "E_LEASE_LOST", "renewing it");
      const next = await grant(second, ask("b", ["x"]));
      holds(next.token > lease.token, "the next holder's token is higher");
      await store.release(lease.id, lease.token);
      same(
        (await store.leases()).map(({ owner }) => owner),
        ["b"],
        "the old holder's release changes nothing",
      );
    },

    "releasing and revoking give a resource back; doing it twice is no error": async (store, second) => {
      const first = await grant(store, ask("a", ["x"]));
      await store.release(first.id, first.token);
      await store.release(first.id, first.token);
      const lease = await grant(second, ask("b", ["x"]));
      await store.release(lease.id, lease.token - 1);
      same((await store.leases()).length, 1, "a release with another token changes nothing");
      same(await store.revoke(lease.id), true, "revoking it");
      same(await store.revoke(lease.id), false, "revoking it again");
      await grant(store, ask("c", ["x"]));
    },

    "leases are listed by owner and by resource": async (store) => {
      await grant(store, ask("a", ["src/**"]));
      await grant(store, ask("b", ["test/**"]));
      same(
        (await store.leases({ owner: "a" })).map(({ resources }) => resources),
        [["src/**"]],
        "of a",
      );
      same(
        (await store.leases({ resource: "test/**" })).map(({ owner }) => owner),
        ["b"],
        "of test/**",
      );
      same((await store.leases({ owner: "nobody" })).length, 0, "of nobody");
    },

    "a value is set by its version": async (store, second) => {
      same(await store.getValue("k"), undefined, "an unknown key");
      const first = await store.setValue("k", { a: [1, null, "ü"] }, 0);
      same(
        await second.getValue("k"),
        { key: "k", value: { a: [1, null, "ü"] }, version: first.version },
        "the value",
      );
      await refused(store.setValue("k", 1, 0), "E_VERSION_CONFLICT", "version 0 of a known key");
      const next = await second.setValue("k", "two", first.version);
      holds(next.version > first.version, "the version rises");
      await refused(store.setValue("k", 3, first.version), "E_VERSION_CONFLICT", "an old version");
      same((await store.setValue("k", null)).value, null, "without a version it is set whatever it is");
      await refused(store.setValue("new", 1, 4), "E_VERSION_CONFLICT", "a version of an unknown key");
    },

    "counting by compare-and-set loses nothing": async (store, second) => {
      await Promise.all(
        Array.from({ length: 16 }, (_, index) => increment(index % 2 === 0 ? store : second, "n")),
      );
      same((await store.getValue("n"))?.value, 16, "the count");
    },

    "agents are kept with the time they were seen": async (store, second) => {
      const agent = { id: "e1", role: "executor", state: "idle", metadata: { host: "h" } } as const;
      const first = await store.upsertAgent(agent);
      await pause(5);
      const again = await second.upsertAgent({ ...agent, state: "running" });
      holds(again.seenAt.getTime() >= first.seenAt.getTime(), "seenAt does not fall");
      const all = await store.agents();
      same(
        all.map(({ id, role, state, metadata }) => ({ id, role, state, metadata })),
        [{ ...agent, state: "running" }],
        "agents",
      );
      there(all[0]?.seenAt, "seenAt");
    },
    ...waitingChecks,
    ...queueChecks,
    ...handoffChecks,
  });
}
