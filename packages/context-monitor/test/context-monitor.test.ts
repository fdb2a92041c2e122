import {
  ContextMonitor,
  contextTokens,
  recommend,
  stateOf,
  type ContextAlert,
  type PriceCliff,
  type Reading,
} from "@mnemosyne/context-monitor";
import type { ModelInfo, ModelUsage } from "@mnemosyne/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const usage = (input: number, output = 0, cached = 0): ModelUsage => ({
  inputTokens: input,
  outputTokens: output,
  cacheReadTokens: cached,
  cacheWriteTokens: 0,
  usd: 0.001,
});

function watch(monitor: ContextMonitor): { readonly alerts: ContextAlert[]; readonly cliffs: PriceCliff[] } {
  const alerts: ContextAlert[] = [];
  const cliffs: PriceCliff[] = [];
  monitor.on("alert", (alert) => alerts.push(alert));
  monitor.on("cliff", (cliff) => cliffs.push(cliff));
  return { alerts, cliffs };
}

describe("ContextMonitor", () => {
  it("sees a record in the same tick, by value, provider's report or band", () => {
    const monitor = new ContextMonitor({ window: 1000 });
    const seen: Reading[] = [];
    monitor.on("usage", (reading) => seen.push(reading));
    expect(monitor.getUsage()).toBe(0);
    monitor.record("a", 500);
    expect(monitor.getUsage()).toBe(0.5);
    expect(monitor.getUsage("a")).toBe(0.5);
    monitor.record("b", usage(100, 50, 600));
    expect(monitor.getUsage("b")).toBe(0.75);
    expect(monitor.getUsage()).toBe(0.75);
    monitor.record("c", { value: 800, low: 700, high: 920, source: "estimate" });
    expect(seen.map(({ id, tokens, state }) => [id, tokens.source, tokens.high, state])).toEqual([
      ["a", "usage", 500, "moderate"],
      ["b", "usage", 750, "high"],
      ["c", "estimate", 920, "critical"],
    ]);
    expect(monitor.getUsage("nobody")).toBe(0);
    expect(contextTokens(usage(10, 5))).toEqual({ value: 15, low: 10, high: 15, source: "usage" });
  });

  it("has the four states of its thresholds", () => {
    expect([0, 0.4999, 0.5, 0.7499, 0.75, 0.8999, 0.9, 1.2].map(stateOf)).toEqual([
      "safe",
      "safe",
      "moderate",
      "moderate",
      "high",
      "high",
      "critical",
      "critical",
    ]);
  });

  it("raises one alert for each true crossing of a saw-tooth around 75 %", () => {
    const monitor = new ContextMonitor({ window: 1000, thresholds: [0.75] });
    const { alerts } = watch(monitor);
    for (let round = 0; round < 1000; round++) {
      monitor.record("a", 760);
      monitor.record("a", 740);
    }
    expect(alerts).toHaveLength(1);
    for (let round = 0; round < 10; round++) {
      monitor.record("a", 690);
      monitor.record("a", 800);
    }
    expect(alerts).toHaveLength(11);
    expect(alerts[0]).toMatchObject({ scope: "agent", id: "a", threshold: 0.75, usage: 0.76, state: "high" });
    expect(alerts[0]?.message).toContain("760 of 1000 tokens (usage)");
  });

  it("alerts as the plain definition says, for any agents and records", () => {
    const record = fc.record({
      agent: fc.constantFrom("a", "b", "c"),
      tokens: fc.integer({ min: 0, max: 1100 }),
    });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 80 }), (records) => {
        const monitor = new ContextMonitor({ window: 1000, totalWindow: 2000 });
        const { alerts } = watch(monitor);
        const expected: string[] = [];
        const raised = new Set<string>();
        const levels = new Map<string, number>();
        const judge = (who: string, share: number): void => {
          for (const threshold of [0.5, 0.75, 0.9]) {
            const name = `${who} ${threshold}`;
            if (!raised.has(name) && share >= threshold) {
              raised.add(name);
              expected.push(name);
            } else if (raised.has(name) && share <= threshold - 0.05) raised.delete(name);
          }
        };
        for (const { agent, tokens } of records) {
          monitor.record(agent, tokens);
          levels.set(agent, tokens);
          judge(agent, tokens / 1000);
          judge("total", [...levels.values()].reduce((sum, each) => sum + each, 0) / 2000);
        }
        expect(alerts.map(({ id, threshold }) => `${id} ${threshold}`)).toEqual(expected);
        expect(monitor.getUsage()).toBeCloseTo(
          [...levels.values()].reduce((sum, each) => sum + each, 0) / 2000,
          10,
        );
      }),
    );
  });

  it("knows the fullest of many agents that come and go", () => {
    const step = fc.record({
      agent: fc.integer({ min: 0, max: 60 }),
      tokens: fc.option(fc.integer({ min: 0, max: 1000 })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const monitor = new ContextMonitor({ window: 1000 });
        const levels = new Map<number, number>();
        for (const { agent, tokens } of steps) {
          if (tokens === null) {
            monitor.forget(String(agent));
            levels.delete(agent);
          } else {
            monitor.record(String(agent), tokens);
            levels.set(agent, tokens);
          }
          expect(monitor.getUsage()).toBe(Math.max(0, ...levels.values()) / 1000);
        }
        expect(monitor.snapshot().agents).toHaveLength(levels.size);
      }),
    );
  });

  it("adds up what agents, tasks and runs spend, and alerts on the way to a budget", () => {
    const monitor = new ContextMonitor({ window: 100_000 });
    const { alerts } = watch(monitor);
    monitor.setBudget("task", "fix", 1000);
    for (let turn = 0; turn < 5; turn++) monitor.record("a", usage(100, 50), { task: "fix", run: "r" });
    expect(monitor.spent("task", "fix")).toEqual({ tokens: 750, usd: 0.005, calls: 5 });
    expect(monitor.spent("run", "r").tokens).toBe(750);
    expect(monitor.spent("agent", "a").calls).toBe(5);
    monitor.record("a", usage(1), undefined);
    expect(monitor.spent("task", "fix").calls).toBe(6);
    expect(alerts.map(({ scope, id, threshold }) => [scope, id, threshold])).toEqual([
      ["task", "fix", 0.5],
      ["task", "fix", 0.75],
    ]);
    expect(monitor.snapshot().spent.map(({ scope, id, tokens }) => [scope, id, tokens])).toEqual([
      ["task", "fix", 751],
      ["run", "r", 751],
    ]);
  });

  it("forecasts when a steadily growing window will be full, and begins anew when it was compacted", () => {
    let now = 0;
    const monitor = new ContextMonitor({ window: 100_000, clock: { now: () => now } });
    for (let minute = 0; minute <= 10; minute++) {
      now = minute * 60_000;
      monitor.record("a", 10_000 + minute * 3000);
    }
    const forecast = monitor.forecast("a");
    expect(forecast?.tokensPerMinute).toBeCloseTo(3000, 6);
    expect(forecast?.milliseconds).toBeCloseTo(20 * 60_000, 3);
    expect(forecast?.earliest).toBeLessThanOrEqual(forecast?.milliseconds ?? 0);
    monitor.record("a", 12_000);
    expect(monitor.forecast("a")).toBeUndefined();
    for (let minute = 11; minute <= 14; minute++) {
      now = minute * 60_000;
      monitor.record("a", 12_000 + (minute - 10) * 22_000);
    }
    expect(monitor.forecast("a")?.milliseconds).toBe(0);
  });

  it("does not forecast what does not grow", () => {
    let now = 0;
    const monitor = new ContextMonitor({ clock: { now: () => (now += 60_000) } });
    for (const tokens of [900, 890, 885, 880]) monitor.record("a", tokens);
    expect(monitor.forecast("a")).toBeUndefined();
    expect(monitor.forecast("nobody")).toBeUndefined();
  });

  it("warns before and at the size from which a model's price steps up", () => {
    const haiku: ModelInfo = {
      model: "small",
      contextTokens: 1_000_000,
      maxOutputTokens: 1000,
      prices: {
        input: 0.1,
        output: 0.5,
        cacheRead: 0.01,
        cacheWrite: 0.1,
        above: { tokens: 100_000, input: 0.5, output: 2.5 },
      },
      source: "table",
    };
    const monitor = new ContextMonitor({
      catalog: { get: (model) => (model === "small" ? haiku : undefined), list: () => [haiku] },
    });
    const { alerts, cliffs } = watch(monitor);
    for (const tokens of [80_000, 89_000, 90_000, 95_000, 99_999, 100_000, 120_000, 97_000, 101_000])
      monitor.record("a", tokens, { model: "small" });
    expect(cliffs.map(({ phase, tokens }) => [phase, tokens.value])).toEqual([
      ["near", 90_000],
      ["crossed", 100_000],
    ]);
    expect(cliffs[0]?.recommendations[0]).toMatchObject({
      action: "compactNow",
      target: 85_000,
      saves: 5000,
    });
    expect(cliffs[0]?.recommendations[0]?.reason).toContain("5 times");
    // The window is the model's: 100,000 of a million is no alert.
    expect(alerts).toEqual([]);
  });

  it("keeps accounting, and calls the other listeners, when a listener throws", async () => {
    const monitor = new ContextMonitor({ window: 100, thresholds: [0.5] });
    const faults: unknown[] = [];
    const catchIt = (error: unknown): void => void faults.push(error);
    const others = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.once("uncaughtException", catchIt);
    try {
      const boom = new Error("listener");
      monitor.on("alert", () => {
        throw boom;
      });
      const { alerts } = watch(monitor);
      monitor.record("a", 60);
      expect(alerts).toHaveLength(1);
      expect(monitor.getUsage()).toBe(0.6);
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(faults).toEqual([boom]);
    } finally {
      process.removeListener("uncaughtException", catchIt);
      for (const listener of others) process.on("uncaughtException", listener);
    }
  });

  it("samples outside sources, reports a broken one once, and ends with stop", async () => {
    let tokens = 100;
    let broken = false;
    let calls = 0;
    await using monitor = new ContextMonitor({
      window: 1000,
      sampler: {
        sources: () => {
          calls++;
          if (broken) throw new Error("gone");
          return { outside: tokens };
        },
      },
    });
    const faults: unknown[] = [];
    const { alerts } = watch(monitor);
    monitor.on("fault", ({ error }) => faults.push(error));
    await monitor.start();
    await until(() => monitor.getUsage("outside") === 0.1);
    tokens = 800;
    await until(() => monitor.getUsage("outside") === 0.8);
    expect(alerts.map(({ threshold }) => threshold)).toEqual([0.5, 0.75]);
    broken = true;
    await until(() => faults.length > 0);
    const at = calls;
    await until(() => calls > at + 3);
    expect(faults).toHaveLength(1);
    await monitor.stop();
    const last = calls;
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(calls).toBe(last);
  });

  it("stops calling a listener that was taken off", () => {
    const monitor = new ContextMonitor({ window: 100 });
    let heard = 0;
    const off = monitor.on("usage", () => heard++);
    monitor.record("a", 1);
    off();
    monitor.record("a", 2);
    expect(heard).toBe(1);
  });

  it("refuses numbers that are none, and counts nothing of them", () => {
    const monitor = new ContextMonitor({ window: 100 });
    for (const bad of [-1, Number.NaN, Infinity])
      expect(() => monitor.record("a", bad)).toThrow(/not a number of tokens/);
    expect(monitor.snapshot().agents).toEqual([]);
    expect(() => new ContextMonitor({ window: 0 })).toThrow(/window/);
    expect(() => new ContextMonitor({ thresholds: [0] })).toThrow(/Thresholds/);
  });

  it("takes no longer a record when there are many agents", () => {
    recordCost(10);
    // Microseconds. The real figure is well below 1; the bound only catches work that grows with the agents.
    expect(recordCost(2000)).toBeLessThan(20);
  });
});

