import { Anthropic } from "@anthropic-ai/sdk";
import { MnemosyneError } from "@mnemosyne/core";
import { createAnthropicModel } from "@mnemosyne/anthropic";
import { expect, test } from "vitest";
import { ask, failure, openScene, recorder } from "./harness.ts";

test("429 with retry-after-ms is waited for and tried again; the observer sees both requests", async () => {
  await using scene = await openScene([
    { times: 1, error: { status: 429, retryAfterMs: 120 } },
    { text: "now" },
  ]);
  const observer = recorder();
  const began = performance.now();
  const response = await scene.model.generate(ask("Hello"), { observer });
  expect(performance.now() - began).toBeGreaterThanOrEqual(115);
  expect(response.text).toBe("now");
  expect(observer.seen.map(({ when, error }) => [when, (error as MnemosyneError | undefined)?.code])).toEqual(
    [
      ["before", undefined],
      ["after", "E_MODEL_OVERLOADED"],
      ["before", undefined],
      ["after", undefined],
    ],
  );
  expect(observer.seen[1]?.error).toMatchObject({ details: { status: 429, retryAfterMs: 120 } });
  expect(observer.seen[0]?.call).toBe(observer.seen[1]?.call);
  expect(observer.seen[2]?.call).toBe(observer.seen[3]?.call);
  expect(scene.server.bill.calls).toBe(1);
});

test("529 until the tries are used up is a retryable error that says how often it was tried", async () => {
  await using scene = await openScene([{ error: { status: 529, retryAfterMs: 5 } }], { maxRetries: 2 });
  const observer = recorder();
  const thrown = await failure(scene.model.generate(ask("Hello"), { observer }));
  expect(thrown).toMatchObject({
    code: "E_MODEL_OVERLOADED",
    kind: "unavailable",
    retryable: true,
    details: { status: 529, attempts: 3, retryAfterMs: 5 },
  });
  expect(scene.server.requests).toHaveLength(3);
  expect(observer.seen).toHaveLength(6);
  expect(scene.server.bill.calls).toBe(0);
});

test("a wait that would outlast the timeout is not begun", async () => {
  await using scene = await openScene([{ error: { status: 429, retryAfter: 3600 } }], { timeout: 60_000 });
  const began = performance.now();
  const thrown = await failure(scene.model.generate(ask("Hello")));
  expect(performance.now() - began).toBeLessThan(2000);
  expect(thrown).toMatchObject({ code: "E_MODEL_OVERLOADED", details: { retryAfterMs: 3_600_000 } });
  expect(scene.server.requests).toHaveLength(1);
});

test("a bad request is not tried again", async () => {
  await using scene = await openScene([{ error: { status: 400, message: "tools.0: not like this" } }]);
  const thrown = await failure(scene.model.generate(ask("Hello")));
  expect([thrown.code, thrown.kind, thrown.retryable]).toEqual(["E_MODEL", "input", false]);
  expect(thrown.message).toContain("tools.0: not like this");
  expect(scene.server.requests).toHaveLength(1);
});

test("a request that no rule of the script matches is E_SCRIPT and says which", async () => {
  await using scene = await openScene([{ when: { task: "other" }, text: "x" }]);
  const thrown = await failure(scene.model.generate(ask("Task: fix\nAttempt: 2\nDo it.")));
  expect([thrown.code, thrown.retryable]).toEqual(["E_SCRIPT", false]);
  expect(thrown.message).toContain("script has no turn for this request");
  expect(thrown.message).toContain("task 'fix', attempt 2, turn 0");
});

test("an unknown model is named", async () => {
  await using scene = await openScene([{ text: "x" }]);
  const thrown = await failure(scene.model.generate(ask("Hello", { model: "claude-nothing-9" })));
  expect(thrown).toMatchObject({ code: "E_MODEL", kind: "input", details: { status: 404 } });
  expect(thrown.message).toContain("claude-nothing-9");
});

test.each([
  ["prompt", 400, "prompt is too long: 210000 tokens > 200000 maximum"],
  ["size", 413, "Request exceeds the maximum size"],
])("a request that is too long (%s) is a context overflow", async (_name, status, message) => {
  await using scene = await openScene([{ error: { status, message } }]);
  const thrown = await failure(scene.model.generate(ask("Hello")));
  expect([thrown.code, thrown.retryable]).toEqual(["E_CONTEXT_OVERFLOW", false]);
});

