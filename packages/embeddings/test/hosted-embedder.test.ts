import { inspect } from "node:util";
import { createHostedEmbedder, type HostedEmbedderOptions } from "@mnemosyne/embeddings";
import { isMnemosyneError } from "@mnemosyne/core";
import { embedderConformance } from "@mnemosyne/testkit/conformance";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  answer,
  startEmbeddingsService,
  vectorOf,
  type EmbeddingsService,
  type Fault,
} from "./embeddings-service.ts";
import { cosine } from "./vectors.ts";

const KEY = "sk-very-secret-key-0123456789";
const DIMENSIONS = 48;
let service: EmbeddingsService;

beforeEach(async () => {
  service = await startEmbeddingsService(DIMENSIONS);
});
afterEach(() => service.close());

function hosted(change: Partial<HostedEmbedderOptions> = {}) {
  return createHostedEmbedder({
    url: service.url,
    model: "text-embedding-3-small",
    dimensions: DIMENSIONS,
    apiKey: KEY,
    ...change,
  });
}

describe.each(["openai", "voyage"] as const)("the port, as %s speaks", (dialect) => {
  const open = async () => {
    const own = await startEmbeddingsService(DIMENSIONS);
    return { subject: hosted({ url: own.url, dialect }), close: own.close };
  };
  // oxlint-disable-next-line vitest/expect-expect -- the checks throw by themselves
  test.each(embedderConformance(open))("$name", ({ run }) => run());
});

test("what it asks as OpenAI does", async () => {
  const embedder = hosted();
  expect(embedder.id).toBe("text-embedding-3-small/48");
  const [vector] = await embedder.embed(["hello there"]);
  expect(cosine(vector, unit(vectorOf("hello there", DIMENSIONS)))).toBeCloseTo(1, 5);
  const [asked] = service.asked;
  expect(asked?.path).toBe("/v1/embeddings");
  expect(asked?.headers).toMatchObject({
    authorization: `Bearer ${KEY}`,
    "content-type": "application/json",
  });
  expect(asked?.body).toEqual({
    input: ["hello there"],
    model: "text-embedding-3-small",
    encoding_format: "float",
  });
});

test("what it asks as Voyage does: the purpose goes along, and a shorter length where it is wanted", async () => {
  const embedder = hosted({ dialect: "voyage", model: "voyage-3.5", dimensions: 32, shorten: true });
  expect((await embedder.embed(["stored"]))[0]).toHaveLength(32);
  await embedder.embed(["asked"], { purpose: "query" });
  expect(service.asked.map(({ body }) => body)).toEqual([
    {
      input: ["stored"],
      model: "voyage-3.5",
      input_type: "document",
      truncation: true,
      output_dimension: 32,
    },
    { input: ["asked"], model: "voyage-3.5", input_type: "query", truncation: true, output_dimension: 32 },
  ]);
  await hosted({
    dimensions: 16,
    shorten: true,
    url: `${service.url}/embeddings`,
    headers: { "x-team": "a" },
  }).embed(["x y"]);
  expect(service.asked[2]).toMatchObject({
    path: "/v1/embeddings",
    headers: { "x-team": "a" },
    body: { dimensions: 16 },
  });
});

test("many texts go in batches, and a long one is cut", async () => {
  const embedder = hosted({ batchSize: 10, concurrency: 3, maxCharacters: 50 });
  const texts = Array.from({ length: 35 }, (_, nth) => `text ${nth} ${"x".repeat(nth * 3)}`);
  const vectors = await embedder.embed(texts);
  expect(service.asked.map(({ body }) => body.input.length).toSorted((a, b) => a - b)).toEqual([
    5, 10, 10, 10,
  ]);
  for (const [nth, vector] of vectors.entries())
    expect(cosine(vector, unit(vectorOf(texts[nth]?.slice(0, 50) ?? "", DIMENSIONS)))).toBeCloseTo(1, 4);
});

test.each<[string, Fault]>([
  ["busy", (response) => answer(response, 429, { error: { message: "slow" } }, { "retry-after-ms": "5" })],
  ["failing", (response) => answer(response, 503, "<html>bad gateway</html>", { "retry-after": "0" })],
  [
    "cut off",
    (response) => {
      response.writeHead(200, { "content-length": "5000", "content-type": "application/json" });
      response.write('{"data":[');
      response.destroy();
      return true;
    },
  ],
  ["not whole", (response) => answer(response, 200, '{"data":[{"ind')],
])("a service that is %s is asked again", async (_what, fault) => {
  service.faults.push(fault);
  expect((await hosted().embed(["again"]))[0]).toHaveLength(DIMENSIONS);
  expect(service.asked).toHaveLength(2);
});

test("retry-after is honoured, in seconds and as a date; too long a wait is given up at once", async () => {
  service.faults.push((response) => answer(response, 429, {}, { "retry-after": "1" }));
  await hosted().embed(["wait"]);
  const [first, second] = service.asked;
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(950);
  service.faults.push((response) =>
    answer(response, 503, {}, { "retry-after": new Date(Date.now() + 2500).toUTCString() }),
  );
  await hosted().embed(["wait"]);
  const [, , third, fourth] = service.asked;
  expect((fourth?.at ?? 0) - (third?.at ?? 0)).toBeGreaterThan(1000);
  service.faults.push((response) => answer(response, 429, {}, { "retry-after": "3600" }));
  await expect(hosted().embed(["wait"])).rejects.toMatchObject({
    code: "E_MODEL_OVERLOADED",
    retryable: true,
  });
  expect(service.asked).toHaveLength(5);
});

