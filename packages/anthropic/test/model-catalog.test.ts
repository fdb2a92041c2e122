import { Anthropic } from "@anthropic-ai/sdk";
import { MODEL_TABLE, createModelCatalog, nanoUsdOf } from "@mnemosyne/anthropic";
import { startMessagesServer, type ServedModel } from "@mnemosyne/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { failure } from "./harness.ts";

const script = { name: "none", turns: [{ text: "x" }] };

test("the built-in table knows windows and prices, with and without the date of a model's id", () => {
  const catalog = createModelCatalog();
  expect(catalog.get("claude-haiku-5-5")).toEqual({
    model: "claude-haiku-5-5",
    contextTokens: 1_000_000,
    maxOutputTokens: 128_000,
    prices: {
      input: 0.1,
      output: 0.5,
      cacheRead: 0.01,
      cacheWrite: 0.125,
      above: { tokens: 100_001, input: 0.5, output: 2.5 },
    },
    source: "table",
  });
  expect(catalog.get("claude-haiku-4-5-20251001")?.contextTokens).toBe(200_000);
  expect(catalog.get("claude-unheard-of")).toBeUndefined();
});

test("refresh reads the provider's list, keeps prices, and adds what is new without one", async () => {
  const models: ServedModel[] = [
    {
      id: "claude-sonnet-5-5",
      displayName: "S",
      line: "sonnet",
      contextTokens: 2_000_000,
      maxOutputTokens: 64_000,
    },
    {
      id: "claude-opus-9",
      displayName: "O",
      line: "opus",
      contextTokens: 3_000_000,
      maxOutputTokens: 256_000,
    },
  ];
  await using server = await startMessagesServer(script, { models });
  const client = new Anthropic({ baseURL: server.url, apiKey: "k" });
  const catalog = createModelCatalog({ client });
  await catalog.refresh();
  expect(catalog.get("claude-sonnet-5-5")).toMatchObject({
    contextTokens: 2_000_000,
    maxOutputTokens: 64_000,
    prices: { input: 2, output: 10 },
    source: "api",
  });
  expect(catalog.get("claude-opus-9")).toEqual({
    model: "claude-opus-9",
    contextTokens: 3_000_000,
    maxOutputTokens: 256_000,
    source: "api",
  });
  expect(catalog.get("claude-opus-5-5")?.source).toBe("table");
});

test("a refresh that fails changes nothing and throws a model error", async () => {
  await using server = await startMessagesServer(script, { apiKey: "other" });
  const catalog = createModelCatalog({ client: new Anthropic({ baseURL: server.url, apiKey: "k" }) });
  expect((await failure(catalog.refresh())).code).toBe("E_MODEL_AUTH");
  expect(catalog.list().every((info) => info.source === "table")).toBe(true);
  expect((await failure(createModelCatalog().refresh())).code).toBe("E_UNAVAILABLE");
});

test("a price is whole nano-dollars, grows with every token, and jumps only at the cliff", () => {
  const tokens = fc.nat({ max: 400_000 });
  fc.assert(
    fc.property(fc.constantFrom(...MODEL_TABLE), tokens, tokens, tokens, tokens, (info, a, b, c, d) => {
      const usage = { inputTokens: a, outputTokens: b, cacheReadTokens: c, cacheWriteTokens: d };
      const { prices } = info;
      if (prices === undefined) return;
      const cost = nanoUsdOf(usage, prices);
      const steep = prices.above !== undefined && a + c + d >= prices.above.tokens ? 5 : 1;
      const wanted =
        steep * 1000 * (a * prices.input + b * prices.output + c * prices.cacheRead + d * prices.cacheWrite);
      expect(Number.isSafeInteger(cost)).toBe(true);
      expect(Math.abs(cost - wanted)).toBeLessThan(1.01);
      expect(nanoUsdOf({ ...usage, outputTokens: b + 1 }, prices)).toBeGreaterThan(cost);
    }),
  );
});
