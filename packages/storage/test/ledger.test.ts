import { isMnemosyneError, type BudgetAmount, type BudgetBalance } from "@mnemosyne/core";
import { openStorage } from "@mnemosyne/storage";
import fc from "fast-check";
import { expect, test } from "vitest";
import { databases } from "./support/folder.ts";

const { fresh } = databases();
const DIMENSIONS = ["tokens", "nanoUsd", "calls"] as const;
const ZERO: BudgetAmount = { tokens: 0, nanoUsd: 0, calls: 0 };

const amount = fc.record({
  tokens: fc.integer({ min: 0, max: 60 }),
  nanoUsd: fc.integer({ min: 0, max: 60 }),
  calls: fc.integer({ min: 0, max: 3 }),
});
const id = fc.integer({ min: 0, max: 14 }).map((number) => `c${number}`);
const account = fc.constantFrom("run", "run/a", "run/a/x", "run/b");
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: fc.constant("reserve" as const), id, account, amount }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant("markSent" as const), id }) },
  // A share of what was reserved: an upper bound holds.
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant("settle" as const),
      id,
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("release" as const), id }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("presume" as const), account }) },
);

test("whatever is done at once from two connections, no account goes above its limit and the books add up", async () => {
  const { url } = fresh();
  const [one, two] = [await openStorage({ url, synchronous: "normal" }), await openStorage(url)];
  let round = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.boolean(), step), { minLength: 5, maxLength: 40 }),
      async (steps) => {
        const prefix = `${++round}:`;
        const limits = {
          run: { tokens: 100, calls: 6 },
          "run/a": { nanoUsd: 80 },
          "run/a/x": { tokens: 50 },
          "run/b": {},
        };
        const parents: Record<string, string> = { "run/a": "run", "run/a/x": "run/a", "run/b": "run" };
        for (const [name, limit] of Object.entries(limits)) {
          const parent = parents[name];
          await one.ledger.open({
            id: prefix + name,
            limit,
            ...(parent === undefined ? {} : { parent: prefix + parent }),
          });
        }
        const asked = new Map<string, BudgetAmount>();
        await Promise.all(
          steps.map(async ([first, each]) => {
            const { ledger } = first ? one : two;
            try {
              if (each.op === "presume") await ledger.presume(prefix + each.account);
              else if (each.op === "reserve") {
                const known = asked.get(each.id);
                asked.set(each.id, known ?? each.amount);
                await ledger.reserve(prefix + each.id, prefix + each.account, known ?? each.amount);
              } else if (each.op === "settle") {
                const { tokens, nanoUsd, calls } = asked.get(each.id) ?? ZERO;
                const part = (full: number): number => Math.floor(full * each.share);
                await ledger.settle(prefix + each.id, {
                  tokens: part(tokens),
                  nanoUsd: part(nanoUsd),
                  calls: part(calls),
                });
              } else await ledger[each.op](prefix + each.id);
            } catch (error) {
              // Steps that a reservation's state does not allow are refused, and only so.
              if (!isMnemosyneError(error) || !["E_NOT_FOUND", "E_CONFLICT"].includes(error.code))
                throw error;
            }
          }),
        );
        const tree = await two.ledger.tree(`${prefix}run`);
        expect(tree).toEqual(await one.ledger.tree(`${prefix}run`));
        const named = new Map(tree.map((balance) => [balance.account.slice(prefix.length), balance]));
        for (const balance of tree) expect(within(balance)).toEqual([]);
        for (const parent of ["run", "run/a"])
          for (const dimension of DIMENSIONS) {
            const below = [...named]
              .filter(([name]) => parents[name] === parent)
              .map(([, balance]) => balance);
            const sum = below.reduce(
              (total, child) => total + child.reserved[dimension] + child.settled[dimension],
              0,
            );
            const own = named.get(parent);
            expect((own?.reserved[dimension] ?? 0) + (own?.settled[dimension] ?? 0)).toBeGreaterThanOrEqual(
              sum,
            );
          }
      },
    ),
    { numRuns: 40 },
  );
  await one.close();
  await two.close();
}, 60_000);

/** Dimensions in which an account is above its limit, or below nothing. */
function within({ limit, settled, reserved }: BudgetBalance): readonly string[] {
  return DIMENSIONS.filter((dimension) => {
    const used = settled[dimension] + reserved[dimension];
    return used > (limit[dimension] ?? Infinity) || settled[dimension] < 0 || reserved[dimension] < 0;
  });
}

test("what was held and never sent is given back after its time; what was sent is not", async () => {
  const storage = await openStorage({ url: ":memory:", holdTime: 30 });
  const { ledger } = storage;
  await ledger.open({ id: "r", limit: { tokens: 10 } });
  await ledger.reserve("held", "r", { ...ZERO, tokens: 6 });
  await ledger.reserve("sent", "r", { ...ZERO, tokens: 4 });
  await ledger.markSent("sent");
  expect((await ledger.reserve("more", "r", { ...ZERO, tokens: 1 })).outcome).toBe("refused");
  await new Promise((resolve) => {
    setTimeout(resolve, 60);
  });
  expect((await ledger.balance("r"))?.reserved.tokens).toBe(4);
  await expect(ledger.markSent("held")).rejects.toMatchObject({ code: "E_CONFLICT" });
  expect((await ledger.reserve("more", "r", { ...ZERO, tokens: 6 })).outcome).toBe("reserved");
  // It left all the same: the money is gone, and the books say so.
  await ledger.settle("held", { ...ZERO, tokens: 6 });
  expect((await ledger.balance("r"))?.settled.tokens).toBe(6);
  await storage.close();
});

test("wrong amounts and ids are refused", async () => {
  const storage = await openStorage(":memory:");
  const { ledger } = storage;
  await ledger.open({ id: "r", limit: {} });
  for (const tokens of [-1, 1.5, NaN, Infinity, 2 ** 53])
    await expect(ledger.reserve("c", "r", { ...ZERO, tokens })).rejects.toMatchObject({
      code: "E_INPUT",
      path: "amount.tokens",
    });
  await expect(ledger.open({ id: "", limit: {} })).rejects.toMatchObject({ code: "E_INPUT" });
  await expect(ledger.open({ id: "x", parent: "nobody", limit: {} })).rejects.toMatchObject({
    code: "E_NOT_FOUND",
  });
  await expect(ledger.open({ id: "r", parent: "x", limit: {} })).rejects.toMatchObject({
    code: "E_CONFLICT",
  });
  await expect(ledger.settle("nobody", ZERO)).rejects.toMatchObject({ code: "E_NOT_FOUND" });
  expect(await ledger.tree("r")).toHaveLength(1);
  await storage.close();
});
