import { Optimizer, createExcerptCompressor, createJsonCompressor } from "@mnemosyne/optimizer";
import { estimateTokenCount, estimateTokens, type Json } from "@mnemosyne/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyText, included, item, request, source, thrown } from "./fixtures.ts";
import { parseText } from "./parse-text.ts";

const LOG = Array.from({ length: 800 }, (_, index) => `${index} the build did step ${index * 7}`).join("\n");

describe("the excerpt compressor", () => {
  it("never takes more tokens than allowed, keeps beginning and end, and says what it left out", () => {
    const compressor = createExcerptCompressor(estimateTokens);
    fc.assert(
      fc.property(
        fc.oneof(anyText(2000), fc.lorem({ maxCount: 300 }), fc.constant(LOG)),
        fc.integer({ min: 1, max: 3000 }),
        (text, tokens) => {
          const smaller = compressor.compress(item("i", text), tokens);
          if (smaller === undefined) return;
          expect(estimateTokens(smaller.text)).toBeLessThanOrEqual(tokens);
          if (smaller.text === text) return;
          const [head, tail] = smaller.text.split(
            /\n\[\.\.\. \d+ (?:lines|characters) left out; read them back by the id "i" \.\.\.\]\n/,
          );
          expect(text.startsWith(head ?? "?")).toBe(true);
          expect(text.endsWith(tail ?? "?")).toBe(true);
        },
      ),
    );
    const smaller = compressor.compress(item("i", LOG), 300);
    expect(smaller?.text).toMatch(
      /^0 the build did step 0\n[^]*\d+ lines left out[^]*\n799 the build did step 5593$/,
    );
  });

  it("does not cut a character in half", () => {
    const compressor = createExcerptCompressor(estimateTokens);
    const smaller = compressor.compress(item("i", "😀".repeat(900)), 200);
    expect(smaller?.text).not.toMatch(
      /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/,
    );
  });
});

describe("the JSON compressor", () => {
  const compressor = createJsonCompressor(estimateTokens);

  it("gives JSON within the tokens, with what was left out counted", () => {
    const value = {
      ok: true,
      files: Array.from({ length: 500 }, (_, index) => `src/file-${index}.ts`),
      log: "x".repeat(9000),
    };
    const smaller = compressor.compress(item("r", JSON.stringify(value)), 200);
    const read = JSON.parse(smaller?.text ?? "") as { ok: boolean; files: string[]; log: string };
    expect(estimateTokens(smaller?.text ?? "")).toBeLessThanOrEqual(200);
    expect(read.ok).toBe(true);
    expect(read.files.at(-1)).toBe(`… (${500 - read.files.length + 1} more elements)`);
    expect(read.log).toMatch(/more characters\)$/);
  });

  it("leaves what is no JSON to another compressor, and never breaks what is", () => {
    expect(compressor.compress(item("r", `{ not json ${"x ".repeat(500)}`), 50)).toBeUndefined();
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.integer({ min: 5, max: 400 }), (value, tokens) => {
        const smaller = compressor.compress(item("r", JSON.stringify(value)), tokens);
        if (smaller === undefined) return;
        expect(estimateTokens(smaller.text)).toBeLessThanOrEqual(tokens);
        JSON.parse(smaller.text) as Json;
      }),
    );
  });
});

describe("compressContext", () => {
  const big = Array.from({ length: 30 }, (_, index) =>
    item(`m${index}`, `Memory ${index}: ${`word${index} `.repeat(80)}`, 1 - index / 100),
  );

  it("makes a context fit into half, and whatever left can be read back word for word", async () => {
    const optimizer = new Optimizer({
      sources: [source("project", [item("log", LOG, 0.9)]), source("general", big)],
    });
    const before = await optimizer.buildContext(
      request({ inputs: { up: { list: Array.from({ length: 900 }, (_, n) => n) } } }),
    );
    const after = await optimizer.compressContext(before, Math.floor(before.tokens / 2));
    expect(after.tokens).toBeLessThanOrEqual(before.tokens / 2);
    expect(after.budget).toBe(Math.floor(before.tokens / 2));
    expect(estimateTokenCount(after.system).high + estimateTokenCount(after.text).high).toBe(after.tokens);
    for (const kind of ["goal", "constraints", "criteria", "task"])
      expect(parseText(after.text).blocks.some((block) => block.kind === kind)).toBe(true);
    const bodies = new Set(parseText(after.text).blocks.map((block) => block.text));
    const result = parseText(before.text).blocks.find((block) => block.kind === "result");
    const originals = new Map(
      [...big, item("log", LOG), item("result:up", result?.text ?? "")].map((each) => [each.id, each.text]),
    );
    let left = 0;
    for (const [id, text] of originals) {
      if (bodies.has(text)) continue;
      left++;
      expect(await optimizer.readBack(id)).toBe(text);
    }
    expect(left).toBeGreaterThan(10);
    expect(included(after).length + after.dropped.length).toBe(
      included(before).length + before.dropped.length,
    );
  });

  it("without arguments halves the context built last", async () => {
    const optimizer = new Optimizer({ sources: [source("general", big)] });
    expect(await thrown(optimizer.compressContext())).toMatchObject({ code: "E_INPUT" });
    const before = await optimizer.buildContext(request());
    const once = await optimizer.compressContext();
    expect(once.tokens).toBeLessThanOrEqual(before.tokens / 2);
    const twice = await optimizer.compressContext();
    expect(twice.tokens).toBeLessThanOrEqual(once.tokens / 2);
  });

  it("never touches what is critical, and knows only its own contexts", async () => {
    const optimizer = new Optimizer();
    const payload = await optimizer.buildContext(request());
    expect(await thrown(optimizer.compressContext(payload, 50))).toMatchObject({
      code: "E_BUDGET",
      path: "critical",
    });
    expect(await thrown(new Optimizer().compressContext(payload, 5000))).toMatchObject({ code: "E_INPUT" });
  });

  it("makes a list of items fit, most relevant first, in their own order", async () => {
    const optimizer = new Optimizer();
    const items = [
      item("low", LOG, 0.1),
      item("mid", "short text", 0.5),
      item("high", "another short one", 0.9),
    ];
    const fitted = await optimizer.compressContext(items, 400);
    expect(fitted.items.map(({ id }) => id)).toEqual(["low", "mid", "high"]);
    expect(fitted.tokens).toBeLessThanOrEqual(400);
    expect(await optimizer.readBack("low")).toBe(LOG);
    const tight = await optimizer.compressContext(items, 20);
    expect(tight.items.map(({ id }) => id)).not.toContain("low");
    expect(tight.dropped.map(({ id }) => id)).toContain("low");
  });

  it("keeps as many left-out texts as it may, the newest", async () => {
    const optimizer = new Optimizer({ archiveLimit: 1000 });
    const texts = Array.from({ length: 5 }, (_, index) =>
      item(`t${index}`, `${index} `.repeat(200), index / 10),
    );
    await optimizer.compressContext(texts, 1);
    const kept = await Promise.all(texts.map(({ id }) => optimizer.readBack(id)));
    expect(kept.filter((text) => text !== undefined)).toHaveLength(2);
    expect(await optimizer.readBack("never offered")).toBeUndefined();
  });
});
