import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { startEffectSink } from "@mnemosyne/testkit";
import { expect, test } from "vitest";

const run = promisify(execFile);

test("effects of shell commands arrive in order with key and epoch", async () => {
  await using sink = await startEffectSink();
  const env = { ...process.env, ...sink.env, MNEMOSYNE_IDEMPOTENCY_KEY: "r:publish:1", MNEMOSYNE_EPOCH: "2" };
  await run("sh", ["-c", sink.command("it's published")], { env });
  await sink.post({ name: "second", key: "r:other:1", epoch: 1, data: "x" });
  expect(await sink.effects()).toMatchObject([
    { seq: 1, name: "it's published", key: "r:publish:1", epoch: 2 },
    { seq: 2, name: "second", key: "r:other:1", epoch: 1, data: "x" },
  ]);
});

test("what was acknowledged is kept when its sender is killed right after", async () => {
  await using sink = await startEffectSink();
  const child = spawn("sh", ["-c", `${sink.command("done")} && kill -9 $$`], {
    env: { ...process.env, ...sink.env },
    stdio: "ignore",
  });
  const [, signal] = await once(child, "exit");
  expect(signal).toBe("SIGKILL");
  expect(await sink.effects()).toMatchObject([{ name: "done" }]);
});

test("a command without the sink's address fails instead of losing the effect", async () => {
  await using sink = await startEffectSink();
  const { EFFECT_SINK_URL: _, ...env } = process.env;
  await expect(run("sh", ["-c", sink.command("lost")], { env })).rejects.toMatchObject({ code: 2 });
});

test("closing twice is no error, and the process is gone", async () => {
  const sink = await startEffectSink();
  await sink.close();
  await sink.close();
  await expect(fetch(sink.url, { method: "POST", body: "{}" })).rejects.toThrow("fetch failed");
});