describe("recommend", () => {
  const tokens = { value: 160, low: 160, high: 160, source: "usage" } as const;

  it("says nothing while there is room", () => {
    expect(recommend({ agent: "a", tokens: { ...tokens, value: 70, high: 70 }, window: 100 })).toEqual([]);
  });

  it("drops a section that is large enough before it compacts, general before skills before project, critical never", () => {
    const sections = [
      { name: "critical", share: "critical", tokens: 40 },
      { name: "project", share: "project", tokens: 70 },
      { name: "skills", share: "skills", tokens: 65 },
      { name: "general", share: "general", tokens: 5 },
    ] as const;
    expect(recommend({ agent: "a", tokens, window: 200, sections })).toMatchObject([
      { action: "dropSection", section: "skills", saves: 65 },
      { action: "compactNow", target: 100, saves: 60 },
    ]);
  });

  it("splits a task whose critical part alone is too much, and names a roomier model", () => {
    expect(
      recommend({
        agent: "a",
        task: "t",
        model: "now",
        tokens,
        window: 200,
        sections: [{ name: "critical", share: "critical", tokens: 150 }],
        models: [
          model("now", 200, 1),
          model("dear", 1000, 9),
          model("cheap", 1000, 2),
          model("small", 300, 0.1),
        ],
      }),
    ).toMatchObject([
      { action: "splitTask", task: "t", parts: 2 },
      { action: "switchModel", model: "cheap", window: 1000 },
    ]);
  });
});

const model = (name: string, contextTokens: number, input: number): ModelInfo => ({
  model: name,
  contextTokens,
  maxOutputTokens: 10,
  prices: { input, output: 1, cacheRead: 0, cacheWrite: 0 },
  source: "table",
});

/** Microseconds of a record among so many agents. */
function recordCost(agents: number): number {
  const monitor = new ContextMonitor({ totalWindow: 1e9 });
  const names = Array.from({ length: agents }, (_, index) => `agent-${index}`);
  for (const name of names) monitor.record(name, 1);
  const rounds = 40_000;
  const begin = performance.now();
  for (let round = 0; round < rounds; round++)
    monitor.record(names[(round * 7919) % agents] ?? "", (round * 31) % 90_000);
  return ((performance.now() - begin) * 1000) / rounds;
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 3000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("waited 3 s in vain");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
