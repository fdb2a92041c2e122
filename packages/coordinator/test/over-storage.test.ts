import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Coordinator, type CoordinatorOptions } from "@mnemosyne/coordinator";
import { isMnemosyneError } from "@mnemosyne/core";
import { openStorage, type Storage } from "@mnemosyne/storage";
import { afterEach, beforeEach, expect, test } from "vitest";

let folder: string;
let storages: Storage[];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "mnemosyne-coordinator-"));
  storages = [];
});

afterEach(async () => {
  for (const storage of storages) await storage.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A coordinator with a connection of its own to the one database. */
async function open(options: CoordinatorOptions = {}): Promise<Coordinator> {
  const storage = await openStorage(`file:${path.join(folder, "app.db")}`);
  storages.push(storage);
  return new Coordinator({ store: storage.coordination, poll: 10, ...options });
}

test("of many who want the same, over several connections, one at a time has it", async () => {
  const coordinators = [await open(), await open(), await open()];
  let inside = 0;
  const overlaps: number[] = [];
  const tokens: number[] = [];
  const work = coordinators.flatMap((coordinator) =>
    Array.from({ length: 8 }, (_, index) =>
      coordinator.withLease({ resources: [index % 2 === 0 ? "src/**" : "src/a.ts"] }, async (lease) => {
        inside += 1;
        overlaps.push(inside);
        tokens.push(lease.token);
        await coordinator.guard(lease.token, "src");
        await new Promise((resolve) => setTimeout(resolve, 2));
        inside -= 1;
      }),
    ),
  );
  await Promise.all(work);
  expect(Math.max(...overlaps)).toBe(1);
  expect(tokens).toHaveLength(24);
  expect(tokens).toEqual([...new Set(tokens)].toSorted((a, b) => a - b));
  for (const coordinator of coordinators) await coordinator.close();
});

test("a lease that its holder does not renew ends, and its late write is refused through any connection", async () => {
  // Never renewed: the heartbeat is cut to a third of the time to live, and the event loop is held up beyond it.
  const sleeper = await open({ ttl: 200 });
  const other = await open();
  const stale = await sleeper.acquire({ resources: ["x"], owner: "sleeper" });
  const until = performance.now() + 400;
  while (performance.now() < until);
  expect(stale.held).toBe(false);
  const fresh = await other.acquire({ resources: ["x"], owner: "other" });
  await other.guard(fresh.token, "x");
  const late = await sleeper.guard(stale.token, "x").catch((error: unknown) => error);
  expect(isMnemosyneError(late) && late.code).toBe("E_STALE");
  await expect.poll(() => stale.signal.aborted).toBe(true);
  await sleeper.close();
  await other.close();
});

test("a deadlock within one process is found over a shared database too", async () => {
  const coordinator = await open();
  await coordinator.acquire({ resources: ["x"], owner: "a" });
  const held = await coordinator.acquire({ resources: ["y"], owner: "b" });
  const older = coordinator.acquire({ resources: ["y"], owner: "a" });
  const error = await coordinator
    .acquire({ resources: ["x"], owner: "b" })
    .catch((thrown: unknown) => thrown);
  expect(isMnemosyneError(error) && error.code).toBe("E_DEADLOCK");
  await held.release();
  expect((await older).owner).toBe("a");
  await coordinator.close();
});

test("a ring whose members wait in two processes is found, and the youngest is refused by its own", async () => {
  const [one, other] = [await open(), await open()];
  await one.acquire({ resources: ["x"], owner: "a" });
  const held = await other.acquire({ resources: ["y"], owner: "b" });
  const older = one.acquire({ resources: ["y"], owner: "a" });
  await expect.poll(async () => (await one.leases()).length).toBe(2);
  await expect.poll(() => storages[0]?.coordination.waiting().then(({ waits }) => waits.length)).toBe(1);
  const error = await other.acquire({ resources: ["x"], owner: "b" }).catch((thrown: unknown) => thrown);
  expect(isMnemosyneError(error) && error.details).toMatchObject({ members: ["b", "a"], refused: "b" });
  await held.release();
  expect((await older).owner).toBe("a");
  await one.close();
  await other.close();
});

test("what one process puts in a queue or hands over, another does", async () => {
  const [one, other] = [await open(), await open()];
  await one.queue("work").enqueue({ n: 1 });
  const work = await other.queue("work").claim({ wait: 5000 });
  await work.ack();
  expect(await one.queue("work").items()).toEqual([]);
  const { id } = await one.handoffs.offer({ from: "a", to: "b", payload: "this" });
  const outcome = one.handoffs.outcome(id, { wait: 10_000 });
  const accepted = await other.handoffs.accept(id, "b");
  await accepted.complete({ ok: true });
  expect((await outcome).result).toEqual({ ok: true });
  await one.close();
  await other.close();
});
