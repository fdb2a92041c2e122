import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Coordinator } from "@mnemosyne/coordinator";
import type { CoordinationStore, KeptAlive } from "@mnemosyne/core";
import { openStorage, type StorageOptions } from "@mnemosyne/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { replaced } from "./replaced.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "mnemosyne-keeper-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function url(): string {
  return `file:${path.join(folder, "app.db")}`;
}

/** The store, and whether its thread has renewed something. */
function watched(store: CoordinationStore): {
  readonly store: CoordinationStore;
  readonly works: () => boolean;
} {
  const kept: KeptAlive[] = [];
  const keepAlive: NonNullable<CoordinationStore["keepAlive"]> = (lease, ttl, heartbeat) => {
    const keeper = store.keepAlive?.(lease, ttl, heartbeat);
    if (keeper !== undefined) kept.push(keeper);
    return keeper;
  };
  return {
    store: replaced(store, { keepAlive }),
    works: () => kept.some(({ trustedUntil }) => trustedUntil > Date.now()),
  };
}

/** Nothing of this thread happens meanwhile. */
function block(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

test.each<Partial<StorageOptions>>([{}, { encryptionKey: "a secret of no worth" }])(
  "a lease outlives a blocked event loop, and its holder goes on believing in it (%o)",
  async (options) => {
    const storage = await openStorage({ url: url(), ...options });
    const { store, works } = watched(storage.coordination);
    const coordinator = new Coordinator({ store, ttl: 2000, heartbeat: 150 });
    const lease = await coordinator.acquire({ resources: ["x"], owner: "a" });
    await expect.poll(works, { timeout: 20_000 }).toBe(true);
    // Without its thread the lease would have run out in the second.
    for (let round = 0; round < 2; round++) {
      block(1500);
      expect(lease.held).toBe(true);
      expect((await storage.coordination.leases()).map(({ owner }) => owner)).toEqual(["a"]);
      await pause(300);
    }
    expect(lease.signal.aborted).toBe(false);
    await lease.release();
    expect(await storage.coordination.leases()).toEqual([]);
    await coordinator.close();
    await storage.close();
  },
);

test("an event loop that is silent beyond the time to live has given its leases up when it wakes", async () => {
  const storage = await openStorage(url());
  const { store, works } = watched(storage.coordination);
  const coordinator = new Coordinator({ store, ttl: 800, heartbeat: 100 });
  const lease = await coordinator.acquire({ resources: ["x"], owner: "a" });
  await expect.poll(works, { timeout: 20_000 }).toBe(true);
  block(2000);
  expect(lease.held).toBe(false);
  expect(await storage.coordination.leases()).toEqual([]);
  await expect.poll(() => lease.signal.aborted).toBe(true);
  await coordinator.close();
  await storage.close();
});

test("a revoked lease is lost though a thread renews it", async () => {
  const storage = await openStorage(url());
  const { store, works } = watched(storage.coordination);
  const coordinator = new Coordinator({ store, ttl: 5000, heartbeat: 100 });
  const lease = await coordinator.acquire({ resources: ["x"], owner: "a" });
  await expect.poll(works, { timeout: 20_000 }).toBe(true);
  expect(lease.held).toBe(true);
  await storage.coordination.revoke(lease.id);
  await expect.poll(() => lease.signal.aborted, { timeout: 5000 }).toBe(true);
  expect(lease.held).toBe(false);
  await coordinator.close();
  await storage.close();
});

test("a keeper that cannot work leaves the renewing to the holder", async () => {
  const storage = await openStorage(url());
  const { coordination } = storage;
  const coordinator = new Coordinator({
    ttl: 800,
    heartbeat: 100,
    store: replaced<CoordinationStore>(coordination, {
      keepAlive: () => ({ trustedUntil: 0, state: "failed", stop: () => undefined }),
    }),
  });
  const lease = await coordinator.acquire({ resources: ["x"], owner: "a" });
  await pause(1500);
  expect(lease.held).toBe(true);
  await coordinator.close();
  await storage.close();
});
