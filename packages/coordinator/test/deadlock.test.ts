import { Coordinator, MemoryCoordinationStore, type LeaseHandle } from "@mnemosyne/coordinator";
import { isMnemosyneError, type MnemosyneError } from "@mnemosyne/core";
import { expect, test } from "vitest";
import { settle } from "./manual-clock.ts";

async function errorOf(promise: Promise<unknown>): Promise<MnemosyneError> {
  try {
    await promise;
  } catch (error) {
    if (isMnemosyneError(error)) return error;
    throw error;
  }
  throw new Error("It was granted.");
}

test("a ring of two is found when it closes; the younger is told whom it met, the older goes on", async () => {
  const coordinator = new Coordinator();
  await coordinator.acquire({ resources: ["x"], owner: "a" });
  const held = await coordinator.acquire({ resources: ["y"], owner: "b" });
  const older = coordinator.acquire({ resources: ["y"], owner: "a" });
  await settle();
  const error = await errorOf(coordinator.acquire({ resources: ["x"], owner: "b" }));
  expect(error.code).toBe("E_DEADLOCK");
  expect(error.details).toEqual({
    members: ["b", "a"],
    refused: "b",
    kind: "cycle",
    waits: [
      { owner: "b", resources: ["x"] },
      { owner: "a", resources: ["y"] },
    ],
  });
  await held.release();
  expect((await older).owner).toBe("a");
  await coordinator.close();
});

test("a ring of five over path globs is found, and only its youngest is refused", async () => {
  const coordinator = new Coordinator();
  const owners = ["a", "b", "c", "d", "e"];
  const handles = new Map<string, LeaseHandle>();
  for (const owner of owners) {
    handles.set(owner, await coordinator.acquire({ resources: [`${owner}/**`], owner }));
  }
  const refused: string[] = [];
  const granted: string[] = [];
  const waits = owners.map(async (owner, index) => {
    const next = owners[(index + 1) % owners.length] ?? "";
    try {
      await coordinator.acquire({ resources: [`${next}/file.ts`], owner });
      granted.push(owner);
    } catch (error) {
      refused.push(`${owner} ${isMnemosyneError(error) ? error.code : String(error)}`);
    }
    await handles.get(owner)?.release();
  });
  await settle();
  expect(refused).toEqual(["e E_DEADLOCK"]);
  // With the ring open, the others get theirs one after the other.
  expect(granted).toEqual(["d", "c", "b", "a"]);
  await Promise.all(waits);
  await coordinator.close();
});

test("waiting for oneself is a deadlock for a named owner, and mere waiting for an unnamed one", async () => {
  const coordinator = new Coordinator();
  await coordinator.acquire({ resources: ["x"], owner: "a" });
  expect((await errorOf(coordinator.acquire({ resources: ["x"], owner: "a" }))).code).toBe("E_DEADLOCK");
  const held = await coordinator.acquire({ resources: ["y"] });
  const waiting = coordinator.acquire({ resources: ["y"] });
  await settle();
  await held.release();
  expect((await waiting).owner).toBe(coordinator.owner);
  await coordinator.close();
});

test("a chain is no ring, however long", async () => {
  const coordinator = new Coordinator();
  const owners = Array.from({ length: 50 }, (_, index) => `o${index}`);
  const handles: LeaseHandle[] = [];
  for (const owner of owners) handles.push(await coordinator.acquire({ resources: [owner], owner }));
  const waits = owners
    .slice(1)
    .map((owner, index) => coordinator.acquire({ resources: [`o${index}`], owner }));
  await settle();
  await Promise.all(handles.map((handle) => handle.release()));
  expect((await Promise.all(waits)).map((handle) => handle.owner)).toEqual(owners.slice(1));
  await coordinator.close();
});

test("nobody queues behind those who wait for it", async () => {
  const coordinator = new Coordinator();
  const held = await coordinator.acquire({ resources: ["x"], owner: "a" });
  const both = coordinator.acquire({ resources: ["x", "y"], owner: "b" });
  await settle();
  // `y` is free, and `b`, who is first in line for it, waits for `a`: making `a` wait would be a deadlock of our making.
  const second = await coordinator.acquire({ resources: ["y"], owner: "a", wait: false });
  await held.release();
  await second.release();
  expect((await both).resources).toEqual(["x", "y"]);
  await coordinator.close();
});

test("over a shared store, a ring within one process is found though another process made the leases move", async () => {
  const store = new MemoryCoordinationStore();
  const ours = new Coordinator({ store, poll: 5 });
  const theirs = new Coordinator({ store });
  const first = await theirs.acquire({ resources: ["x"], owner: "z" });
  await ours.acquire({ resources: ["y"], owner: "b" });
  const waitsForX = ours.acquire({ resources: ["x"], owner: "b" });
  await settle();
  await first.release();
  await waitsForX;
  const older = ours.acquire({ resources: ["q", "y"], owner: "a" });
  await ours.acquire({ resources: ["z"], owner: "a" });
  await settle();
  expect((await errorOf(ours.acquire({ resources: ["z"], owner: "b" }))).details).toMatchObject({
    members: ["b", "a"],
  });
  await Promise.all([ours.close(), theirs.close(), errorOf(older)]);
});
