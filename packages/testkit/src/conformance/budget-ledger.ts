import type { BudgetAmount, BudgetLedger } from "@mnemosyne/core";
import { holds, same, suite, there, type ConformanceCheck, type Open } from "./check.ts";

const ZERO: BudgetAmount = { tokens: 0, nanoUsd: 0, calls: 0 };

function amount(tokens: number, nanoUsd = 0, calls = 1): BudgetAmount {
  return { tokens, nanoUsd, calls };
}

async function reserve(
  ledger: BudgetLedger,
  id: string,
  account: string,
  wanted: BudgetAmount,
): Promise<void> {
  const result = await ledger.reserve(id, account, wanted);
  holds(result.outcome === "reserved", `${id} was not reserved`);
}

async function standing(
  ledger: BudgetLedger,
  account: string,
): Promise<readonly [BudgetAmount, BudgetAmount]> {
  const balance = there(await ledger.balance(account), `the balance of ${account}`);
  return [balance.settled, balance.reserved];
}

async function openTree(ledger: BudgetLedger): Promise<void> {
  await ledger.open({ id: "r", limit: { tokens: 1000, nanoUsd: 5000 } });
  await ledger.open({ id: "r/a", parent: "r", limit: { tokens: 600 } });
  await ledger.open({ id: "r/b", parent: "r", limit: {} });
}

