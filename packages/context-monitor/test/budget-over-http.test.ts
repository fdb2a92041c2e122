import { createAnthropicModel } from "@mnemosyne/anthropic";
import {
  ContextMonitor,
  MemoryBudgetLedger,
  createCallObserver,
  createTokenCounter,
  openTaskAccounts,
  type BudgetObservation,
} from "@mnemosyne/context-monitor";
import { isMnemosyneError, type LanguageModel } from "@mnemosyne/core";
import { startMessagesServer, type MessagesServer, type Script } from "@mnemosyne/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

const MODEL = "claude-haiku-5-5";

async function setUp(
  script: Script,
  limit: { readonly tokens?: number; readonly usd?: number },
  maxRetries = 0,
) {
  const server = await startMessagesServer(script);
  onTestFinished(() => server.close());
  const counter = createTokenCounter({ model: MODEL });
  const model = createAnthropicModel({
    apiKey: "test",
    baseURL: server.url,
    model: MODEL,
    maxRetries,
    counter,
  });
  const ledger = new MemoryBudgetLedger();
  await openTaskAccounts(ledger, { runId: "run", budget: limit, tasks: [{ id: "fix", budget: {} }] });
  const events: BudgetObservation[] = [];
  const observer = createCallObserver({
    ledger,
    account: "run/fix",
    catalog: model.catalog,
    onEvent: (event) => events.push(event),
  });
  return { server, model, ledger, observer, events, counter };
}

function charged(server: MessagesServer): number {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = server.bill;
  return inputTokens + outputTokens + cacheReadTokens + cacheWriteTokens;
}

async function ask(
  model: LanguageModel,
  observer: ReturnType<typeof createCallObserver>,
  text: string,
): Promise<string> {
  try {
    await model.generate({ messages: [{ role: "user", content: text }], maxTokens: 300 }, { observer });
    return "answered";
  } catch (error) {
    if (!isMnemosyneError(error)) throw error;
    return error.code;
  }
}

describe("a budget around a model that answers over HTTP", () => {
  it("settles exactly what the provider charged", async () => {
    const { server, model, ledger, observer, events } = await setUp(
      { name: "ok", turns: [{ text: "Hello." }] },
      {},
    );
    for (let round = 0; round < 5; round++)
      expect(await ask(model, observer, `Question ${round}`)).toBe("answered");
    const balance = await ledger.balance("run");
    expect(balance?.settled.tokens).toBe(charged(server));
    expect(balance?.settled.calls).toBe(5);
    expect(balance?.reserved.tokens).toBe(0);
    expect(events.filter(({ type }) => type === "budget.breached")).toEqual([]);
  });

  it("keeps a call that could cost too much from leaving at all", async () => {
    const { server, model, observer } = await setUp(
      { name: "ok", turns: [{ text: "Hello." }] },
      { usd: 0.0002 },
    );
    let answered = 0;
    while (answered < 60 && (await ask(model, observer, `Question ${answered}`)) === "answered") answered++;
    expect(answered).toBeGreaterThan(0);
    expect(answered).toBeLessThan(60);
    expect(await ask(model, observer, `Question ${answered} again`)).toBe("E_BUDGET");
    expect(server.requests).toHaveLength(answered);
  });

  it("charges each try of a call that was tried again", async () => {
    const turns = [{ error: { status: 529, retryAfterMs: 1 }, times: 1 }, { text: "Hello." }];
    const { server, model, ledger, observer, events } = await setUp({ name: "busy", turns }, {}, 2);
    expect(await ask(model, observer, "Question")).toBe("answered");
    expect(events.map(({ type, tokens }) => [type, tokens > 0])).toEqual([
      ["budget.reserved", true],
      ["budget.settled", false],
      ["budget.reserved", true],
      ["budget.settled", true],
    ]);
    expect((await ledger.balance("run"))?.settled).toMatchObject({ tokens: charged(server), calls: 2 });
  });

  it("never counts less than the provider charged, nor lets through more than the limit, whatever goes wrong", async () => {
    const faults = ["drop", "truncate", "garbage", "endEarly"] as const;
    const script: Script = {
      name: "faults",
      turns: [
        (_request, number) => {
          const way = (number * 7) % 10;
          if (way === 0) return { error: { status: 529, retryAfterMs: 1 } };
          if (way === 1) return { error: { status: 500, retryAfterMs: 1 } };
          if (way === 2) return { error: { status: 400 } };
          const fault = faults[way - 3];
          return {
            text: "An answer of some length, to be paid for.",
            ...(fault === undefined ? {} : { fault }),
          };
        },
      ],
    };
    const LIMIT = 6000;
    const { server, model, ledger, observer } = await setUp(script, { tokens: LIMIT });
    const outcomes = new Set<string>();
    for (let round = 0; round < 60; round++) {
      const wave = await Promise.all([0, 1].map((each) => ask(model, observer, `Question ${round}.${each}`)));
      for (const outcome of wave) outcomes.add(outcome);
      const balance = await ledger.balance("run");
      const counted = (balance?.settled.tokens ?? 0) + (balance?.reserved.tokens ?? 0);
      expect(counted).toBeGreaterThanOrEqual(charged(server));
      expect(counted).toBeLessThanOrEqual(LIMIT);
      if (wave.every((outcome) => outcome === "E_BUDGET")) break;
    }
    expect([...outcomes].toSorted()).toEqual(
      expect.arrayContaining(["E_BUDGET", "E_MODEL_OVERLOADED", "answered"]),
    );
  });

  it("gives monitor and counter the provider's own figures", async () => {
    const usage = { inputTokens: 1400, outputTokens: 100, cacheReadTokens: 0, cacheWriteTokens: 0 };
    const { model, counter } = await setUp({ name: "ok", turns: [{ text: "Hello.", usage }] }, {});
    const monitor = new ContextMonitor({ catalog: model.catalog });
    const request = { messages: [{ role: "user" as const, content: "word ".repeat(1000) }], maxTokens: 300 };
    const before = counter.count(request.messages[0]?.content ?? "");
    for (let turn = 0; turn < 10; turn++) {
      const response = await model.generate(request);
      monitor.record("executor", response.usage, { task: "fix", run: "run", model: response.model });
    }
    expect(monitor.read("executor")).toMatchObject({
      limit: 1_000_000,
      tokens: { value: 1500, source: "usage" },
    });
    expect(monitor.spent("task", "fix")).toMatchObject({ tokens: 15_000, calls: 10 });
    const after = counter.count(request.messages[0]?.content ?? "");
    expect(Math.abs(after.value - 1400)).toBeLessThan(30);
    expect(after.high - after.low).toBeLessThan(before.high - before.low);
  });
});
