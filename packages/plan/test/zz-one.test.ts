import { snapshot } from "@mnemosyne/plan";
import { it } from "vitest";
import { writeFileSync } from "node:fs";
import { Random } from "./support/random.ts";
import { randomPlan } from "./support/random-plan.ts";
import { World } from "./support/world.ts";
import { OrderWatcher } from "./support/watchers.ts";
it("one", () => {
  for (const seed of [5033, 5996]) {
    const random = new Random(seed);
    const plan = randomPlan(random, 6 + (seed % 9));
    const log: string[] = plan.tasks.map((t) =>
      JSON.stringify({ id: t.id, d: t.dependsOn, f: t.forEach, w: t.when, o: plan.onFailure }),
    );
    const world = new World(plan, random, [
      new OrderWatcher(),
      {
        beforeInput(_s: unknown, i: unknown) {
          log.push(JSON.stringify(i));
        },
        afterInput(_s: never, _i: never, r: any) {
          if (r.stale) {
            log.pop();
            return;
          }
          log.push(
            "   -> " +
              JSON.stringify({
                c: r.commands.map((c: any) => c.type + " " + c.key),
                w: r.withdrawn,
                f: r.facts.map((f: any) => f.type + " " + (f.task ?? "")).join(),
                t: r.touched,
              }),
          );
        },
      },
    ]);
    try {
      world.play();
    } catch (e) {
      log.push(String(e));
    }
    log.push(...snapshot(world.state).tasks.map((t) => JSON.stringify(t)));
    writeFileSync(`/tmp/one-${seed}.txt`, log.join("\n") + "\n");
  }
});