test("a prompt longer than the model's window is refused by the server's own count", async () => {
  await using scene = await openScene([{ text: "x" }], { model: "claude-haiku-4-5" });
  const thrown = await failure(scene.model.generate(ask("word ".repeat(260_000))));
  expect(thrown.code).toBe("E_CONTEXT_OVERFLOW");
});

const BIG = { maxTokens: 20_000 };
const TEXT = "A sentence that is long enough to come in several pieces of a stream. ".repeat(4);

test.each(["truncate", "endEarly", "garbage", "errorEvent", "drop"] as const)(
  "a stream with the fault '%s' is asked for again, and is an error when it never comes whole",
  async (fault) => {
    await using once = await openScene([{ times: 1, text: TEXT, fault }, { text: TEXT }]);
    const observer = recorder();
    const response = await once.model.generate(ask("Go", BIG), { observer });
    expect(response.text).toBe(TEXT);
    expect(once.server.bill.calls).toBe(2);
    expect(observer.seen.map(({ when, error }) => [when, error === undefined])).toEqual([
      ["before", true],
      ["after", false],
      ["before", true],
      ["after", true],
    ]);

    await using always = await openScene([{ text: TEXT, fault }], { maxRetries: 0 });
    const thrown = await failure(always.model.generate(ask("Go", BIG)));
    expect([thrown.code, thrown.retryable]).toEqual(["E_MODEL_OVERLOADED", true]);
    expect(always.server.requests).toHaveLength(1);
  },
);

test.each(["truncate", "garbage", "drop"] as const)(
  "a JSON reply with the fault '%s' is asked for again",
  async (fault) => {
    await using scene = await openScene([{ times: 1, text: TEXT, fault }, { text: TEXT }]);
    const response = await scene.model.generate(ask("Go"));
    expect(response.text).toBe(TEXT);
    expect(scene.server.bill.calls).toBe(2);
  },
);

test("a stream whose tool input ends in the middle never says done", async () => {
  await using scene = await openScene([
    { text: TEXT, toolUses: [{ name: "edit", input: { path: "a", text: TEXT } }], fault: "cutInput" },
  ]);
  const seen: string[] = [];
  const thrown = await failure(
    (async () => {
      for await (const event of scene.model.stream(ask("Go"))) seen.push(event.type);
    })(),
  );
  expect(thrown).toMatchObject({ code: "E_MODEL_OVERLOADED", details: { reply: "broken" } });
  expect(seen).toContain("toolUse");
  expect(seen).not.toContain("done");
});

test.each(["truncate", "endEarly", "garbage", "errorEvent"] as const)(
  "a stream that its reader sees break ('%s') throws a retryable error and never says done",
  async (fault) => {
    await using scene = await openScene([{ text: TEXT, fault }]);
    const seen: string[] = [];
    const thrown = await failure(
      (async () => {
        for await (const event of scene.model.stream(ask("Go"))) seen.push(event.type);
      })(),
    );
    expect([thrown.code, thrown.retryable]).toEqual(["E_MODEL_OVERLOADED", true]);
    expect(seen).not.toContain("done");
    expect(scene.server.requests).toHaveLength(1);
  },
);

test("a stream that stalls is ended by the idle timeout, and slow but steady ones are not", async () => {
  await using stalled = await openScene([{ text: TEXT, fault: "stall" }], {
    idleTimeout: 150,
    maxRetries: 0,
  });
  const thrown = await failure(stalled.model.generate(ask("Go", BIG)));
  expect(thrown).toMatchObject({ code: "E_TIMEOUT", retryable: true, details: { timeout: "idle" } });
  await expect.poll(() => stalled.server.requests[0]?.outcome).toBe("broken");

  await using slow = await openScene([{ text: TEXT, pieceDelayMs: 30 }], { idleTimeout: 150 });
  expect((await slow.model.generate(ask("Go", BIG))).text).toBe(TEXT);
});

