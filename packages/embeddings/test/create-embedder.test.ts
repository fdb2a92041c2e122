import { setTimeout as sleep } from "node:timers/promises";
import { createCachedEmbedder, createEmbedder, type EmbedderOptions } from "@mnemosyne/embeddings";
import { embedderConformance } from "@mnemosyne/testkit/conformance";
import { describe, expect, test } from "vitest";

/** How often each pair of letters occurs. */
function letters(text: string): readonly number[] {
  const counts = Array.from({ length: 64 }, () => 0.01);
  for (let at = 0; at + 1 < text.length; at++)
    counts[(text.charCodeAt(at) * 31 + text.charCodeAt(at + 1)) % 64] = 1;
  return counts.map((count, at) => count * (at % 2 === 0 ? 1 : -1));
}

const pairs: EmbedderOptions = { id: "pairs@1", dimensions: 64, embed: (texts) => texts.map(letters) };

describe("any function", () => {
  // oxlint-disable-next-line vitest/expect-expect -- the checks throw by themselves
  test.each(embedderConformance(async () => ({ subject: createEmbedder(pairs) })))("$name", ({ run }) =>
    run(),
  );
});

describe("behind a cache", () => {
  const open = async () => ({ subject: createCachedEmbedder(createEmbedder(pairs), { entries: 3 }) });
  // oxlint-disable-next-line vitest/expect-expect -- the checks throw by themselves
  test.each(embedderConformance(open))("$name", ({ run }) => run());
});

test("texts go out in batches, some at once, blank ones never; vectors come back in place", async () => {
  const batches: (readonly string[])[] = [];
  let running = 0;
  let most = 0;
  const embedder = createEmbedder({
    ...pairs,
    batchSize: 3,
    concurrency: 2,
    async embed(texts) {
      batches.push(texts);
      most = Math.max(most, ++running);
      await sleep(texts.includes("a0") ? 20 : 5);
      running--;
      return texts.map(letters);
    },
  });
  const texts = Array.from({ length: 10 }, (_, nth) => (nth % 4 === 3 ? " " : `a${nth}`));
  const vectors = await embedder.embed(texts);
  expect(batches.map(({ length }) => length).toSorted((a, b) => a - b)).toEqual([2, 3, 3]);
  expect(most).toBe(2);
  expect(batches.flat()).not.toContain(" ");
  const alone = await createEmbedder(pairs).embed(texts);
  expect(vectors).toEqual(alone);
  expect(vectors.map((vector) => vector === undefined)).toEqual(texts.map((text) => text === " "));
});

test("vectors of zeros are none; vectors that are no vectors are E_MODEL", async () => {
  const giving = (vector: ArrayLike<number> | undefined) =>
    createEmbedder({ id: "x", dimensions: 3, embed: (texts) => texts.map(() => vector) }).embed(["a", "b"]);
  expect(await giving([0, 0, 0])).toEqual([undefined, undefined]);
  await expect(giving(undefined)).resolves.toEqual([undefined, undefined]);
  expect(await giving([3, 0, 4])).toEqual([Float32Array.of(0.6, 0, 0.8), Float32Array.of(0.6, 0, 0.8)]);
  for (const [vector, message] of [
    [[1, 2], /2 dimensions instead of 3/],
    [[1, Number.NaN, 2], /NaN/],
    [[1, 2, Number.POSITIVE_INFINITY], /Infinity/],
  ] as const)
    await expect(giving(vector)).rejects.toMatchObject({ code: "E_MODEL", message });
  const short = createEmbedder({ id: "x", dimensions: 1, embed: () => [[1]] });
  await expect(short.embed(["a", "b"])).rejects.toMatchObject({
    code: "E_MODEL",
    message: /1 vectors for 2/,
  });
});

test("a function that does not listen is left behind at an abort; its failure fails the call", async () => {
  let heard: AbortSignal | undefined;
  const deaf = createEmbedder({
    ...pairs,
    embed: (_texts, { signal }) => {
      heard = signal;
      return new Promise(() => {});
    },
  });
  const abort = new AbortController();
  const call = deaf.embed(["a"], { signal: abort.signal });
  setTimeout(() => abort.abort(), 10);
  await expect(call).rejects.toMatchObject({ code: "E_CANCELLED", kind: "cancelled" });
  expect(heard?.aborted).toBe(true);
  const fault = new Error("out of order");
  const failing = createEmbedder({ ...pairs, embed: () => Promise.reject(fault) });
  await expect(failing.embed(["a"])).rejects.toBe(fault);
});

test("one failing batch stops the others", async () => {
  let calls = 0;
  const embedder = createEmbedder({
    ...pairs,
    batchSize: 1,
    concurrency: 2,
    async embed(texts, { signal }) {
      if (++calls === 3) throw new Error("third");
      await sleep(5, undefined, { signal });
      return texts.map(letters);
    },
  });
  await expect(embedder.embed(Array.from({ length: 50 }, (_, nth) => `t${nth}`))).rejects.toThrow("third");
  await sleep(30);
  expect(calls).toBeLessThan(6);
});

test.each<[string, Partial<EmbedderOptions>]>([
  ["id", { id: "has blanks" }],
  ["id", { id: "" }],
  ["dimensions", { dimensions: 0 }],
  ["dimensions", { dimensions: 1.5 }],
  ["weight", { weight: 2 }],
  ["weight", { weight: Number.NaN }],
  ["batchSize", { batchSize: 0 }],
  ["embed", { embed: undefined as never }],
])("a wrong %s is refused", (path, change) => {
  expect(() => createEmbedder({ ...pairs, ...change })).toThrow(
    expect.objectContaining({ code: "E_INPUT", path }) as Error,
  );
});

test("a cache asks once for what it has seen, by purpose, and forgets what was used longest ago", async () => {
  const asked: string[] = [];
  const embedder = createCachedEmbedder(
    createEmbedder({
      ...pairs,
      embed(texts, { purpose }) {
        asked.push(...texts.map((text) => `${purpose}:${text}`));
        return texts.map(letters);
      },
    }),
    { entries: 3 },
  );
  await embedder.embed(["a", "b", "a", "c"]);
  await embedder.embed(["a", "c"]);
  expect(asked).toEqual(["document:a", "document:b", "document:c"]);
  await embedder.embed(["a"], { purpose: "query" });
  await embedder.embed(["a", "c"]);
  expect(asked).toEqual(["document:a", "document:b", "document:c", "query:a"]);
  const vectors = await embedder.embed(["b", "d", "e", "f", "b"]);
  expect(vectors).toEqual(await createEmbedder(pairs).embed(["b", "d", "e", "f", "b"]));
  expect(asked.slice(4)).toEqual(["document:b", "document:d", "document:e", "document:f"]);
});
