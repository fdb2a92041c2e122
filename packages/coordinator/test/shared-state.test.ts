import { Coordinator, MemoryCoordinationStore } from "@mnemosyne/coordinator";
import { isMnemosyneError, type SharedValue } from "@mnemosyne/core";
import { expect, test } from "vitest";
import { ManualClock, settle } from "./manual-clock.ts";

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "none";
  } catch (error) {
    return isMnemosyneError(error) ? error.code : String(error);
  }
}

test("a value has a version, and a write that assumes another one is refused", async () => {
  const coordinator = new Coordinator();
  expect(await coordinator.get("phase")).toBeUndefined();
  expect(await coordinator.compareAndSet("phase", "build", 0)).toEqual({
    key: "phase",
    value: "build",
    version: 1,
  });
  expect(await codeOf(coordinator.compareAndSet("phase", "test", 0))).toBe("E_VERSION_CONFLICT");
  expect((await coordinator.set("phase", { name: "test" })).version).toBe(2);
  expect((await coordinator.get("phase"))?.value).toEqual({ name: "test" });
  expect(await codeOf(coordinator.get(""))).toBe("E_INPUT");
  expect(await codeOf(coordinator.set("~fence/x", 9))).toBe("E_INPUT");
  await coordinator.close();
});

async function increment(coordinator: Coordinator): Promise<void> {
  for (;;) {
    const found = await coordinator.get("n");
    try {
      await coordinator.compareAndSet("n", Number(found?.value ?? 0) + 1, found?.version ?? 0);
      return;
    } catch (error) {
      if (!isMnemosyneError(error) || error.code !== "E_VERSION_CONFLICT") throw error;
    }
  }
}

test("of many who increment at once with compare-and-set, none is lost", async () => {
  const store = new MemoryCoordinationStore();
  const coordinators = [1, 2, 3, 4].map(() => new Coordinator({ store }));
  await Promise.all(coordinators.flatMap((one) => Array.from({ length: 25 }, () => increment(one))));
  expect(await store.getValue("n")).toEqual({ key: "n", value: 100, version: 100 });
});

test("what is kept cannot be changed from outside", async () => {
  const coordinator = new Coordinator();
  const value = { list: [1] };
  await coordinator.set("x", value);
  value.list.push(2);
  const read = (await coordinator.get("x"))?.value as { list: number[] };
  expect(read.list).toEqual([1]);
  read.list.push(3);
  expect((await coordinator.get("x"))?.value).toEqual({ list: [1] });
});

test("a watch gives the present value and the later ones, of other processes too, until it is ended", async () => {
  const clock = new ManualClock();
  const store = new MemoryCoordinationStore({ clock });
  const ours = new Coordinator({ store, clock });
  const theirs = new Coordinator({ store, clock });
  await ours.set("x", "a");
  const seen: SharedValue[] = [];
  const abort = new AbortController();
  const watching = (async () => {
    for await (const value of ours.watch("x", { signal: abort.signal })) seen.push(value);
  })();
  const ended = codeOf(watching);
  await settle();
  await ours.set("x", "b");
  await settle();
  expect(seen.map((value) => value.value)).toEqual(["a", "b"]);
  await theirs.set("x", "c");
  await settle();
  expect(seen).toHaveLength(2);
  await clock.advance(100);
  expect(seen.map((value) => value.version)).toEqual([1, 2, 3]);
  abort.abort(new Error("seen enough"));
  expect(await ended).toBe("Error: seen enough");

  const untilClosed = (async () => {
    const later: SharedValue[] = [];
    for await (const value of ours.watch("x", { after: 3 })) later.push(value);
    return later;
  })();
  await settle();
  await ours.set("x", "d");
  await settle();
  await ours.close();
  expect((await untilClosed).map((value) => value.value)).toEqual(["d"]);
});

test("agents are alive while they are heard", async () => {
  const clock = new ManualClock();
  const coordinator = new Coordinator({ clock });
  await coordinator.registerAgent("reviewer");
  await coordinator.registerAgent({ id: "exec-1", role: "executor", state: "running", metadata: { pid: 7 } });
  expect(await coordinator.getAgentState("reviewer")).toBe("idle");
  await clock.advance(4000);
  await coordinator.updateAgentState("reviewer", "blocked");
  await clock.advance(2000);
  expect(
    (await coordinator.listAgents()).map(({ id, role, state, alive }) => ({ id, role, state, alive })),
  ).toEqual([
    { id: "reviewer", role: "reviewer", state: "blocked", alive: true },
    { id: "exec-1", role: "executor", state: "running", alive: false },
  ]);
  await coordinator.heartbeat("exec-1");
  expect((await coordinator.listAgents()).every((agent) => agent.alive)).toBe(true);
  expect((await coordinator.listAgents())[1]?.metadata).toEqual({ pid: 7 });
  expect(await coordinator.getAllAgentStates()).toEqual({ reviewer: "blocked", "exec-1": "running" });
  expect(await coordinator.getAgentState("nobody")).toBeUndefined();
  expect(await codeOf(coordinator.heartbeat("nobody"))).toBe("E_NOT_FOUND");
  expect(await codeOf(coordinator.updateAgentState("reviewer", "degraded" as "idle"))).toBe("E_INPUT");
  await coordinator.registerAgent("reviewer");
  expect(await coordinator.getAgentState("reviewer")).toBe("idle");
  await coordinator.close();
});
