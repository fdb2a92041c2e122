import { Coordinator, MemoryCoordinationStore, type LeaseHandle } from "@mnemosyne/coordinator";
import { isMnemosyneError, MnemosyneError, type CoordinationStore, type Lease } from "@mnemosyne/core";
import { expect, test } from "vitest";
import { ManualClock, settle } from "./manual-clock.ts";
import { replaced } from "./replaced.ts";

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "none";
  } catch (error) {
    return isMnemosyneError(error) ? error.code : String(error);
  }
}

test("an exclusive lease keeps everybody else out until it is released", async () => {
  const coordinator = new Coordinator();
  const first = await coordinator.acquire({ resources: ["src/**"], owner: "a" });
  expect(await codeOf(coordinator.acquire({ resources: ["src/a.ts"], owner: "b", wait: false }))).toBe(
    "E_LEASE_HELD",
  );
  const other = await coordinator.acquire({ resources: ["docs/**"], owner: "b", wait: false });
  let second: LeaseHandle | undefined;
  const waiting = coordinator.acquire({ resources: ["src/a.ts"], owner: "b" }).then((lease) => {
    second = lease;
    return lease;
  });
  await settle();
  expect(second).toBeUndefined();
  await first.release();
  expect((await waiting).token).toBeGreaterThan(other.token);
  expect(first.signal.aborted).toBe(false);
  expect(first.held).toBe(false);
  expect(second?.held).toBe(true);
  await coordinator.close();
});

test("shared leases live together, and an exclusive one waits for all of them", async () => {
  const coordinator = new Coordinator();
  const readers = [
    await coordinator.acquire({ resources: ["src/**"], mode: "shared", owner: "a" }),
    await coordinator.acquire({ resources: ["src/**"], mode: "shared", owner: "b" }),
  ];
  const writer = coordinator.acquire({ resources: ["src/x.ts"], owner: "c" });
  await readers[0]?.release();
  await settle();
  expect((await coordinator.leases({ resource: "src/x.ts" })).map((lease) => lease.owner)).toEqual(["b"]);
  await readers[1]?.release();
  await writer;
  expect((await coordinator.leases()).map((lease) => lease.owner)).toEqual(["c"]);
  await coordinator.close();
  expect(await coordinator.leases()).toEqual([]);
});

test("those who wait are served in the order in which they came, and nobody overtakes", async () => {
  const coordinator = new Coordinator();
  const order: string[] = [];
  const reader = await coordinator.acquire({ resources: ["x"], mode: "shared", owner: "r1" });
  const jobs = (["exclusive", "shared", "exclusive", "shared"] as const).map((mode, index) =>
    coordinator.withLease({ resources: ["x"], mode, owner: `w${index}` }, async () => {
      order.push(`w${index}`);
      await settle();
    }),
  );
  await settle();
  // Free for readers, but a writer waits before them.
  expect(
    await codeOf(coordinator.acquire({ resources: ["x"], mode: "shared", owner: "late", wait: false })),
  ).toBe("E_LEASE_HELD");
  expect(order).toEqual([]);
  await reader.release();
  await Promise.all(jobs);
  expect(order).toEqual(["w0", "w1", "w2", "w3"]);
  await coordinator.close();
});

test("waiting ends with its signal, with its time, and with the coordinator", async () => {
  const clock = new ManualClock();
  const coordinator = new Coordinator({ clock });
  const lease = await coordinator.acquire({ resources: ["x"], owner: "a" });
  const abort = new AbortController();
  const aborted = codeOf(coordinator.acquire({ resources: ["x"], owner: "b", signal: abort.signal }));
  abort.abort(new Error("enough"));
  expect(await aborted).toBe("Error: enough");

  const limited = codeOf(coordinator.acquire({ resources: ["x"], owner: "c", wait: 1000 }));
  await clock.advance(999);
  expect(await Promise.race([limited, Promise.resolve("waits")])).toBe("waits");
  await clock.advance(1);
  expect(await limited).toBe("E_LEASE_HELD");

  const closed = codeOf(coordinator.acquire({ resources: ["x"], owner: "d" }));
  await settle();
  await coordinator.close();
  expect(await closed).toBe("E_CLOSED");
  expect(lease.held).toBe(false);
  expect(await codeOf(coordinator.acquire({ resources: ["y"] }))).toBe("E_CLOSED");
});

test("a held lease is renewed long past its time to live", async () => {
  const clock = new ManualClock();
  const coordinator = new Coordinator({ clock });
  const lease = await coordinator.acquire({ resources: ["x"], owner: "a" });
  await clock.advance(60_000);
  expect(lease.held).toBe(true);
  expect(await codeOf(coordinator.acquire({ resources: ["x"], owner: "b", wait: false }))).toBe(
    "E_LEASE_HELD",
  );
  await coordinator.close();
});

