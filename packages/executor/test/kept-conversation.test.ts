import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { AgentCheckpoint, AgentContext, Json } from "@mnemosyne/core";
import { Executor } from "@mnemosyne/executor";
import { expect, test } from "vitest";
import { instructions, openBench, openScene, taskOf, thrown, use } from "./harness.ts";

/** A checkpoint that keeps its pieces here, as an engine keeps them in a journal: what is read is what JSON leaves of it. */
function keeper(): { readonly pieces: Json[]; readonly open: () => AgentCheckpoint } {
  const pieces: Json[] = [];
  return {
    pieces,
    open: () => ({
      restored: JSON.parse(JSON.stringify(pieces)) as Json[],
      async save(state, { reset = false } = {}) {
        if (reset) pieces.length = 0;
        pieces.push(JSON.parse(JSON.stringify(state)) as Json);
      },
    }),
  };
}

const WORK = taskOf(instructions("Write a.txt as a person wants it."));

test("a question does not begin the conversation anew: its answer comes after what was done", async () => {
  await using bench = await openBench();
  await using scene = await openScene([
    { when: { turn: 0 }, ...use("write", { path: "a.txt", content: "draft" }) },
    { when: { turn: 1, notText: "in blue" }, ...use("ask", { question: "Which colour?" }) },
    {
      when: { turn: 1, text: ["Q: Which colour?", "A: in blue"] },
      ...use("write", { path: "a.txt", content: "blue" }),
    },
    { when: { turn: 2 }, text: "It is blue." },
  ]);
  const kept = keeper();
  const context = (): AgentContext => bench.context({ model: scene.model, checkpoint: kept.open() });
  const asked = await thrown(new Executor().execute(WORK, context()));
  expect(asked).toMatchObject({ code: "E_WAITING" });
  expect(kept.pieces).toHaveLength(1);
  const answered = { ...WORK, answers: [{ question: "Which colour?", text: "in blue" }] };
  expect(await new Executor().execute(answered, context())).toEqual({
    status: "completed",
    report: "It is blue.",
  });
  expect(await readFile(join(bench.root, "a.txt"), "utf8")).toBe("blue");
});

test("work that was handed in before the end came is not asked for again", async () => {
  await using bench = await openBench();
  const output = { type: "object", properties: { n: { type: "number" } }, required: ["n"] };
  const task = { ...WORK, definition: { ...WORK.definition, output } };
  await using first = await openScene([
    { when: { turn: 0 }, ...use("finish", { report: "Done.", output: { n: 7 } }) },
    { when: { turn: 1 }, error: { status: 401 } },
  ]);
  const kept = keeper();
  await thrown(new Executor().execute(task, bench.context({ model: first.model, checkpoint: kept.open() })));
  await using second = await openScene([{ when: { turn: 1 }, text: "That was all." }]);
  expect(
    await new Executor().execute(task, bench.context({ model: second.model, checkpoint: kept.open() })),
  ).toEqual({ status: "completed", output: { n: 7 }, report: "Done." });
});

test("a model hands its task to another agent, which sees what was done and why it has it", async () => {
  await using bench = await openBench();
  await using scene = await openScene([
    {
      when: { turn: 0, tools: ["hand_off"] },
      ...use("hand_off", { to: "painter", reason: "It needs paint." }),
    },
    { when: { turn: 1, notText: "handed it to you" }, text: "Over to the painter." },
    {
      when: { turn: 1, text: ["handed it to you", "It needs paint."] },
      ...use("write", { path: "a.txt", content: "painted" }),
    },
    { when: { turn: 2 }, text: "Painted." },
  ]);
  const kept = keeper();
  const base = (): AgentContext => bench.context({ model: scene.model, checkpoint: kept.open() });
  const result = await new Executor().execute(WORK, {
    ...base(),
    handOffTo: ["painter"],
    handOff: async (to, reason) =>
      await new Executor({ name: to }).execute({ ...WORK, handedOver: { from: "executor", reason } }, base()),
  });
  expect(result).toEqual({ status: "completed", report: "Painted." });
  expect(await readFile(join(bench.root, "a.txt"), "utf8")).toBe("painted");
});

test("what another kind of agent kept is left alone: the conversation begins", async () => {
  await using bench = await openBench();
  await using scene = await openScene([{ when: { turn: 0 }, text: "Nothing to do." }]);
  const kept = keeper();
  kept.pieces.push({ session: "of somebody else" });
  expect(
    await new Executor().execute(WORK, bench.context({ model: scene.model, checkpoint: kept.open() })),
  ).toMatchObject({ status: "completed" });
});
