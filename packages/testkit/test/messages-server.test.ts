import { setTimeout as sleep } from "node:timers/promises";
import { Anthropic } from "@anthropic-ai/sdk";
import {
  startMessagesServer,
  type MessagesServer,
  type MessagesServerOptions,
  type Script,
} from "@mnemosyne/testkit";
import { expect, test } from "vitest";

const open = (turns: Script["turns"], options?: MessagesServerOptions): Promise<MessagesServer> =>
  startMessagesServer({ name: "test", turns }, options);

const USER = { role: "user", content: "Hi" };
const BODY = { model: "claude-sonnet-5-5", max_tokens: 100, messages: [USER] };
const HEADERS = {
  "content-type": "application/json",
  authorization: "Bearer k",
  "anthropic-version": "2026-10-21",
};

async function post(
  server: MessagesServer,
  body: unknown,
  headers: Record<string, string> = HEADERS,
  path = "/v1/messages",
): Promise<{
  status: number;
  body: { type: string; error: { type: string; message: string } };
  headers: Headers;
}> {
  const answer = await fetch(new URL(path, server.url), {
    method: "POST",
    headers,
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as never, headers: answer.headers };
}

const tool = (name: string) => ({ name, input_schema: { type: "object" } });
const use = (id: string) => ({ type: "tool_use", id, name: "t", input: {} });
const result = (id: string) => ({ type: "tool_result", tool_use_id: id, content: "ok" });

test.each<[string, unknown, string]>([
  ["no JSON", "not json", "valid dictionary"],
  ["no model", { ...BODY, model: undefined }, "model: Field required"],
  ["no max_tokens", { ...BODY, max_tokens: undefined }, "max_tokens: Field required"],
  ["a broken max_tokens", { ...BODY, max_tokens: 1.5 }, "valid integer"],
  ["too large a max_tokens", { ...BODY, max_tokens: 999_999 }, "999999 > 128000"],
  ["no messages", { ...BODY, messages: [] }, "at least one message"],
  ["a temperature", { ...BODY, temperature: 0 }, "temperature: Extra inputs are not permitted"],
  ["a top_p", { ...BODY, top_p: 1 }, "top_p: Extra inputs are not permitted"],
  ["an unknown field", { ...BODY, maxTokens: 3 }, "maxTokens: Extra inputs are not permitted"],
  [
    "an empty text",
    { ...BODY, messages: [{ role: "user", content: [{ type: "text", text: "" }] }] },
    "non-empty",
  ],
  [
    "an unknown block",
    { ...BODY, messages: [{ role: "user", content: [{ type: "toolResult" }] }] },
    "does not match",
  ],
  ["an unknown role", { ...BODY, messages: [{ role: "tool", content: "x" }] }, "role"],
  ["a prefill", { ...BODY, messages: [USER, { role: "assistant", content: "So" }] }, "prefill"],
  ["an assistant first", { ...BODY, messages: [{ role: "assistant", content: "x" }, USER] }, "first message"],
  [
    "a tool use without a result",
    {
      ...BODY,
      messages: [
        USER,
        { role: "assistant", content: [use("a"), use("b")] },
        { role: "user", content: [result("a")] },
      ],
    },
    "without `tool_result` blocks immediately after: b",
  ],
  [
    "a result without a tool use",
    { ...BODY, messages: [{ role: "user", content: [result("z")] }] },
    "unexpected `tool_use_id`",
  ],
  [
    "a result behind a text",
    {
      ...BODY,
      messages: [
        USER,
        { role: "assistant", content: [use("a")] },
        { role: "user", content: [{ type: "text", text: "x" }, result("a")] },
      ],
    },
    "must come before",
  ],
  ["two tools of one name", { ...BODY, tools: [tool("t"), tool("t")] }, "must be unique"],
  ["an illegal tool name", { ...BODY, tools: [tool("a b")] }, "should match pattern"],
  ["a tool without a schema", { ...BODY, tools: [{ name: "t" }] }, "input_schema: Field required"],
  [
    "a loose output schema",
    {
      ...BODY,
      output_config: { format: { type: "json_schema", schema: { type: "object", properties: {} } } },
    },
    "additionalProperties",
  ],
  ["an unknown effort", { ...BODY, output_config: { effort: "huge" } }, "effort"],
  [
    "five cache breakpoints",
    {
      ...BODY,
      messages: [
        {
          role: "user",
          content: Array.from({ length: 5 }, () => ({
            type: "text",
            text: "x",
            cache_control: { type: "ephemeral" },
          })),
        },
      ],
    },
    "maximum of 4",
  ],
])("%s is refused as the API refuses it", async (_what, body, message) => {
  await using server = await open([{ text: "never" }]);
  const answer = await post(server, body);
  expect([answer.status, answer.body.error.type]).toEqual([400, "invalid_request_error"]);
  expect(answer.body.error.message).toContain(message);
  expect(server.bill.calls).toBe(0);
});

test("no version, no key, a wrong key, an unknown model, an unknown route and too large a body are refused", async () => {
  await using server = await open([{ text: "never" }], { apiKey: "right", maxBodyBytes: 10_000 });
  const right = { ...HEADERS, authorization: "Bearer right" };
  const status = async (...args: [unknown, Record<string, string>?, string?]): Promise<number> =>
    (await post(server, ...args)).status;
  const { "anthropic-version": _, ...versionless } = right;
  expect(await status(BODY, versionless)).toBe(400);
  expect(await status(BODY, { "content-type": "application/json" })).toBe(401);
  expect(await status(BODY, HEADERS)).toBe(401);
  expect(await status({ ...BODY, model: "gpt" }, right)).toBe(404);
  expect(await status(BODY, right, "/v1/complete")).toBe(404);
  expect(await status({ ...BODY, system: "x".repeat(20_000) }, right)).toBe(413);
  expect(
    await status(BODY, { ...versionless, authorization: "", "x-api-key": "right", "anthropic-version": "1" }),
  ).toBe(200);
});

test("the log has every request with its outcome, and no secret", async () => {
  await using server = await open([{ times: 1, error: { status: 429, retryAfter: 2 } }, { text: "ok" }]);
  const refused = await post(server, BODY, { ...HEADERS, authorization: "Bearer top-secret" });
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "2"]);
  await post(server, BODY, { ...HEADERS, authorization: "Bearer top-secret", "x-api-key": "top-secret" });
  expect(server.requests.map(({ number, path, status, outcome }) => [number, path, status, outcome])).toEqual(
    [
      [1, "/v1/messages", 429, "refused"],
      [2, "/v1/messages", 200, "answered"],
    ],
  );
  expect(JSON.stringify(server.requests)).not.toContain("top-secret");
});

