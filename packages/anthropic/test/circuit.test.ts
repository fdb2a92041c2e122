import { isMnemosyneError } from "@mnemosyne/core";
import { expect, test } from "vitest";
import { ask, failure, openScene, recorder } from "./harness.ts";

const DOWN = { error: { status: 529, retryAfterMs: 1 } };
const open = { code: "E_MODEL_OVERLOADED", retryable: true, details: { circuit: "open", sent: false } };

test("a provider that is down is left alone, and asked by one question when it may be back", async () => {
  await using scene = await openScene(
    [
      { ...DOWN, times: 4 },
      { delayMs: 50, text: "back" },
    ],
    {
      maxRetries: 1,
      circuit: { failures: 2, openFor: 300 },
    },
  );
  const observer = recorder();
  for (let round = 0; round < 2; round++) await failure(scene.model.generate(ask("Hello")));
  expect(scene.server.requests).toHaveLength(4);
  expect(await failure(scene.model.generate(ask("Hello"), { observer }))).toMatchObject(open);
  const stream = scene.model.stream(ask("Hello"));
  expect(await failure(stream[Symbol.asyncIterator]().next())).toMatchObject(open);
  // Nothing was sent, so nothing was reserved.
  expect(observer.seen).toEqual([]);
  expect(scene.server.requests).toHaveLength(4);

  await new Promise((resolve) => setTimeout(resolve, 320));
  const both = await Promise.allSettled([
    scene.model.generate(ask("Hello")),
    scene.model.generate(ask("Hello")),
  ]);
  expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  expect((await scene.model.generate(ask("Hello"))).text).toBe("back");
});

test("a probe that fails opens it again", async () => {
  await using scene = await openScene([DOWN], { maxRetries: 0, circuit: { failures: 1, openFor: 200 } });
  await failure(scene.model.generate(ask("Hello")));
  await new Promise((resolve) => setTimeout(resolve, 220));
  expect((await failure(scene.model.generate(ask("Hello")))).details).not.toHaveProperty("circuit");
  expect(await failure(scene.model.generate(ask("Hello")))).toMatchObject(open);
  expect(scene.server.requests).toHaveLength(2);
});

test("what a provider that is up refuses does not count, and it can be switched off", async () => {
  await using refusing = await openScene([{ error: { status: 400 } }], { circuit: { failures: 1 } });
  for (let round = 0; round < 3; round++) await failure(refusing.model.generate(ask("Hello")));
  expect(refusing.server.requests).toHaveLength(3);
  await using down = await openScene([DOWN], { maxRetries: 0, circuit: false });
  for (let round = 0; round < 7; round++) {
    const thrown = await failure(down.model.generate(ask("Hello")));
    expect(isMnemosyneError(thrown) && thrown.details).not.toHaveProperty("circuit");
  }
});

test("every reply that was charged is seen by the observer, whatever became of it", async () => {
  for (const fault of ["drop", "truncate", "endEarly", "stall", "errorEvent", "garbage"] as const) {
    await using scene = await openScene(
      [{ times: 2, text: "a longer answer that breaks off", fault }, { text: "whole" }],
      {
        maxRetries: 4,
        idleTimeout: 150,
        timeout: 5000,
      },
    );
    const observer = recorder();
    await scene.model.generate(ask("Hello", { maxTokens: 16_000 }), { observer }).catch((error: unknown) => {
      // A stall ends by the idle timeout; what matters is what the observer saw.
      expect(error).toMatchObject({ code: "E_TIMEOUT" });
    });
    const sent = observer.seen.filter(({ when }) => when === "before");
    expect(sent).toHaveLength(scene.server.requests.length);
    expect(observer.seen.filter(({ when }) => when === "after")).toHaveLength(sent.length);
  }
});
