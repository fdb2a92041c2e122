import type { Embedder } from "@mnemosyne/core";
import { createStaticEmbedder } from "@mnemosyne/embeddings";
import { embedderConformance } from "@mnemosyne/testkit/conformance";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { broken, failing } from "./broken.ts";

type Vectors = readonly (Float32Array | undefined)[];

const real = createStaticEmbedder();

/** Names of the checks that an embedder fails which is the real one but for what is given. */
function lying(change: Partial<Embedder>): Promise<readonly string[]> {
  return failing(embedderConformance(async () => ({ subject: broken(real, change) })));
}

/** An embedder whose vectors are the real ones, changed. */
function changing(change: (vectors: Vectors, texts: readonly string[]) => Vectors): Partial<Embedder> {
  return { embed: async (texts, options) => change(await real.embed(texts, options), texts) };
}

const each = (change: (vector: Float32Array) => Float32Array): Partial<Embedder> =>
  changing((vectors) => vectors.map((vector) => (vector === undefined ? undefined : change(vector))));

const cache = new Map<string, Float32Array | undefined>();
let calls = 0;
let last: readonly string[] = [];

test("an embedder that tells the truth conforms", async () => {
  expect(await lying({})).toEqual([]);
});

const VECTORS = "each text gives a vector of its dimensions and of length 1";
const PLACES = "a text's vector stands in its place, and is the same alone and among others";

test.each<[string, Partial<Embedder>, string]>([
  ["has another number of dimensions", { dimensions: 99 }, VECTORS],
  ["gives numbers that are none", each((vector) => vector.with(3, Number.NaN)), VECTORS],
  ["gives vectors of any length", each((vector) => vector.map((value) => value * 2)), VECTORS],
  ["gives zeros", each((vector) => vector.map(() => 0)), VECTORS],
  ["gives plain lists", each((vector) => Array.from(vector) as never), VECTORS],
  [
    "gives zeros for what it does not know",
    changing((vectors) => vectors.map((vector) => vector ?? new Float32Array(100))),
    "a blank text has no vector, and takes none from others",
  ],
  [
    "passes over what it does not know",
    changing((vectors) => vectors.filter((vector) => vector !== undefined)),
    "a blank text has no vector, and takes none from others",
  ],
  ["sorts", changing((vectors) => vectors.toSorted((a, b) => (a?.[0] ?? 0) - (b?.[0] ?? 0))), PLACES],
  ["turns the order around", changing((vectors) => vectors.toReversed()), PLACES],
  [
    "lets chance in",
    each((vector) => unit(vector.map((value) => value + (Math.random() - 0.5) / 10))),
    PLACES,
  ],
  [
    "changes from call to call",
    changing((vectors) =>
      ++calls % 2 === 0 ? vectors : vectors.map((vector) => vector?.map((value) => -value)),
    ),
    PLACES,
  ],
  [
    "lets texts of one call colour each other",
    changing((vectors) =>
      vectors.map((vector) => vector && unit(vector.map((value, at) => value + (vectors[0]?.[at] ?? 0)))),
    ),
    PLACES,
  ],
  [
    "takes 100 texts at most",
    { embed: (texts, options) => real.embed(texts.slice(0, 100), options) },
    "many texts at once come back in their order",
  ],
  [
    "has one vector for everything",
    each((vector) => vector.map((_value, at) => (at === 0 ? 1 : 0))),
    "different texts have different vectors",
  ],
  [
    "gives one vector out twice",
    {
      async embed(texts, options) {
        for (const [at, vector] of (await real.embed(texts, options)).entries())
          if (!cache.has(texts[at] ?? "")) cache.set(texts[at] ?? "", vector);
        return texts.map((text) => cache.get(text));
      },
    },
    "a vector that was given is the caller's: changing it changes no other",
  ],
  [
    "mixes calls up",
    {
      async embed(texts, options) {
        last = texts;
        await sleep(5);
        return real.embed(last, options);
      },
    },
    "calls at the same time do not mix",
  ],
  [
    "refuses an empty list",
    {
      async embed(texts, options) {
        if (texts.length === 0) throw new Error("nothing to do");
        return real.embed(texts, options);
      },
    },
    "an empty list gives an empty list",
  ],
  [
    "refuses long texts",
    {
      async embed(texts, options) {
        if (texts.some(({ length }) => length > 30_000)) throw new Error("too long");
        return real.embed(texts, options);
      },
    },
    "a text of 100 kB is accepted",
  ],
  [
    "stumbles over half a character",
    {
      async embed(texts, options) {
        for (const text of texts) encodeURIComponent(text);
        return real.embed(texts, options);
      },
    },
    "whatever a text is made of, it has a sound vector or none",
  ],
  ["has no name", { id: "embedder" }, "its id names it and its dimensions, and stays"],
  ["names other dimensions", { id: "static-en@1/384" }, "its id names it and its dimensions, and stays"],
  ["weighs more than everything", { weight: 1.5 }, "its id names it and its dimensions, and stays"],
  [
    "does not look at its signal",
    { embed: (texts) => real.embed(texts) },
    "a signal that has fired is E_CANCELLED",
  ],
  [
    "throws what it likes at an abort",
    {
      async embed(texts, { signal } = {}) {
        signal?.throwIfAborted();
        return real.embed(texts);
      },
    },
    "a signal that has fired is E_CANCELLED",
  ],
  [
    "looks at its signal only at the start",
    {
      async embed(texts, options) {
        const vectors = await real.embed(texts, options?.signal?.aborted === true ? options : {});
        if (texts.length > 1000) await sleep(20_000, undefined, { ref: false });
        return vectors;
      },
    },
    "an abort ends a long call soon",
  ],
])("an embedder that %s is caught", async (_fault, change, check) => {
  expect(await lying(change)).toContain(check);
});

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
