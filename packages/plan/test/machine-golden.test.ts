import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { RunInput } from "@mnemosyne/core";
import { MACHINE_VERSION } from "@mnemosyne/plan";
import { describe, expect, it } from "vitest";
import { replay, type Golden } from "./support/golden.ts";
import { STORIES } from "./support/stories.ts";

const folder = new URL("golden/", import.meta.url);

/** Every input that the machine knows; the type makes a forgotten one an error. */
const INPUTS: Record<RunInput["type"], true> = {
  "run.started": true,
  "task.started": true,
  "task.executed": true,
  "task.completed": true,
  "task.failed": true,
  "task.rejected": true,
  "review.failed": true,
  "task.aborted": true,
  "task.uncertain": true,
  "approval.requested": true,
  "approval.granted": true,
  "approval.denied": true,
  "question.asked": true,
  "question.answered": true,
  "budget.refused": true,
  "timer.fired": true,
  "task.added": true,
  "plan.edited": true,
  "run.cancelled": true,
  "retry.requested": true,
  "rollback.requested": true,
  "compensation.completed": true,
  "compensation.failed": true,
  "workspace.restored": true,
  "run.judged": true,
};

function read(file: string): Golden {
  return JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Golden;
}

// Journals of released versions stay as they are for ever. A new one is written, once, by
// MNEMOSYNE_WRITE_GOLDEN=NAME npx vitest run --project unit packages/plan/test/machine-golden.test.ts
const toWrite = process.env["MNEMOSYNE_WRITE_GOLDEN"];
if (toWrite !== undefined) {
  const tell = STORIES[toWrite];
  if (tell === undefined) throw new Error(`There is no story '${toWrite}'.`);
  const { plan, inputs } = tell();
  const golden: Golden = { machine: MACHINE_VERSION, plan, inputs, steps: replay(plan, inputs) };
  const name = `v${MACHINE_VERSION}-${toWrite}.json`;
  writeFileSync(new URL(name, folder), `${JSON.stringify(golden, undefined, 2)}\n`);
}
const files = readdirSync(folder).filter((file) => file.endsWith(".json"));

describe("golden journals", () => {
  it.each(files)("%s replays to the same commands, facts and digests", (file) => {
    const { plan, inputs, steps } = read(file);
    expect(replay(plan, inputs)).toEqual(steps);
  });

  it("have every input that the machine knows", () => {
    const seen = new Set(files.flatMap((file) => read(file).inputs.map(({ type }) => type)));
    expect(Object.keys(INPUTS).filter((type) => !seen.has(type as RunInput["type"]))).toEqual([]);
  });
});
