import {
  MemoryBudgetLedger,
  callBound,
  createCallObserver,
  openTaskAccounts,
  runAccounts,
  toNanoUsd,
  type BudgetObservation,
  type CallObserverOptions,
} from "@mnemosyne/context-monitor";
import {
  MnemosyneError,
  isMnemosyneError,
  type ModelCall,
  type ModelInfo,
  type ModelPrices,
  type ModelResponse,
  type ModelUsage,
} from "@mnemosyne/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const PRICES: ModelPrices = {
  input: 0.1,
  output: 0.5,
  cacheRead: 0.01,
  cacheWrite: 0.125,
  above: { tokens: 100_001, input: 0.5, output: 2.5 },
};
const INFO: ModelInfo = {
  model: "m",
  contextTokens: 1_000_000,
  maxOutputTokens: 128_000,
  prices: PRICES,
  source: "table",
};
const catalog = { get: (model: string) => (model === "m" ? INFO : undefined) };

const call = (inputTokens: number, maxTokens: number, model = "m"): ModelCall => ({
  provider: "p",
  model,
  inputTokens,
  maxTokens,
  turn: 1,
});

const answer = (usage: Partial<ModelUsage>): ModelResponse => ({
  id: "1",
  provider: "p",
  model: "m",
  content: [],
  text: "",
  stopReason: "end",
  usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0, ...usage },
  durationMs: 1,
});

async function setUp(limit: { tokens?: number; usd?: number }, options: Partial<CallObserverOptions> = {}) {
  const ledger = new MemoryBudgetLedger();
  await openTaskAccounts(ledger, { runId: "run", budget: {}, tasks: [{ id: "fix", budget: limit }] });
  const events: BudgetObservation[] = [];
  const observer = createCallObserver({
    ledger,
    account: "run/fix",
    catalog,
    onEvent: (event) => events.push(event),
    ...options,
  });
  return { ledger, observer, events };
}

