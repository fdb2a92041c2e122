import { MemoryBudgetLedger } from "@mnemosyne/context-monitor";
import { isMnemosyneError, type BudgetAmount } from "@mnemosyne/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PlainBooks } from "./plain-books.ts";

const amount = (tokens: number, nanoUsd = 0, calls = 1): BudgetAmount => ({ tokens, nanoUsd, calls });

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return isMnemosyneError(error) ? error.code : `not ours: ${String(error)}`;
  }
}

describe("MemoryBudgetLedger", () => {
  it("reserves in the account and all above it, or in none", async () => {
    const ledger = new MemoryBudgetLedger();
    await ledger.open({ id: "run", limit: { tokens: 1000 } });
    await ledger.open({ id: "run/a", parent: "run", limit: { tokens: 800 } });
    await ledger.open({ id: "run/b", parent: "run", limit: {} });
    expect(await ledger.reserve("1", "run/a", amount(700))).toMatchObject({ outcome: "reserved" });
    const refused = await ledger.reserve("2", "run/b", amount(400));
    expect(refused).toMatchObject({ outcome: "refused", account: "run" });
    expect(refused.outcome === "refused" && refused.reason).toContain("300 tokens");
    expect(await ledger.reserve("3", "run/a", amount(200))).toMatchObject({
      outcome: "refused",
      account: "run/a",
    });
    expect(await ledger.balance("run/b")).toMatchObject({ reserved: amount(0, 0, 0) });
    expect((await ledger.tree("run")).map((each) => [each.account, each.reserved.tokens])).toEqual([
      ["run", 700],
      ["run/a", 700],
      ["run/b", 0],
    ]);
  });

  it("gives a repeated reservation once, and refuses the same id for something else", async () => {
    const ledger = new MemoryBudgetLedger();
    await ledger.open({ id: "run", limit: { tokens: 100 } });
    await ledger.reserve("1", "run", amount(60));
    expect(await ledger.reserve("1", "run", amount(60))).toMatchObject({ outcome: "reserved" });
    expect((await ledger.balance("run"))?.reserved.tokens).toBe(60);
    expect(await codeOf(ledger.reserve("1", "run", amount(61)))).toBe("E_CONFLICT");
  });

  it("releases what was held too long, never what was sent", async () => {
    let now = 0;
    const ledger = new MemoryBudgetLedger({ holdTime: 1000, clock: { now: () => now } });
    await ledger.open({ id: "run", limit: { tokens: 100 } });
    await ledger.reserve("held", "run", amount(50));
    await ledger.reserve("sent", "run", amount(50));
    await ledger.markSent("sent");
    now = 5000;
    expect((await ledger.balance("run"))?.reserved.tokens).toBe(50);
    expect(await codeOf(ledger.markSent("held"))).toBe("E_CONFLICT");
    expect(await ledger.presume("run")).toBe(1);
    expect(await ledger.presume("run")).toBe(0);
    expect((await ledger.balance("run"))?.reserved.tokens).toBe(50);
    expect(await ledger.settle("sent", amount(20))).toEqual({ breached: false });
    expect(await ledger.balance("run")).toMatchObject({ settled: amount(20), reserved: amount(0, 0, 0) });
  });

  it("records what was spent beyond the reservation, and says so", async () => {
    const ledger = new MemoryBudgetLedger();
    await ledger.open({ id: "run", limit: { tokens: 100 } });
    await ledger.reserve("1", "run", amount(60));
    await ledger.markSent("1");
    expect(await ledger.settle("1", amount(130))).toEqual({ breached: true });
    expect(await ledger.reserve("2", "run", amount(1))).toMatchObject({ outcome: "refused" });
  });

  it("refuses what is no amount, no account and no legal step", async () => {
    const ledger = new MemoryBudgetLedger();
    await ledger.open({ id: "run", limit: {} });
    for (const tokens of [-1, 0.5, Number.NaN, 2 ** 60])
      expect(await codeOf(ledger.reserve("x", "run", amount(tokens)))).toBe("E_INPUT");
    expect(await codeOf(ledger.reserve("x", "nowhere", amount(1)))).toBe("E_NOT_FOUND");
    expect(await codeOf(ledger.open({ id: "a", parent: "nowhere", limit: {} }))).toBe("E_NOT_FOUND");
    expect(await codeOf(ledger.settle("x", amount(1)))).toBe("E_NOT_FOUND");
    await ledger.reserve("x", "run", amount(1));
    await ledger.settle("x", amount(1));
    expect(await codeOf(ledger.release("x"))).toBe("E_CONFLICT");
    expect(await codeOf(ledger.settle("x", amount(2)))).toBe("E_CONFLICT");
    expect(await codeOf(ledger.settle("x", amount(1)))).toBeUndefined();
    await ledger.open({ id: "child", parent: "run", limit: {} });
    expect(await codeOf(ledger.open({ id: "child", limit: {} }))).toBe("E_CONFLICT");
  });

  it("keeps its books under any sequence of calls", async () => {
    const LIMITS = {
      r: { tokens: 200, nanoUsd: 150 },
      "r/a": { tokens: 120 },
      "r/b": {},
      "r/a/x": { calls: 3 },
    };
    const account = fc.constantFrom(...Object.keys(LIMITS));
    const which = fc.nat(30);
    const step = fc.oneof(
      fc.record({
        do: fc.constant("reserve" as const),
        account,
        tokens: fc.integer({ min: 0, max: 60 }),
        usd: fc.integer({ min: 0, max: 40 }),
      }),
      fc.record({ do: fc.constant("markSent" as const), which }),
      fc.record({ do: fc.constant("release" as const), which }),
      fc.record({ do: fc.constant("settle" as const), which, tokens: fc.integer({ min: 0, max: 80 }) }),
      fc.record({ do: fc.constant("presume" as const), account }),
      fc.record({ do: fc.constant("wait" as const), time: fc.integer({ min: 1, max: 80 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const books = new PlainBooks(LIMITS, 100);
        const ledger = new MemoryBudgetLedger({ holdTime: 100, clock: { now: () => books.now } });
        for (const [id, limit] of Object.entries(LIMITS)) {
          const parent = id.includes("/") ? id.slice(0, id.lastIndexOf("/")) : undefined;
          await ledger.open({ id, limit, ...(parent === undefined ? {} : { parent }) });
        }
        const both = async (each: (typeof steps)[number]): Promise<readonly [unknown, unknown]> => {
          if (each.do === "wait") return [(books.now += each.time), books.now];
          if (each.do === "presume") return [books.presume(each.account), await ledger.presume(each.account)];
          if (each.do === "reserve") {
            const id = String(books.entries.length);
            const wanted = { tokens: each.tokens, nanoUsd: each.usd, calls: 1 };
            return [
              books.reserve(each.account, wanted),
              (await ledger.reserve(id, each.account, wanted)).outcome,
            ];
          }
          const entry = books.entries[each.which];
          if (entry === undefined) return [undefined, undefined];
          const id = String(each.which);
          if (each.do === "markSent")
            return [books.markSent(entry), (await codeOf(ledger.markSent(id))) ?? "ok"];
          if (each.do === "release")
            return [books.release(entry), (await codeOf(ledger.release(id))) ?? "ok"];
          const actual = { tokens: each.tokens, nanoUsd: 0, calls: 1 };
          return [books.settle(entry, actual), (await codeOf(ledger.settle(id, actual))) ?? "ok"];
        };
        for (const each of steps) {
          const [expected, got] = await both(each);
          expect(got).toEqual(expected);
          books.expire();
          for (const id of Object.keys(LIMITS))
            expect(await ledger.balance(id)).toMatchObject(books.sums(id));
        }
      }),
      { numRuns: 150 },
    );
  });
});
