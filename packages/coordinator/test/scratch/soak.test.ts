import { test } from "vitest";
import { env } from "node:process";
import { Lookout } from "../../src/lookout.ts";
import { Witness } from "../simulation/plan-journal.ts";
import { simulatePlan } from "../simulation/simulate-plan.ts";
import { simulate } from "../simulation/simulate.ts";
const FROM = Number(env["FROM"]),
  TO = Number(env["TO"]);
const MUT = env["MUT"];
if (MUT === "look") {
  const old = Lookout.prototype.look;
  Lookout.prototype.look = async function () {
    return { ...(await old.call(this)), refused: new Map() };
  };
}
if (MUT === "slow") {
  let n = 0;
  const old = Lookout.prototype.look;
  Lookout.prototype.look = async function () {
    const v = await old.call(this);
    return v.refused.size > 0 && n++ % 12 !== 11 ? { ...v, refused: new Map() } : v;
  };
}
if (MUT === "epoch") {
  const h = new WeakMap<object, Map<string, number>>();
  Witness.prototype.effect = async function (task, attempt, epoch) {
    const m = h.get(this) ?? new Map<string, number>();
    h.set(this, m);
    if (epoch < (m.get(task) ?? 0)) return false;
    m.set(task, epoch);
    this.effects.push({ task, attempt, epoch });
    return true;
  };
}
for (const [name, run, climate] of [
  ["calm", simulate, "calm"],
  ["storm", simulate, "stormy"],
  ["plan-calm", simulatePlan, "calm"],
  ["plan-storm", simulatePlan, "stormy"],
] as const)
  test(
    name,
    async () => {
      const began = performance.now();
      let n = 0,
        bad = 0;
      for (let seed = FROM; seed <= TO; seed++) {
        n++;
        const { faults } = await run(seed, climate);
        if (faults.length) {
          bad++;
          if (bad < 12) console.log(name, seed, faults.join(" | "));
        }
      }
      console.log("DONE", name, n, "seeds", bad, "bad", Math.round(performance.now() - began), "ms");
    },
    3_000_000,
  );