test("the SDK reads a stream as the same message that it reads as JSON, usage and all", async () => {
  const turn = {
    text: "Ünïcode 漢字 🙂 and a rather long text, so that it comes in pieces.",
    toolUses: [{ name: "look", input: { path: "a/ü.txt", deep: [1, { two: "zwei" }], "": null } }],
  };
  await using server = await open([turn]);
  const client = new Anthropic({ baseURL: server.url, apiKey: "k" });
  const params = { ...BODY, messages: [{ role: "user" as const, content: "Hi" }] };
  const whole = await client.messages.create(params);
  const events: string[] = [];
  const stream = client.messages.stream(params);
  stream.on("streamEvent", (event) => void events.push(event.type));
  const streamed = await stream.finalMessage();
  const { id: _, content, ...rest } = whole;
  expect(streamed).toMatchObject(JSON.parse(JSON.stringify(rest)) as object);
  expect(streamed.content.map((block) => (block.type === "tool_use" ? block.input : block))).toEqual(
    content.map((block) => (block.type === "tool_use" ? block.input : block)),
  );
  expect(events[0]).toBe("message_start");
  expect(events.slice(-2)).toEqual(["message_delta", "message_stop"]);
  expect(events.filter((type) => type === "content_block_delta").length).toBeGreaterThan(4);
  expect(server.bill).toMatchObject({ calls: 2, outputTokens: 2 * whole.usage.output_tokens });
});

test("count_tokens and the models are served; counting is not charged", async () => {
  await using server = await open([{ text: "ok" }]);
  const client = new Anthropic({ baseURL: server.url, apiKey: "k" });
  const messages = [{ role: "user" as const, content: "How many tokens does this have?" }];
  const { input_tokens } = await client.messages.countTokens({ model: BODY.model, messages });
  expect(server.bill.calls).toBe(0);
  const { usage } = await client.messages.create({ ...BODY, messages });
  expect(usage.input_tokens).toBe(input_tokens);
  expect(await client.models.retrieve("claude-haiku-4-5-20251001")).toMatchObject({
    id: "claude-haiku-4-5",
    max_input_tokens: 200_000,
    max_tokens: 64_000,
  });
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  expect(ids).toContain("claude-sonnet-5-5");
  await expect(client.models.retrieve("nothing")).rejects.toMatchObject({ status: 404 });
});

test("a reply that never arrives is on the bill all the same", async () => {
  await using server = await open([
    { times: 1, text: "lost", fault: "drop" },
    { text: "slow", delayMs: 10_000 },
  ]);
  await expect(post(server, BODY)).rejects.toThrow("fetch failed");
  const controller = new AbortController();
  const call = fetch(new URL("/v1/messages", server.url), {
    method: "POST",
    headers: HEADERS,
    body: JSON.stringify(BODY),
    signal: controller.signal,
  });
  await sleep(50);
  controller.abort();
  await expect(call).rejects.toThrow("aborted");
  expect(server.bill.calls).toBe(2);
  expect(server.bill.outputTokens).toBeGreaterThan(0);
  await expect.poll(() => server.requests.map(({ outcome }) => outcome)).toEqual(["broken", "aborted"]);
});

test("closing ends a stalled connection at once, and may be done twice", async () => {
  const server = await open([{ text: "a text ".repeat(20), fault: "stall" }]);
  const answer = await fetch(new URL("/v1/messages", server.url), {
    method: "POST",
    headers: HEADERS,
    body: JSON.stringify({ ...BODY, stream: true }),
  });
  const began = performance.now();
  await server.close();
  await server.close();
  await expect(answer.text()).rejects.toThrow("terminated");
  expect(performance.now() - began).toBeLessThan(1000);
});

test("usage is the same for the same requests, and a turn can give its own", async () => {
  const usages = [];
  for (let round = 0; round < 2; round++) {
    await using server = await open([
      { when: { text: "own" }, text: "x", usage: { inputTokens: 123_456, outputTokens: 7 } },
      { text: "counted" },
    ]);
    const own = await post(server, { ...BODY, messages: [{ role: "user", content: "own" }] });
    const counted = await post(server, BODY);
    usages.push([own.body, counted.body].map((body) => (body as unknown as { usage: object }).usage));
  }
  expect(usages[0]).toEqual(usages[1]);
  expect(usages[0]?.[0]).toMatchObject({ input_tokens: 123_456, output_tokens: 7 });
});