test("waits grow and differ by chance", async () => {
  for (let nth = 0; nth < 6; nth++) service.faults.push((response) => answer(response, 500, {}));
  const gaps = async () => {
    const before = service.asked.length;
    await expect(hosted({ maxRetries: 2 }).embed(["x y"])).rejects.toMatchObject({ code: "E_UNAVAILABLE" });
    const times = service.asked.slice(before).map(({ at }) => at);
    expect(times).toHaveLength(3);
    return times.slice(1).map((at, nth) => at - (times[nth] ?? 0));
  };
  const [one, two] = [await gaps(), await gaps()];
  for (const [short = 0, long = 0] of [one, two]) {
    expect(short).toBeGreaterThan(240);
    expect(long).toBeGreaterThan(490);
  }
  expect(one).not.toEqual(two);
});

test.each<[number, string, unknown, string]>([
  [401, "E_MODEL_AUTH", { error: { message: `Incorrect API key provided: ${KEY}.` } }, "Incorrect API key"],
  [403, "E_MODEL_AUTH", { detail: "not for you" }, "not for you"],
  [400, "E_MODEL", { error: { message: "maximum context length is 8192 tokens" } }, "maximum context"],
  [404, "E_MODEL", { error: { message: "no such model" } }, "no such model"],
  [422, "E_MODEL", { message: "dimensions out of range" }, "out of range"],
])("status %d is %s, is not asked again, and says why without the key", async (status, code, body, said) => {
  service.faults.push((response) => answer(response, status, body));
  const error: unknown = await hosted()
    .embed(["hello"])
    .catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code, retryable: false, details: { status } });
  expect(String(error)).toContain(said);
  expect(service.asked).toHaveLength(1);
  expect(inspect(error, { depth: 10 }) + JSON.stringify(error)).not.toContain(KEY);
});

test("no key in any error: neither in a url, nor from a proxy that repeats what it got, nor in causes", async () => {
  const url = new URL(service.url);
  url.searchParams.set("api-key", "query-secret-77");
  const faults = [
    () => service.faults.push((response, { headers }) => answer(response, 500, JSON.stringify(headers))),
    () =>
      service.faults.push((response, { headers }) =>
        answer(response, 200, `not JSON ${JSON.stringify(headers)}`),
      ),
    () => service.faults.push((response, asked) => answer(response, 400, `bad ${asked.path} ${KEY}`)),
    () => service.close(),
  ];
  for (const fault of faults) {
    await fault();
    const embedder = hosted({ url, maxRetries: 0, headers: { "x-gateway": "gateway-secret-99" } });
    const error: unknown = await embedder.embed(["hello"]).catch((caught: unknown) => caught);
    expect(isMnemosyneError(error)).toBe(true);
    expect(inspect(error, { depth: 10 }) + JSON.stringify(error)).not.toMatch(
      /very-secret|query-secret|gateway-secret/,
    );
  }
});

test("answers that are none are E_MODEL", async () => {
  const item = (index: unknown, embedding: unknown = vectorOf("x", DIMENSIONS)) => ({ index, embedding });
  for (const body of [
    {},
    [],
    { data: [item(0)] },
    { data: [item(0), item(0)] },
    { data: [item(0), item(2)] },
    { data: [item(0), item("1")] },
    { data: [item(0), item(1, "AAAA")] },
    { data: [item(0), item(1, [1, 2, 3])] },
    {
      data: [
        item(0),
        item(
          1,
          Array.from({ length: DIMENSIONS }, () => null),
        ),
      ],
    },
  ]) {
    service.faults.push((response) => answer(response, 200, body));
    await expect(hosted().embed(["one", "two"])).rejects.toMatchObject({ code: "E_MODEL" });
  }
  service.faults.push((response) => answer(response, 302, "", { location: "http://127.0.0.1:1/elsewhere" }));
  await expect(hosted().embed(["one"])).rejects.toMatchObject({ code: "E_MODEL", message: /302/ });
});

test("a service that hangs runs into the limit; a caller who leaves is not kept", async () => {
  service.faults.push(() => true);
  const began = performance.now();
  await expect(hosted({ timeout: 100, maxRetries: 0 }).embed(["x y"])).rejects.toMatchObject({
    code: "E_UNAVAILABLE",
    message: /100 ms/,
  });
  expect(performance.now() - began).toBeLessThan(2000);
  // Its headers come, its body does not.
  service.faults.push((response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write('{"data":[');
    return true;
  });
  await expect(hosted({ timeout: 100, maxRetries: 0 }).embed(["x y"])).rejects.toMatchObject({
    code: "E_UNAVAILABLE",
  });
  for (const fault of [
    () => true,
    (response: Parameters<typeof answer>[0]) => answer(response, 429, {}, { "retry-after": "30" }),
  ]) {
    service.faults.push(fault);
    const abort = new AbortController();
    const call = hosted().embed(["x y"], { signal: abort.signal });
    setTimeout(() => abort.abort(), 50);
    await expect(call).rejects.toMatchObject({ code: "E_CANCELLED" });
  }
  expect(service.asked).toHaveLength(4);
});

test.each<[string, Partial<HostedEmbedderOptions>]>([
  ["url", { url: "not a url" }],
  ["url", { url: "ftp://example.org" }],
  ["model", { model: "" }],
  ["dimensions", { dimensions: 0 }],
  ["timeout", { timeout: -1 }],
  ["maxRetries", { maxRetries: 1.5 }],
])("a wrong %s is refused", (path, change) => {
  expect(() => hosted(change)).toThrow(expect.objectContaining({ code: "E_INPUT", path }) as Error);
});

function unit(vector: readonly number[]): Float32Array {
  const length = Math.hypot(...vector);
  return Float32Array.from(vector, (value) => value / length);
}