/** What every budget ledger must do. */
export function budgetLedgerConformance(open: Open<BudgetLedger>): readonly ConformanceCheck[] {
  return suite(open, {
    "a reservation counts in its account and in every one above it": async (ledger, second) => {
      await openTree(ledger);
      await reserve(ledger, "c1", "r/a", amount(100, 7));
      same(await standing(second, "r/a"), [ZERO, amount(100, 7)], "r/a");
      same(await standing(second, "r"), [ZERO, amount(100, 7)], "r");
      same(await standing(second, "r/b"), [ZERO, ZERO], "r/b");
      same((await ledger.balance("r/a"))?.limit, { tokens: 600 }, "limit");
      same(await ledger.balance("nobody"), undefined, "an unknown account");
    },

    "a reservation that is asked for as sent is sent, or held until it is marked": async (ledger, second) => {
      await openTree(ledger);
      const reserved = await ledger.reserve("c1", "r/a", amount(100), { sent: true });
      holds(reserved.outcome === "reserved", "c1 was not reserved");
      if (reserved.outcome !== "reserved") return;
      if (reserved.reservation.state === "held") await ledger.markSent("c1");
      else same(reserved.reservation.state, "sent", "its state");
      same(
        (await second.calls("r")).map(({ state }) => state),
        ["sent"],
        "the state in the books",
      );
      same(await second.presume("r"), 1, "reservations that were sent");
    },

    "what does not fit is refused, naming the account, and reserves nothing": async (ledger) => {
      await openTree(ledger);
      const own = await ledger.reserve("c1", "r/a", amount(601));
      same(own.outcome === "refused" && own.account, "r/a", "the account in the way");
      const above = await ledger.reserve("c2", "r/b", amount(10, 5001));
      same(above.outcome === "refused" && above.account, "r", "the account in the way");
      holds(above.outcome === "refused" && above.reason !== "", "a reason is given");
      same(await standing(ledger, "r"), [ZERO, ZERO], "r");
      same(await standing(ledger, "r/b"), [ZERO, ZERO], "r/b");
      await reserve(ledger, "c3", "r/a", amount(600));
      await reserve(ledger, "c4", "r/b", amount(400));
      same(
        (await ledger.reserve("c5", "r/b", amount(1))).outcome,
        "refused",
        "one token above the run's limit",
      );
    },

    "calls are limited like tokens and money": async (ledger) => {
      await ledger.open({ id: "r", limit: { calls: 2 } });
      await reserve(ledger, "c1", "r", amount(1));
      await reserve(ledger, "c2", "r", amount(1));
      same((await ledger.reserve("c3", "r", amount(1))).outcome, "refused", "the third call");
    },

    "the same id reserves once": async (ledger, second) => {
      await openTree(ledger);
      await Promise.all([
        reserve(ledger, "c1", "r/a", amount(100)),
        reserve(second, "c1", "r/a", amount(100)),
        reserve(ledger, "c1", "r/a", amount(100)),
      ]);
      same(await standing(ledger, "r"), [ZERO, amount(100)], "r");
    },

    "many who reserve at once never get more than there is": async (ledger, second) => {
      await openTree(ledger);
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? ledger : second).reserve(
            `c${index}`,
            index % 3 === 0 ? "r/a" : "r/b",
            amount(90),
          ),
        ),
      );
      same(
        results.filter(({ outcome }) => outcome === "reserved").length,
        11,
        "reservations of 90 within 1000",
      );
      same((await standing(ledger, "r"))[1].tokens, 990, "reserved tokens");
    },

    "settling replaces the reservation by what it cost": async (ledger) => {
      await openTree(ledger);
      await reserve(ledger, "c1", "r/a", amount(100, 70));
      await ledger.markSent("c1");
      same(await ledger.settle("c1", amount(40, 30)), { breached: false }, "settling");
      for (const account of ["r/a", "r"])
        same(await standing(ledger, account), [amount(40, 30), ZERO], account);
      await reserve(ledger, "c2", "r/a", amount(10));
      await ledger.markSent("c2");
      same(await ledger.settle("c2", amount(50)), { breached: true }, "settling more than was reserved");
      same((await standing(ledger, "r"))[0].tokens, 90, "what was spent counts, breached or not");
    },

    "releasing gives a reservation back": async (ledger) => {
      await openTree(ledger);
      await reserve(ledger, "c1", "r/a", amount(600));
      await ledger.release("c1");
      same(await standing(ledger, "r"), [ZERO, ZERO], "r");
      await reserve(ledger, "c2", "r/a", amount(600));
    },

    "what was sent and never answered is charged in full": async (ledger, second) => {
      await openTree(ledger);
      await reserve(ledger, "c1", "r/a", amount(100, 9));
      await ledger.markSent("c1");
      await reserve(ledger, "c2", "r/a", amount(50));
      await reserve(ledger, "c3", "r/b", amount(10));
      await ledger.markSent("c3");
      same(await second.presume("r/a"), 1, "presumed in r/a");
      same(await second.presume("r"), 1, "presumed in r and below");
      const [settled, reserved] = await standing(ledger, "r");
      same(settled.tokens + reserved.tokens, 160, "tokens that count");
      same(await ledger.settle("c1", amount(20, 2)), { breached: false }, "settling once it is known");
      const [known, left] = await standing(ledger, "r/a");
      same([known, left.tokens], [amount(20, 2), 50], "r/a");
    },

    "a limit can be changed; what is spent stays": async (ledger) => {
      await openTree(ledger);
      await reserve(ledger, "c1", "r/a", amount(600));
      await ledger.open({ id: "r/a", parent: "r", limit: { tokens: 700 } });
      await reserve(ledger, "c2", "r/a", amount(100));
      same((await standing(ledger, "r/a"))[1].tokens, 700, "reserved");
      await ledger.open({ id: "r/a", parent: "r", limit: { tokens: 10 } });
      same((await ledger.reserve("c3", "r/a", amount(1))).outcome, "refused", "under a lowered limit");
    },

    "the tree lists an account and all below it": async (ledger) => {
      await openTree(ledger);
      await ledger.open({ id: "r/a/sub", parent: "r/a", limit: {} });
      await ledger.open({ id: "other", limit: {} });
      const names = async (account: string): Promise<readonly string[]> =>
        (await ledger.tree(account)).map((balance) => balance.account).toSorted();
      same(await names("r"), ["r", "r/a", "r/a/sub", "r/b"], "below r");
      same(await names("r/a"), ["r/a", "r/a/sub"], "below r/a");
    },

    "the books are explained call by call": async (ledger, second) => {
      await openTree(ledger);
      await reserve(ledger, "c1", "r/a", amount(100, 9));
      await ledger.markSent("c1");
      await ledger.settle("c1", amount(120, 9));
      await reserve(ledger, "c2", "r/b", amount(50));
      await ledger.markSent("c2");
      await ledger.presume("r/b");
      await reserve(ledger, "c3", "r", amount(5));
      await reserve(ledger, "c4", "r", amount(6));
      await ledger.release("c4");
      same(
        await second.calls("r"),
        [
          {
            id: "c1",
            account: "r/a",
            amount: amount(100, 9),
            state: "settled",
            actual: amount(120, 9),
            breached: true,
          },
          { id: "c2", account: "r/b", amount: amount(50), state: "presumed", breached: false },
          { id: "c3", account: "r", amount: amount(5), state: "held", breached: false },
          { id: "c4", account: "r", amount: amount(6), state: "released", breached: false },
        ],
        "the calls of r",
      );
      same(
        (await ledger.calls("r/b")).map(({ id }) => id),
        ["c2"],
        "the calls of r/b",
      );
      const [settled, reserved] = await standing(ledger, "r");
      same([settled.tokens, reserved.tokens], [120, 55], "the balance that they add up to");
    },

    "nothing is reserved in an account that is not open": async (ledger) => {
      const outcome = await ledger.reserve("c1", "nobody", amount(1)).then(
        (result) => result.outcome,
        () => "refused",
      );
      same(outcome, "refused", "reserving in an unknown account");
    },
  });
}
