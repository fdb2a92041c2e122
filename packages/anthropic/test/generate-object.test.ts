import type { JsonObject } from "@mnemosyne/core";
import { expect, test } from "vitest";
import { ask, failure, openScene, recorder } from "./harness.ts";

const SCHEMA: JsonObject = {
  type: "object",
  properties: {
    verdict: { enum: ["pass", "fail"] },
    score: { type: "integer", minimum: 0, maximum: 10 },
    notes: { type: "array", items: { type: "string", minLength: 3 } },
  },
  required: ["verdict", "score"],
};

test("an object that fits comes back as a value; the server was given a schema that it accepts", async () => {
  await using scene = await openScene([
    { when: { schema: true }, text: JSON.stringify({ verdict: "pass", score: 7, notes: ["good"] }) },
  ]);
  const { value, usage, response } = await scene.model.generateObject({ ...ask("Judge"), schema: SCHEMA });
  expect(value).toEqual({ verdict: "pass", score: 7, notes: ["good"] });
  expect(usage).toEqual(response.usage);
  expect(scene.server.requests[0]?.body).toMatchObject({
    output_config: { format: { type: "json_schema", schema: { additionalProperties: false } } },
  });
});

test("effort and schema go together", async () => {
  await using scene = await openScene([{ text: '{"verdict":"fail","score":1}' }]);
  await scene.model.generateObject({ ...ask("Judge", { effort: "low" }), schema: SCHEMA });
  expect(scene.server.requests[0]?.body).toMatchObject({ output_config: { effort: "low", format: {} } });
});

test("a misfit is shown to the model once, with what is wrong; usage counts both answers", async () => {
  await using scene = await openScene([
    { when: { turn: 0 }, text: '{"verdict":"pass","score":70}' },
    { when: { turn: 1, lastText: ["score", "70"] }, text: '{"verdict":"pass","score":7}' },
  ]);
  const observer = recorder();
  const { value, usage, response } = await scene.model.generateObject(
    { ...ask("Judge"), schema: SCHEMA },
    { observer },
  );
  expect(value).toEqual({ verdict: "pass", score: 7 });
  expect(usage.outputTokens).toBe(scene.server.bill.outputTokens);
  expect(usage.outputTokens).toBeGreaterThan(response.usage.outputTokens);
  expect(observer.seen.map(({ when, call }) => [when, call.turn])).toEqual([
    ["before", 1],
    ["after", 1],
    ["before", 2],
    ["after", 2],
  ]);
});

test.each(["not json at all", '{"verdict":"maybe","score":7}', ""])(
  "a second misfit (%j) is E_MODEL_OUTPUT, after exactly two answers",
  async (text) => {
    await using scene = await openScene([{ text }]);
    const thrown = await failure(scene.model.generateObject({ ...ask("Judge"), schema: SCHEMA }));
    expect([thrown.code, thrown.retryable]).toEqual(["E_MODEL_OUTPUT", true]);
    expect(scene.server.bill.calls).toBe(2);
  },
);

test("an answer that was cut is not repaired: it says to raise maxTokens", async () => {
  const text = JSON.stringify({
    verdict: "pass",
    score: 7,
    notes: Array.from({ length: 80 }, () => "a note"),
  });
  await using scene = await openScene([{ text }]);
  const thrown = await failure(
    scene.model.generateObject({ ...ask("Judge", { maxTokens: 30 }), schema: SCHEMA }),
  );
  expect(thrown.code).toBe("E_MODEL_OUTPUT");
  expect(thrown.hint).toContain("maxTokens");
  expect(scene.server.bill.calls).toBe(1);
});

test("a schema that cannot be used is refused before anything is sent", async () => {
  await using scene = await openScene([{ text: "{}" }]);
  const thrown = await failure(
    scene.model.generateObject({ ...ask("Judge"), schema: { properties: { a: { type: "string" } } } }),
  );
  expect([thrown.code, thrown.path]).toEqual(["E_INPUT", "schema"]);
  expect(scene.server.requests).toEqual([]);
});
