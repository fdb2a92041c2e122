import type { Json } from "@mnemosyne/core";
import { createAnthropicModel, defaultModel, usdOf } from "@mnemosyne/anthropic";
import { startMessagesServer } from "@mnemosyne/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ask, failure, openScene, recorder } from "./harness.ts";

test("an answer as JSON: text, stop reason, usage and money as the server billed them", async () => {
  await using scene = await openScene([{ when: { text: "2+2" }, text: "4" }], { provider: "scripted" });
  const response = await scene.model.generate(ask("What is 2+2?", { system: "You count." }));
  expect(response).toMatchObject({
    provider: "scripted",
    model: "claude-sonnet-5-5",
    text: "4",
    content: [{ type: "text", text: "4" }],
    stopReason: "end",
  });
  const { bill, requests } = scene.server;
  expect(bill.calls).toBe(1);
  expect(response.usage).toEqual({
    inputTokens: bill.inputTokens,
    outputTokens: bill.outputTokens,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    usd: (bill.inputTokens * 2000 + bill.outputTokens * 10_000) / 1e9,
  });
  expect(JSON.stringify(requests)).not.toContain("test-key-0123456789");
  expect(requests[0]?.headers["anthropic-version"]).toBe("2026-10-21");
});

test("a large maxTokens is streamed under the hood, and lowered to what the model can do", async () => {
  const text = "A long answer, in pieces: é 漢字 🙂. ".repeat(40);
  await using scene = await openScene([{ text }]);
  const response = await scene.model.generate(ask("Go", { maxTokens: 500_000 }));
  expect(response.text).toBe(text);
  expect(scene.server.requests[0]?.body).toMatchObject({ stream: true, max_tokens: 128_000 });
});

test("a stream gives its text in pieces and then the whole response", async () => {
  const text = "One two three four five six seven eight nine ten eleven twelve.";
  await using scene = await openScene([
    { text, toolUses: [{ name: "look", input: { deep: { path: "ü" } } }] },
  ]);
  const observer = recorder();
  const events = [];
  for await (const event of scene.model.stream(ask("Count"), { observer })) events.push(event);
  const pieces = events.flatMap((event) => (event.type === "text" ? [event.text] : []));
  expect(pieces.length).toBeGreaterThan(1);
  expect(pieces.join("")).toBe(text);
  const last = events.at(-1);
  expect(last?.type === "done" && last.response.content).toEqual([
    { type: "text", text },
    { type: "toolUse", id: "toolu_000001_1", name: "look", input: { deep: { path: "ü" } } },
  ]);
  expect(last?.type === "done" && last.response.usage.outputTokens).toBe(scene.server.bill.outputTokens);
  expect(observer.seen.map(({ when }) => when)).toEqual(["before", "after"]);
});

test("any text and any tool input arrive unchanged, as JSON and as a stream", async () => {
  let turn: { text: string; input: Record<string, unknown> } = { text: "", input: {} };
  await using scene = await openScene([
    () => ({
      text: turn.text,
      toolUses: [{ name: "take", input: JSON.parse(JSON.stringify(turn.input)) as Json }],
    }),
  ]);
  const text = fc.string({ unit: "binary", minLength: 1, maxLength: 200 });
  const input = fc.dictionary(fc.string(), fc.jsonValue());
  await fc.assert(
    fc.asyncProperty(text, input, async (text, input) => {
      turn = { text, input };
      const wanted = [text, JSON.parse(JSON.stringify(input)) as unknown];
      for (const maxTokens of [8000, 20_000]) {
        const response = await scene.model.generate(ask("Go", { maxTokens }));
        const use = response.content.at(-1);
        expect([response.text, use?.type === "toolUse" && use.input]).toEqual(wanted);
      }
    }),
    { numRuns: 60 },
  );
});

test("leaving a stream in the middle ends the request, and the observer hears of it", async () => {
  await using scene = await openScene([{ text: "word ".repeat(300), pieceDelayMs: 5 }]);
  const observer = recorder();
  for await (const event of scene.model.stream(ask("Talk"), { observer })) if (event.type === "text") break;
  await expect.poll(() => scene.server.requests[0]?.outcome).toBe("aborted");
  expect(observer.seen.map(({ when }) => when)).toEqual(["before", "after"]);
  expect(observer.seen[1]?.error).toMatchObject({ code: "E_CANCELLED" });
  expect(scene.server.bill.calls).toBe(1);
});

test("blocks marked for the cache carry the marker, at most four in all, the newest kept", async () => {
  await using scene = await openScene([{ text: "ok" }]);
  const content = Array.from({ length: 6 }, (_, index) => ({
    type: "text" as const,
    text: `part ${index}`,
    cache: true,
  }));
  await scene.model.generate({ system: "S", messages: [{ role: "user", content }] });
  const body = scene.server.requests[0]?.body as {
    system: { cache_control?: unknown }[];
    messages: { content: { cache_control?: unknown }[] }[];
  };
  expect(body.system[0]?.cache_control).toEqual({ type: "ephemeral" });
  expect(body.messages[0]?.content.map((block) => block.cache_control !== undefined)).toEqual([
    false,
    false,
    false,
    true,
    true,
    true,
  ]);
});