test("a holder that slept through its lease is told, and its late write is refused", async () => {
  const clock = new ManualClock();
  const store = new MemoryCoordinationStore({ clock });
  const sleeper = new Coordinator({ store, clock, owner: "sleeper" });
  const other = new Coordinator({ store, clock, owner: "other" });
  const stale = await sleeper.acquire({ resources: ["x"] });
  await sleeper.guard(stale.token, "x");
  clock.freeze(5001);
  expect(stale.held).toBe(false);
  const fresh = await other.acquire({ resources: ["x"], wait: false });
  expect(fresh.token).toBeGreaterThan(stale.token);
  await other.guard(fresh.token, "x");
  await other.guard(fresh.token, "x");
  expect(await codeOf(sleeper.guard(stale.token, "x"))).toBe("E_STALE");
  expect(await codeOf(sleeper.guard(stale.token, "y"))).toBe("none");
  await clock.advance(1500);
  expect(stale.signal.aborted).toBe(true);
  expect(isMnemosyneError(stale.signal.reason) && stale.signal.reason.code).toBe("E_LEASE_LOST");
  await stale.release();
  expect((await store.leases()).map((lease) => lease.owner)).toEqual(["other"]);
  await other.close();
  await sleeper.close();
});

test("a lease that somebody revoked is lost at the next heartbeat", async () => {
  const clock = new ManualClock();
  const coordinator = new Coordinator({ clock });
  const lease = await coordinator.acquire({ resources: ["x"], owner: "a" });
  expect(await coordinator.revoke(lease.id)).toBe(true);
  expect(await coordinator.revoke(lease.id)).toBe(false);
  await clock.advance(1499);
  expect(lease.signal.aborted).toBe(false);
  await clock.advance(1);
  expect(lease.signal.aborted).toBe(true);
  await coordinator.close();
});

/** A store that stops answering renewals, in one of two ways. */
function cutOff(store: CoordinationStore, how: "hangs" | "fails"): CoordinationStore {
  const renew = (): Promise<Lease> =>
    how === "hangs"
      ? new Promise<Lease>(() => {})
      : Promise.reject(new MnemosyneError("E_STORAGE", "No route to the store.", { kind: "unavailable" }));
  return replaced(store, { renew });
}

test.each(["hangs", "fails"] as const)(
  "a holder whose store %s gives up when the lease ends, not before and not later",
  async (how) => {
    const clock = new ManualClock();
    const coordinator = new Coordinator({
      clock,
      store: cutOff(new MemoryCoordinationStore({ clock }), how),
    });
    const lease = await coordinator.acquire({ resources: ["x"], owner: "a" });
    await clock.advance(4999);
    expect(lease.held).toBe(true);
    expect(lease.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(lease.held).toBe(false);
    expect(lease.signal.aborted).toBe(true);
    await coordinator.close();
  },
);

test("what another process gave back is found without being told", async () => {
  const store = new MemoryCoordinationStore();
  const one = new Coordinator({ store, owner: "one" });
  const two = new Coordinator({ store, owner: "two", poll: 10 });
  const lease = await one.acquire({ resources: ["x"] });
  const waiting = two.acquire({ resources: ["x"] });
  await lease.release();
  expect((await waiting).owner).toBe("two");
  await one.close();
  await two.close();
});

test("a store that fails is reported to who asked, and the queue goes on", async () => {
  const memory = new MemoryCoordinationStore();
  let broken = true;
  const store = replaced<CoordinationStore>(memory, {
    acquire: (request) =>
      broken
        ? Promise.reject(new MnemosyneError("E_STORAGE_BUSY", "Busy.", { kind: "unavailable" }))
        : memory.acquire(request),
  });
  const coordinator = new Coordinator({ store });
  expect(await codeOf(coordinator.acquire({ resources: ["x"] }))).toBe("E_STORAGE_BUSY");
  broken = false;
  const lease = await coordinator.acquire({ resources: ["x"] });
  await lease.release();
  await coordinator.close();
});

test("nothing that makes no sense is asked of the store", async () => {
  const coordinator = new Coordinator();
  expect(await codeOf(coordinator.acquire({ resources: [] }))).toBe("E_INPUT");
  expect(await codeOf(coordinator.acquire({ resources: [""] }))).toBe("E_INPUT");
  expect(await codeOf(coordinator.acquire({ resources: ["x"], ttl: 0 }))).toBe("E_INPUT");
  expect(await codeOf(coordinator.acquire({ resources: ["x"], wait: -1 }))).toBe("E_INPUT");
  expect(() => new Coordinator({ ttl: Number.NaN })).toThrow(/ttl/);
  await coordinator.close();
});

/** Timers that keep the event loop going: an `unref`ed one is not listed. */
function wakefulTimers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}

test("a held lease does not keep its process alive, a wait for one does", async () => {
  const before = wakefulTimers();
  const coordinator = new Coordinator({ poll: 60_000 });
  await coordinator.acquire({ resources: ["x"] });
  await settle();
  expect(wakefulTimers()).toBe(before);
  const waiting = codeOf(coordinator.acquire({ resources: ["x"] }));
  await settle();
  expect(wakefulTimers()).toBe(before + 1);
  await coordinator.close();
  expect(await waiting).toBe("E_CLOSED");
});
