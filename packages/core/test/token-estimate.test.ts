import { estimateTokenCount, estimateTokens } from "@mnemosyne/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

// Counts of the two published tokenizers (Claude 2, o200k), taken once with @anthropic-ai/tokenizer 0.0.4 and gpt-tokenizer 3.4.0.
const COUNTED: readonly (readonly [kind: string, text: string, claude: number, o200k: number])[] = [
  [
    "prose",
    "Agents forget, overrun their context, start work they cannot undo, and call it done when it is not. A budget that is kept tells you what went in and what was left out; a plan that survives a crash tells you where it stood. We measured both on a small machine, twice, and wrote down what failed.",
    67,
    67,
  ],
  [
    "code",
    'export async function readSettings(path: string): Promise<Settings> {\n  const text = await readFile(path, "utf8");\n  const parsed = settingsSchema.safeParse(JSON.parse(text));\n  if (!parsed.success) throw new TypeError(`${path}: ${parsed.error.issues[0]?.message ?? "invalid"}`);\n  return { ...DEFAULT_SETTINGS, ...parsed.data };\n}\n',
    92,
    78,
  ],
  [
    "json",
    '{\n  "name": "left-pad",\n  "version": "1.3.0",\n  "files": [\n    "index.js",\n    "index.d.ts"\n  ],\n  "dependencies": {\n    "is-odd": "^3.0.1"\n  },\n  "dist": {\n    "integrity": "sha512-8xVvRkVe3aDdc2vTmVEmYnCvbHg",\n    "shasum": "5b8a3a7765dfe001261dde915589e782f8c94d1e",\n    "unpackedSize": 9801\n  },\n  "deprecated": false\n}',
    144,
    144,
  ],
  [
    "log",
    '2026-03-01T12:44:09.113Z ERROR [worker-7] c.acme.orders.OrderService - Connection reset by peer id=9f8e2c11aa04d3 took=1893ms\n2026-03-01T12:44:09.871Z INFO [main] c.acme.orders.OrderService - Retrying after timeout attempt=2\n203.0.113.9 - - [01/Mar/2026:12:44:10 +0000] "GET /api/v1/orders/1832 HTTP/1.1" 500 1293 "-" "curl/8.5.0"\n',
    146,
    142,
  ],
  [
    "japanese",
    "記憶は永続し、検索でき、出所と信頼度を示します。計画はタスクの有向グラフで、失敗したときは安全に元へ戻せます。テストが通らない限り、作業は完了とみなされません。",
    81,
    68,
  ],
  [
    "chinese",
    "记忆会长期保存，可以再次检索，并说明来源和可信程度。计划是任务的有向图，失败时可以安全地回滚。没有证据，审查者不会放行任何工作。",
    59,
    45,
  ],
];

const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));

describe("estimateTokens", () => {
  it.each(COUNTED)("is near the published tokenizers for %s", (_kind, text, claude, o200k) => {
    const estimate = estimateTokens(text);
    expect(estimate).toBeGreaterThan(Math.min(claude, o200k) * 0.85);
    expect(estimate).toBeLessThan(Math.max(claude, o200k) * 1.15);
  });

  it("counts nothing for nothing and at least one token for anything else", () => {
    expect(estimateTokens("")).toBe(0);
    fc.assert(fc.property(fc.string({ minLength: 1, unit }), (text) => estimateTokens(text) >= 1));
  });

  it("grows with every kind of text, so that no repetition is free", () => {
    for (const unit of ["a", "A", "7", " ", "\n", "-", "é", "я", "漢", "😀", "\u0001", "\ue000", "aB", "a1"])
      expect(estimateTokens(unit.repeat(20_000))).toBeGreaterThan(90);
  });

  it("is linear: ten times the text takes about ten times the tokens", () => {
    for (const [, text] of COUNTED) {
      const ratio = estimateTokens(`${text}\n`.repeat(50)) / estimateTokens(`${text}\n`.repeat(5));
      expect(ratio).toBeGreaterThan(9.5);
      expect(ratio).toBeLessThan(10.5);
    }
  });
});

describe("estimateTokenCount", () => {
  const text = "The quick brown fox jumps over the lazy dog. ".repeat(40);

  it("names its source, and its band holds its value", () => {
    for (const model of [undefined, "claude-sonnet-4-5", "claude-opus-5-5", "something-else"]) {
      const { value, low, high, source } = estimateTokenCount(text, model);
      expect(source).toBe("estimate");
      expect(low).toBeLessThanOrEqual(value);
      expect(value).toBeLessThanOrEqual(high);
    }
  });

  it("is nearer to a tokenizer whose model is named than to the other", () => {
    const off = (model: string, exact: (row: (typeof COUNTED)[number]) => number): number =>
      COUNTED.reduce(
        (sum, row) => sum + Math.abs(estimateTokenCount(row[1], model).value / exact(row) - 1),
        0,
      ) / COUNTED.length;
    for (const model of ["claude-2.1", "gpt-4o"]) {
      const [claude, o200k] = [off(model, (row) => row[2]), off(model, (row) => row[3])];
      expect(model === "gpt-4o" ? o200k : claude).toBeLessThan(0.1);
      expect(model === "gpt-4o" ? o200k : claude).toBeLessThan(model === "gpt-4o" ? claude : o200k);
    }
  });

  it("tells older Claude tokenizers from newer ones", () => {
    const older = estimateTokenCount(text, "claude-sonnet-4-6").value;
    for (const model of ["claude-haiku-4-5-20251001", "claude-3-5-sonnet-latest", "claude-opus-4-20250514"])
      expect(estimateTokenCount(text, model).value).toBe(older);
    for (const model of [
      "claude-opus-4-7",
      "claude-opus-4-8",
      "claude-sonnet-5-5",
      "claude-haiku-5-5",
      "claude-fable-5-1",
    ])
      expect(estimateTokenCount(text, model).value).toBeGreaterThan(older * 1.2);
  });
});
