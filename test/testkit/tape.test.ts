import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAnthropicModel } from "@mnemosyne/anthropic";
import { isMnemosyneError, type LanguageModel, type ModelStreamEvent } from "@mnemosyne/core";
import {
  readTape,
  redactSecrets,
  startMessagesServer,
  startTapeServer,
  type Script,
} from "@mnemosyne/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

const KEY = "sk-ant-api03-THIS-IS-A-KEY-0123456789";
const LEAK = "ghp_abcdefghijklmnopqrstuvwxyz0123";
const LONG = "A sentence that is long enough for several pieces. ".repeat(5);

const script: Script = {
  name: "tape",
  turns: [
    { when: { text: "busy" }, times: 1, error: { status: 529, retryAfterMs: 3 } },
    { when: { text: "broken" }, times: 1, text: LONG, fault: "truncate" },
    { when: { text: "lost" }, times: 1, text: LONG, fault: "drop" },
    { when: { text: "leak" }, text: `Your token is ${LEAK}; keep it. ${LONG}` },
    { when: { turn: 0, tools: ["look"] }, toolUses: [{ name: "look", input: { token: LEAK } }] },
    { reply: ({ number, lastText }) => ({ text: `${number}: ${lastText.slice(-40)}` }) },
  ],
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mnemosyne-tape-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const open = (baseURL: string, apiKey = KEY): LanguageModel =>
  createAnthropicModel({ baseURL, apiKey, model: "claude-sonnet-5-5" });

async function session(model: LanguageModel): Promise<unknown> {
  const ask = (content: string, maxTokens?: number) =>
    model.generate({
      messages: [{ role: "user", content }],
      ...(maxTokens === undefined ? {} : { maxTokens }),
    });
  const answers = [];
  answers.push(await ask("plain"), await ask("plain"), await ask("busy"));
  answers.push(
    await ask("broken", 20_000),
    await ask("lost", 20_000),
    await ask("leak"),
    await ask("leak", 20_000),
  );
  const events: ModelStreamEvent[] = [];
  for await (const event of model.stream({ messages: [{ role: "user", content: "streamed" }] }))
    events.push(event);
  answers.push(events);
  answers.push(
    await model.runTools(
      {
        messages: [{ role: "user", content: `Look. My key is ${KEY}.` }],
        tools: [
          {
            name: "look",
            description: "Looks.",
            inputSchema: { type: "object" },
            execute: async () => ({ content: "seen" }),
          },
        ],
      },
      { toolContext: { signal: new AbortController().signal, idempotencyKey: "k" } },
    ),
  );
  return JSON.parse(JSON.stringify(answers, (name, value: unknown) => (name === "durationMs" ? 0 : value)));
}

test("a recorded session replays to the same answers without a provider, and the tape holds no secret", async () => {
  const file = join(folder, "session.jsonl");
  await using provider = await startMessagesServer(script);
  const recording = await startTapeServer({ mode: "record", file, upstream: provider.url });
  const recorded = await session(open(recording.url));
  await recording.close();
  expect(recording.count).toBe(provider.requests.length);
  await provider.close();

  const text = await readFile(file, "utf8");
  expect(text).not.toContain(KEY);
  expect(text).not.toContain(LEAK);
  expect(text.toLowerCase()).not.toContain("authorization");

  await using replaying = await startTapeServer({ mode: "replay", file });
  const replayed = await session(open(replaying.url, "another-key"));
  const masked = JSON.parse(
    JSON.stringify(recorded).replaceAll(LEAK, "[redacted]").replaceAll(KEY, "[redacted]"),
  );
  const theirs = JSON.parse(
    JSON.stringify(replayed).replaceAll("another-key", "[redacted]").replaceAll(KEY, "[redacted]"),
  );
  expect(withoutPieces(theirs)).toEqual(withoutPieces(masked));
  expect(replaying.unused).toEqual([]);
  expect(replaying.count).toBe(recording.count);
});

/** A masked secret joins its block's deltas; texts stay the same. */
function withoutPieces(session: unknown): unknown {
  return (session as unknown[]).map((answer) =>
    Array.isArray(answer)
      ? [answer.map((event: { text?: string }) => event.text ?? "").join(""), answer.at(-1)]
      : answer,
  );
}

test("bodies without secrets are kept word for word, retries and broken replies with them", async () => {
  const entries = await readTape(join(folder, "session.jsonl"));
  expect(entries.map(({ status, ending }) => [status, ending])).toEqual([
    [200, "whole"],
    [200, "whole"],
    [529, "whole"],
    [200, "whole"],
    [200, "cut"],
    [200, "whole"],
    [0, "unreached"],
    [200, "whole"],
    [200, "whole"],
    [200, "whole"],
    [200, "whole"],
    [200, "whole"],
    [200, "whole"],
  ]);
  expect(entries[2]?.headers["retry-after-ms"]).toBe("3");
  expect(entries[5]?.body.startsWith("event: message_start\ndata: {")).toBe(true);
  expect(entries[5]?.body.endsWith('event: message_stop\ndata: {"type":"message_stop"}\n\n')).toBe(true);
  // The token came in pieces; it is masked whole.
  expect(entries[9]?.body).toContain("Your token is [redacted]; keep it.");
});

function prompt(id: string, at: string, ms: number, dir: string): string {
  return `Run ${id} at ${at}: tests passed in ${ms} ms in /tmp/work-${dir}/x.`;
}

function say(url: string, content: string) {
  return open(url).generate({ messages: [{ role: "user", content }] });
}

test("requests that differ only in times, ids and temporary folders are the same", async () => {
  const file = join(folder, "volatile.jsonl");
  await using provider = await startMessagesServer({ name: "any", turns: [{ text: "ok" }] });
  const recording = await startTapeServer({ mode: "record", file, upstream: provider.url });
  await say(
    recording.url,
    prompt("019340a0-7c1e-7a2b-8f00-3d5b6c7d8e9f", "2026-11-24T08:00:00.123Z", 12.5, "a1B2"),
  );
  await recording.close();
  await using replaying = await startTapeServer({ mode: "replay", file });
  const { text } = await say(
    replaying.url,
    prompt("019340a0-7c1e-7a2b-8f00-000000000000", "2027-01-01T00:00:00Z", 7, "zz9"),
  );
  expect(text).toBe("ok");
});

test("a request that is not on the tape says where it differs, is E_SCRIPT, and is not tried again", async () => {
  await using replaying = await startTapeServer({ mode: "replay", file: join(folder, "session.jsonl") });
  const error = await open(replaying.url)
    .generate({ messages: [{ role: "user", content: "plain but other" }] })
    .catch((caught: unknown) => caught);
  expect(isMnemosyneError(error) && error.code).toBe("E_SCRIPT");
  expect((error as Error).message).toContain("tape has no reply for this request: POST /v1/messages");
  expect((error as Error).message).toContain("messages.0.content: 'plain but other' instead of 'plain'");
  expect(replaying.count).toBe(0);
});

test("a file that is no tape, and one that is not there, are refused", async () => {
  const file = join(folder, "not-a-tape.jsonl");
  await writeFile(file, '{"tape":1}\n{"key":1}\n');
  await expect(startTapeServer({ mode: "replay", file })).rejects.toMatchObject({ code: "E_INPUT" });
  await expect(startTapeServer({ mode: "replay", file: `${file}.gone` })).rejects.toMatchObject({
    code: "E_NOT_FOUND",
  });
});

test.each([
  "sk-ant-api03-abcdefghijklmnop",
  "github_pat_11ABCDEFG0abcdefghijkl",
  "AKIAIOSFODNN7EXAMPLE",
  "Bearer abcdefghijklmnopqrst",
  "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
])("%j is masked", (secret) => {
  expect(redactSecrets(`before ${secret} after`)).toBe("before [redacted] after");
});

test.each(["task-anthropic-1", "sk-1", "the Bearer of news"])("%j is not a secret", (text) => {
  expect(redactSecrets(`before ${text} after`)).toBe(`before ${text} after`);
});
