import { snapshot } from "@mnemosyne/plan";
import { it } from "vitest";
import { Random } from "./support/random.ts";
import { randomPlan } from "./support/random-plan.ts";
import { World } from "./support/world.ts";
import { CommandWatcher, NumberWatcher, OrderWatcher, SaveWatcher } from "./support/watchers.ts";
it("fuzz", () => {
  const from = Number(process.env.FROM ?? 1),
    count = Number(process.env.COUNT ?? 20000);
  const watch = process.env.WATCH === "1";
  const failures: string[] = [];
  for (let seed = from; seed < from + count; seed++) {
    const random = new Random(seed);
    const plan = randomPlan(random, 6 + (seed % 9));
    let last: unknown;
    const world = new World(plan, random, [
      ...(watch
        ? [new OrderWatcher(), new CommandWatcher(), new NumberWatcher(), new SaveWatcher(plan)]
        : []),
      {
        beforeInput(_s: unknown, i: unknown) {
          last = i;
        },
      },
    ]);
    try {
      world.play();
      const s = snapshot(world.state);
      if (s.finished === undefined || s.waiting.length > 0) throw new Error("not finished");
    } catch (e) {
      failures.push(
        `${seed} ${6 + (seed % 9)} ${String(e).slice(0, 200)} last=${JSON.stringify(last).slice(0, 100)} retries=${world.inputs.filter((i) => i.type === "retry.requested").length} ${(e as Error).stack?.split("\n").slice(1, 3).join("|").slice(0, 200)}`,
      );
    }
  }
  console.log(failures.length + " failures\n" + failures.slice(0, 25).join("\n"));
}, 600_000);