test("an answer cut at maxTokens says so", async () => {
  await using scene = await openScene([{ text: "word ".repeat(200) }]);
  const response = await scene.model.generate(ask("Go", { maxTokens: 20 }));
  expect(response.stopReason).toBe("maxTokens");
  expect(response.usage.outputTokens).toBe(20);
});

test("a refusal is an error, and its usage is known to the observer", async () => {
  await using scene = await openScene([{ text: "I will not.", stopReason: "refusal" }]);
  const observer = recorder();
  const thrown = await failure(scene.model.generate(ask("Do it"), { observer }));
  expect([thrown.code, thrown.retryable]).toEqual(["E_MODEL_REFUSED", false]);
  expect(observer.seen[1]?.response?.usage.outputTokens).toBe(scene.server.bill.outputTokens);
});

test("no key: nothing leaves, nothing is reserved, and the error says what to set", async () => {
  const saved = { ...process.env };
  for (const name of Object.keys(process.env)) if (name.startsWith("ANTHROPIC_")) delete process.env[name];
  process.env["ANTHROPIC_CONFIG_DIR"] = "/nonexistent";
  try {
    await using server = await startMessagesServer({ name: "none", turns: [{ text: "no" }] });
    const model = createAnthropicModel({ baseURL: server.url });
    const observer = recorder();
    const thrown = await failure(model.generate(ask("Hello"), { observer }));
    expect([thrown.code, thrown.kind, thrown.retryable]).toEqual(["E_MODEL_AUTH", "unavailable", false]);
    expect(thrown.hint).toContain("ANTHROPIC_API_KEY");
    expect(server.requests).toEqual([]);
    expect(observer.seen).toEqual([]);
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in saved)) delete process.env[name];
    Object.assign(process.env, saved);
  }
});

test("a wrong key is refused, without retries", async () => {
  await using scene = await openScene([{ text: "no" }], { server: { apiKey: "another" } });
  const thrown = await failure(scene.model.generate(ask("Hello")));
  expect([thrown.code, thrown.retryable]).toEqual(["E_MODEL_AUTH", false]);
  expect(scene.server.requests).toHaveLength(1);
  expect(JSON.stringify(thrown)).not.toContain("test-key-0123456789");
});

test("the default model comes from the environment", () => {
  expect(defaultModel({})).toBe("claude-sonnet-5-5");
  expect(defaultModel({ MNEMOSYNE_MODEL: " claude-opus-5-5 " })).toBe("claude-opus-5-5");
});

test("tokens are counted exactly by the provider on request", async () => {
  await using scene = await openScene([{ text: "ok" }]);
  const request = ask("How long is this?", { system: "S" });
  const count = await scene.model.countTokens(request);
  const { usage } = await scene.model.generate(request);
  expect(count).toEqual({
    value: usage.inputTokens,
    low: usage.inputTokens,
    high: usage.inputTokens,
    source: "countTokens",
  });
});

test("the observer's upper estimate is above what is billed, for prose, code, JSON and CJK", async () => {
  await using scene = await openScene([{ text: "ok" }]);
  const samples = [
    "The quick brown fox jumps over the lazy dog. ".repeat(50),
    "const value = items.filter((item) => item.count > 3).map(String);\n".repeat(40),
    JSON.stringify(Array.from({ length: 100 }, (_, id) => ({ id, hash: (id * 7919).toString(16) }))),
    "漢字とひらがな。".repeat(60),
  ];
  for (const sample of samples) {
    const observer = recorder();
    const { usage } = await scene.model.generate(ask(sample), { observer });
    expect(observer.seen[0]?.call.inputTokens).toBeGreaterThanOrEqual(usage.inputTokens);
  }
});

test("money is exact at the price cliff", async () => {
  await using scene = await openScene(
    [
      {
        when: { text: "below" },
        text: "x",
        usage: { inputTokens: 60_000, cacheReadTokens: 40_000, outputTokens: 1000 },
      },
      {
        when: { text: "above" },
        text: "x",
        usage: { inputTokens: 60_001, cacheReadTokens: 40_000, outputTokens: 1000 },
      },
    ],
    { model: "claude-haiku-5-5" },
  );
  const below = await scene.model.generate(ask("below"));
  const above = await scene.model.generate(ask("above"));
  expect(below.usage.usd).toBe((60_000 * 100 + 40_000 * 10 + 1000 * 500) / 1e9);
  expect(above.usage.usd).toBe((60_001 * 500 + 40_000 * 50 + 1000 * 2500) / 1e9);
  expect(usdOf(above.usage, scene.model.catalog.get("claude-haiku-5-5-20261001"))).toBe(above.usage.usd);
});