async function thrown(work: () => Promise<void> | void | undefined): Promise<MnemosyneError> {
  try {
    await work();
  } catch (error) {
    if (isMnemosyneError(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("createCallObserver", () => {
  it("writes the books twice a call, and marks what a ledger only held", async () => {
    const writes: string[] = [];
    const books = new MemoryBudgetLedger();
    await openTaskAccounts(books, { runId: "run", budget: {}, tasks: [{ id: "fix", budget: {} }] });
    const counting = (able: boolean) =>
      createCallObserver({
        account: "run/fix",
        catalog,
        ledger: {
          open: (...args) => books.open(...args),
          balance: (...args) => books.balance(...args),
          tree: (...args) => books.tree(...args),
          calls: (...args) => books.calls(...args),
          presume: (...args) => books.presume(...args),
          release: (...args) => books.release(...args),
          reserve(id, account, amount, options) {
            writes.push("reserve");
            return books.reserve(id, account, amount, able ? options : {});
          },
          markSent(id) {
            writes.push("markSent");
            return books.markSent(id);
          },
          settle(id, actual) {
            writes.push("settle");
            return books.settle(id, actual);
          },
        },
      });
    for (const able of [true, false]) {
      const observer = counting(able);
      const request = call(400, 100);
      await observer.before?.(request);
      expect((await books.calls("run")).map(({ state }) => state)).toContain("sent");
      await observer.after?.(request, { response: answer({ inputTokens: 300 }), durationMs: 1 });
    }
    expect(writes).toEqual(["reserve", "settle", "reserve", "markSent", "settle"]);
  });

  it("reserves the upper bound, and settles what it came to", async () => {
    const { ledger, observer, events } = await setUp({ tokens: 10_000, usd: 1 });
    const request = call(4000, 1000);
    await observer.before?.(request);
    expect((await ledger.balance("run"))?.reserved).toEqual({
      tokens: 5000,
      nanoUsd: 4000 * 125 + 1000 * 500,
      calls: 1,
    });
    await observer.after?.(request, {
      response: answer({ inputTokens: 3000, outputTokens: 200, usd: 0.0004 }),
      durationMs: 5,
    });
    expect(await ledger.balance("run/fix")).toMatchObject({
      settled: { tokens: 3200, nanoUsd: 400_000, calls: 1 },
      reserved: { tokens: 0, nanoUsd: 0, calls: 0 },
    });
    expect(events.map(({ type, tokens }) => [type, tokens])).toEqual([
      ["budget.reserved", 5000],
      ["budget.settled", 3200],
    ]);
  });

  it("keeps a call from leaving that could cost more than is left, and says whose budget it is", async () => {
    const { ledger, observer, events } = await setUp({ tokens: 4000 });
    const error = await thrown(() => observer.before?.(call(4000, 1000)));
    expect(error).toMatchObject({
      code: "E_BUDGET",
      kind: "budget",
      details: { account: "run/fix", scope: "task", needed: { tokens: 5000 }, left: { tokens: 4000 } },
    });
    expect((await ledger.balance("run"))?.reserved.calls).toBe(0);
    expect(events).toEqual([]);
    await ledger.open({ id: "run", limit: { tokens: 100 } });
    const run = await thrown(() => observer.before?.(call(90, 20)));
    expect(run.details).toMatchObject({ account: "run", scope: "run", left: { tokens: 100 } });
  });

  it("says when a call cost more than was reserved", async () => {
    const { observer, events } = await setUp({ tokens: 10_000 });
    const request = call(100, 100);
    await observer.before?.(request);
    await observer.after?.(request, { response: answer({ inputTokens: 900 }), durationMs: 5 });
    expect(events.map(({ type }) => type)).toEqual(["budget.reserved", "budget.settled", "budget.breached"]);
  });

  it.each([
    [
      "never sent",
      new MnemosyneError("E_MODEL", "x", {
        kind: "unavailable",
        cause: Object.assign(new Error("x"), { code: "ECONNREFUSED" }),
      }),
      0,
      0,
    ],
    [
      "stopped before sending",
      new MnemosyneError("E_CANCELLED", "x", { kind: "cancelled", details: { sent: false } }),
      0,
      0,
    ],
    [
      "refused by the provider",
      new MnemosyneError("E_MODEL_OVERLOADED", "x", { kind: "unavailable", details: { status: 529 } }),
      0,
      1,
    ],
    [
      "broken off",
      new MnemosyneError("E_MODEL_OVERLOADED", "x", { kind: "unavailable", details: { reply: "broken" } }),
      200,
      1,
    ],
    [
      "given up by a gateway",
      new MnemosyneError("E_MODEL_OVERLOADED", "x", { kind: "unavailable", details: { status: 504 } }),
      200,
      1,
    ],
    ["cancelled on the way", new MnemosyneError("E_CANCELLED", "x", { kind: "cancelled" }), 200, 1],
  ])("charges a call that was %s rightly", async (_what, error, tokens, calls) => {
    const { ledger, observer } = await setUp({ tokens: 1000 });
    const request = call(100, 100);
    await observer.before?.(request);
    await observer.after?.(request, { error, durationMs: 5 });
    const balance = await ledger.balance("run/fix");
    expect((balance?.settled.tokens ?? 0) + (balance?.reserved.tokens ?? 0)).toBe(tokens);
    expect((balance?.settled.calls ?? 0) + (balance?.reserved.calls ?? 0)).toBe(calls);
  });

  it("refuses a call of unknown price where money is limited, and only there", async () => {
    const limited = await setUp({ usd: 1 });
    expect((await thrown(() => limited.observer.before?.(call(10, 10, "unknown")))).message).toContain(
      "price of 'unknown'",
    );
    const free = await setUp({ tokens: 100 });
    await free.observer.before?.(call(10, 10, "unknown"));
    expect((await free.ledger.balance("run/fix"))?.reserved).toEqual({ tokens: 20, nanoUsd: 0, calls: 1 });
    const assumed = await setUp({ usd: 1 }, { unpriced: PRICES });
    await assumed.observer.before?.(call(10, 10, "unknown"));
    expect((await assumed.ledger.balance("run/fix"))?.reserved.nanoUsd).toBe(10 * 125 + 10 * 500);
  });

  it("never lets calls at once spend more than there is", async () => {
    const { ledger, observer } = await setUp({ tokens: 1000 });
    let let_through = 0;
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const request = call(60 + index, 40);
        try {
          await observer.before?.(request);
        } catch (error) {
          if (isMnemosyneError(error) && error.code === "E_BUDGET") return;
          throw error;
        }
        let_through++;
        await observer.after?.(request, {
          response: answer({ inputTokens: 60 + index, outputTokens: 40 }),
          durationMs: 1,
        });
      }),
    );
    expect(let_through).toBeGreaterThan(5);
    expect((await ledger.balance("run/fix"))?.settled.tokens).toBeLessThanOrEqual(1000);
  });

  it("has the call count as sent before it leaves, so that no time limit takes the money back", async () => {
    let now = 0;
    const ledger = new MemoryBudgetLedger({ holdTime: 1000, clock: { now: () => now } });
    await ledger.open({ id: "run", limit: { tokens: 500 } });
    const observer = createCallObserver({ ledger, account: "run" });
    await observer.before?.(call(100, 100));
    now = 1_000_000;
    expect((await ledger.balance("run"))?.reserved.tokens).toBe(200);
    expect(await ledger.presume("run")).toBe(1);
  });

  it("two observers with the same id keep their reservations apart", async () => {
    const { ledger, observer } = await setUp({ tokens: 1000 }, { id: "same" });
    const other = createCallObserver({ ledger, account: "run/fix", catalog, id: "same" });
    await observer.before?.(call(100, 100));
    await other.before?.(call(100, 100));
    expect((await ledger.balance("run/fix"))?.reserved.tokens).toBe(400);
  });
});

describe("callBound", () => {
  it("is never below what any answer within its tokens costs", () => {
    const price = fc.double({ min: 0.01, max: 100, noNaN: true });
    fc.assert(
      fc.property(
        fc.record({ input: price, output: price, cacheRead: price, cacheWrite: price }),
        fc.option(fc.record({ tokens: fc.integer({ min: 1, max: 300_000 }), input: price, output: price }), {
          nil: undefined,
        }),
        fc.integer({ min: 0, max: 400_000 }),
        fc.integer({ min: 1, max: 60_000 }),
        fc.tuple(
          fc.double({ min: 0, max: 1, noNaN: true }),
          fc.double({ min: 0, max: 1, noNaN: true }),
          fc.double({ min: 0, max: 1, noNaN: true }),
        ),
        (base, above, inputTokens, maxTokens, [fill, read, write]) => {
          const prices = { ...base, ...(above === undefined ? {} : { above }) };
          const bound = callBound(call(inputTokens, maxTokens), prices);
          const prompt = Math.floor(inputTokens * fill);
          const cacheRead = Math.floor(prompt * read);
          const cacheWrite = Math.floor((prompt - cacheRead) * write);
          const steep = above !== undefined && prompt >= above.tokens;
          // A provider's bill, computed apart from the bound: the cliff changes the whole call.
          const factor = steep && base.input > 0 ? above.input / base.input : 1;
          const cost =
            (prompt - cacheRead - cacheWrite) * (steep ? above.input : base.input) +
            cacheRead * base.cacheRead * factor +
            cacheWrite * base.cacheWrite * factor +
            maxTokens * (steep ? above.output : base.output);
          expect(bound.nanoUsd).toBeGreaterThanOrEqual(Math.floor(cost * 1000 * (1 - 1e-9)));
          expect(bound.tokens).toBe(inputTokens + maxTokens);
        },
      ),
    );
  });
});

describe("amounts and accounts", () => {
  it("turns dollars into whole nano-dollars without losing any", () => {
    expect(toNanoUsd(0.1 + 0.2)).toBe(300_000_000);
    expect(toNanoUsd(1e-10)).toBe(1);
    expect(toNanoUsd(0)).toBe(0);
    expect(() => toNanoUsd(-1)).toThrow(/not an amount/);
    fc.assert(fc.property(fc.integer({ min: 0, max: 1e12 }), (nano) => toNanoUsd(nano / 1e9) === nano));
  });

  it("makes a run's accounts, parents first", () => {
    expect(
      runAccounts({
        runId: "r",
        budget: { tokens: 9, usd: 0.5, time: 100 },
        tasks: [{ id: "a", budget: {} }],
      }),
    ).toEqual([
      { id: "r", limit: { tokens: 9, nanoUsd: 500_000_000 } },
      { id: "r/a", parent: "r", limit: {} },
    ]);
  });
});
