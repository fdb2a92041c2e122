import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { digest, start, step } from "@mnemosyne/plan";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildInto } from "./support/built.ts";
import { Random } from "./support/random.ts";
import { randomPlan } from "./support/random-plan.ts";
import { STORIES } from "./support/stories.ts";
import { World } from "./support/world.ts";

const folder = mkdtempSync(join(tmpdir(), "mnemosyne-plan-"));
beforeAll(() => {
  buildInto(folder);
}, 60_000);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

it("a fresh process that has only the inputs comes to the same digests and facts after every one of them", () => {
  const random = new Random(2026);
  const runs = Object.values(STORIES).map((tell) => {
    const { plan, inputs } = tell();
    return { plan, inputs };
  });
  for (let number = 0; number < 60; number++) {
    const plan = randomPlan(random, 1 + random.below(20));
    const world = new World(plan, random);
    world.play();
    runs.push({ plan, inputs: world.inputs });
  }
  const script = join(folder, "replay-runs.mjs");
  copyFileSync(fileURLToPath(new URL("support/replay-runs.mjs", import.meta.url)), script);
  writeFileSync(join(folder, "runs.json"), JSON.stringify(runs));
  const printed = execFileSync(process.execPath, [script, join(folder, "runs.json")], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const there = printed.trimEnd().split("\n");
  const here = runs.map(({ plan, inputs }) => {
    const { state } = start(plan);
    return JSON.stringify(
      inputs.map((input) => {
        const { facts, stale } = step(state, input);
        return { digest: digest(state), facts, stale };
      }),
    );
  });
  expect(there).toEqual(here);
}, 60_000);

it("plain Node loads a plan that is written in TypeScript", () => {
  writeFileSync(
    join(folder, "typed.ts"),
    `import { definePlan, type TaskFunction } from "@mnemosyne/plan";
    const count: TaskFunction = () => 3;
    export default definePlan({ version: 1, tasks: [{ id: "count", function: count }] });`,
  );
  writeFileSync(
    join(folder, "load.mjs"),
    `import { loadPlan } from "@mnemosyne/plan";
    const { plan, functions } = await loadPlan("typed.ts");
    console.log(plan.name, plan.workspace, functions.count());`,
  );
  const printed = execFileSync(process.execPath, ["load.mjs"], { cwd: folder, encoding: "utf8" });
  expect(printed).toBe(`typed ${realpathSync(folder)} 3\n`);
});