test("an answer that does not come within the timeout is E_TIMEOUT", async () => {
  await using scene = await openScene([{ text: "late", delayMs: 5000 }], { timeout: 500, maxRetries: 0 });
  const observer = recorder();
  const thrown = await failure(scene.model.generate(ask("Hello"), { observer }));
  expect(thrown).toMatchObject({ code: "E_TIMEOUT", kind: "unavailable", details: { timeout: "total" } });
  expect(thrown.message).toContain("500 ms");
  expect(observer.seen).toHaveLength(2);
  expect(scene.server.bill.calls).toBe(1);
});

test.each([
  ["while it waits for an answer", { delayMs: 5000 }, {}],
  ["in the middle of a stream", { pieceDelayMs: 50 }, BIG],
  ["while it waits to try again", { error: { status: 529, retryAfter: 30 } }, {}],
])("an abort %s is E_CANCELLED, at once", async (_name, turn, more) => {
  await using scene = await openScene([{ text: TEXT, ...turn }]);
  const controller = new AbortController();
  const observer = recorder();
  const began = performance.now();
  setTimeout(() => controller.abort(new Error("the user left")), 120);
  const thrown = await failure(
    scene.model.generate(ask("Go", more), { signal: controller.signal, observer }),
  );
  expect(performance.now() - began).toBeLessThan(1500);
  expect([thrown.code, thrown.kind, (thrown.cause as Error).message]).toEqual([
    "E_CANCELLED",
    "cancelled",
    "the user left",
  ]);
  expect(observer.seen.map(({ when }) => when)).toEqual(["before", "after"]);
});

test("a signal that has already fired sends nothing", async () => {
  await using scene = await openScene([{ text: "x" }]);
  const observer = recorder();
  const thrown = await failure(scene.model.generate(ask("Go"), { signal: AbortSignal.abort(), observer }));
  expect(thrown.code).toBe("E_CANCELLED");
  expect(scene.server.requests).toEqual([]);
  expect(observer.seen).toEqual([]);
});

test("an abort while the observer reserves: nothing is sent, and the observer learns that", async () => {
  await using scene = await openScene([{ text: "x" }]);
  const controller = new AbortController();
  const after: unknown[] = [];
  const thrown = await failure(
    scene.model.generate(ask("Go"), {
      signal: controller.signal,
      observer: { before: () => controller.abort(), after: (_call, { error }) => void after.push(error) },
    }),
  );
  expect(thrown.code).toBe("E_CANCELLED");
  expect(scene.server.requests).toEqual([]);
  expect(after).toMatchObject([{ code: "E_CANCELLED", details: { sent: false } }]);
});

test("a provider that is not there cannot be reached, and the system's reason is kept", async () => {
  await using scene = await openScene([{ text: "x" }]);
  await scene.server.close();
  const observer = recorder();
  const thrown = await failure(
    createAnthropicModel({ baseURL: scene.server.url, apiKey: "k", maxRetries: 0 }).generate(ask("Go"), {
      observer,
    }),
  );
  expect([thrown.code, thrown.retryable]).toEqual(["E_MODEL_OVERLOADED", true]);
  expect(thrown.message).toContain("cannot be reached");
  const causes = [];
  for (let next: unknown = observer.seen[1]?.error; next instanceof Error; next = next.cause)
    causes.push((next as { code?: unknown }).code);
  expect(causes).toContain("ECONNREFUSED");
});

test("what an observer throws after an answer is thrown as it is", async () => {
  await using scene = await openScene([{ text: "x" }]);
  const error = new MnemosyneError("E_STORAGE", "The ledger timed out.", { kind: "unavailable" });
  const thrown = await failure(
    scene.model.generate(ask("Go"), {
      observer: {
        after: () => {
          throw error;
        },
      },
    }),
  );
  expect(thrown).toBe(error);
  expect(scene.server.requests).toHaveLength(1);
});

test("a client of one's own brings its number of retries and its timeout", async () => {
  await using scene = await openScene([{ error: { status: 529, retryAfterMs: 1 } }]);
  const client = new Anthropic({ baseURL: scene.server.url, apiKey: "k", maxRetries: 4, timeout: 30_000 });
  await failure(createAnthropicModel({ client }).generate(ask("Go")));
  expect(scene.server.requests).toHaveLength(5);
  await failure(createAnthropicModel({ client, maxRetries: 0 }).generate(ask("Go")));
  expect(scene.server.requests).toHaveLength(6);
});
