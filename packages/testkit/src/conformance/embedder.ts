import { MnemosyneError, type Embedder } from "@mnemosyne/core";
import {
  holds,
  refused,
  same,
  soon,
  suite,
  there,
  type Checks,
  type ConformanceCheck,
  type Open,
} from "./check.ts";

/** What an embedder is tried on. */
export interface EmbedderConformanceOptions {
  /** At least three texts that mean different things, in the embedder's language. Default: English sentences. */
  readonly texts?: readonly string[];
  /** How far a number of a vector may be off when the same text is asked for again, with other texts. Default: 0.001. */
  readonly tolerance?: number;
}

const TEXTS: readonly string[] = [
  "We deploy to production on Friday afternoons.",
  "The cat sleeps on the warm kitchen floor.",
  "Interest rates were raised by the central bank.",
  "She plays the violin in an orchestra.",
  "The database keeps its files on a local disk.",
];
/** What texts may be made of. */
const ODD = [
  "\u0000",
  "line\nbreak\ttab",
  "漢字とかな",
  "🙂👩‍👩‍👧",
  "half of a pair \ud83d",
  "مرحبا بالعالم",
  "'; DROP TABLE x; --",
  "qwzxkvj",
];

/**
 * What every embedder must do, by the port's contract.
 *
 * @example
 * const open = async () => ({ subject: createStaticEmbedder() });
 * for (const { name, run } of embedderConformance(open)) test(name, run);
 */
export function embedderConformance(
  open: Open<Embedder>,
  options: EmbedderConformanceOptions = {},
): readonly ConformanceCheck[] {
  const { texts = TEXTS, tolerance = 1e-3 } = options;
  if (texts.length < 3)
    throw new MnemosyneError("E_INPUT", "texts must be at least three texts.", {
      kind: "input",
      path: "texts",
    });
  return suite(open, { ...vectorChecks(texts), ...samenessChecks(texts, tolerance), ...callChecks(texts) });
}

function vectorChecks(texts: readonly string[]): Checks<Embedder> {
  return {
    "its id names it and its dimensions, and stays": async (embedder, second) => {
      const { id, dimensions, weight = 0.25 } = embedder;
      holds(Number.isSafeInteger(dimensions) && dimensions > 0, `dimensions is ${dimensions}`);
      holds(weight >= 0 && weight <= 1, `weight is ${weight}`);
      const [, named] = /^[^\s#]+\/(\d+)(?:#[0-9a-f]{8,64})?$/.exec(id) ?? [];
      holds(named !== undefined && id.length <= 300, `'${id}' is not NAME@VERSION/DIMENSIONS or ...#HASH`);
      same(Number(named), dimensions, `dimensions in '${id}'`);
      await embedder.embed(texts);
      same([embedder.id, embedder.dimensions], [id, dimensions], "identity after a call");
      same([second.id, second.dimensions], [id, dimensions], "identity of another handle");
    },
    "each text gives a vector of its dimensions and of length 1": async (embedder) => {
      const vectors = await embedder.embed(texts);
      same(vectors.length, texts.length, "vectors");
      for (const [at, vector] of vectors.entries())
        checkVector(there(vector, `the vector of '${texts[at] ?? ""}'`), embedder);
    },
    "an empty list gives an empty list": async (embedder) => {
      same(await embedder.embed([]), [], "vectors of no texts");
    },
    "a blank text has no vector, and takes none from others": async (embedder) => {
      const [text = ""] = texts;
      const vectors = await embedder.embed(["", text, " \n\t "]);
      same(
        vectors.map((vector) => vector === undefined),
        [true, false, true],
        "texts without a vector",
      );
    },
    "whatever a text is made of, it has a sound vector or none": async (embedder) => {
      const [text = ""] = texts;
      const vectors = await embedder.embed([...ODD, text]);
      same(vectors.length, ODD.length + 1, "vectors");
      for (const vector of vectors) if (vector !== undefined) checkVector(vector, embedder);
      holds(vectors.at(-1) !== undefined, "a plain text after odd ones has no vector");
    },
    "a text of 100 kB is accepted": async (embedder) => {
      const long = `${texts.join(" ")} `
        .repeat(Math.ceil(100_000 / texts.join(" ").length))
        .slice(0, 100_000);
      const [vector] = await embedder.embed([long]);
      checkVector(there(vector, "the vector of a long text"), embedder);
    },
    "different texts have different vectors": async (embedder) => {
      const vectors = await embedder.embed(texts);
      for (const [at, one] of vectors.entries())
        for (const other of vectors.slice(at + 1))
          holds(
            cosine(there(one, "a vector"), there(other, "a vector")) < 0.99,
            `'${texts[at] ?? ""}' has the same vector as another text`,
          );
    },
  };
}

function samenessChecks(texts: readonly string[], tolerance: number): Checks<Embedder> {
  const alike = (one: Float32Array | undefined, other: Float32Array | undefined, what: string): void => {
    const [a, b] = [there(one, what), there(other, what)];
    const off = a.reduce((most, value, at) => Math.max(most, Math.abs(value - (b[at] ?? Number.NaN))), 0);
    holds(off <= tolerance, `${what}: numbers differ by ${off}`);
  };
  return {
    "a text's vector stands in its place, and is the same alone and among others": async (
      embedder,
      second,
    ) => {
      const together = await embedder.embed(texts);
      const backwards = (await second.embed(texts.toReversed())).toReversed();
      for (const [at, text] of texts.entries()) {
        alike((await embedder.embed([text]))[0], together[at], `'${text}' alone and among others`);
        alike(backwards[at], together[at], `'${text}' in another order`);
      }
    },
    "a text that occurs twice has its vector twice": async (embedder) => {
      const [one = "", two = ""] = texts;
      const [a, b, c] = await embedder.embed([one, two, one]);
      alike(a, c, `'${one}' twice`);
      holds(a !== c && cosine(there(a, "a vector"), there(b, "a vector")) < 0.99, "the texts are told apart");
    },
    "many texts at once come back in their order": async (embedder) => {
      const many = Array.from({ length: 150 }, (_, nth) => texts[(nth * 7) % texts.length] ?? "");
      const each = await embedder.embed(texts);
      const vectors = await embedder.embed(many);
      same(vectors.length, many.length, "vectors");
      for (const [nth, vector] of vectors.entries())
        alike(vector, each[(nth * 7) % texts.length], `text ${nth} of ${many.length}`);
    },
    "a vector that was given is the caller's: changing it changes no other": async (embedder) => {
      const first = await embedder.embed(texts);
      const copies = first.map((vector) => there(vector, "a vector").slice());
      for (const vector of first) vector?.fill(0.5);
      for (const [at, vector] of (await embedder.embed(texts)).entries())
        alike(vector, copies[at], `'${texts[at] ?? ""}' after its first vector was changed`);
    },
    "calls at the same time do not mix": async (embedder) => {
      const each = await embedder.embed(texts);
      await Promise.all(
        Array.from({ length: 12 }, async (_, nth) => {
          const rotated = texts.map((_text, at) => (at + nth) % texts.length);
          const vectors = await embedder.embed(rotated.map((at) => texts[at] ?? ""));
          for (const [place, at] of rotated.entries())
            alike(vectors[place], each[at], `text ${at} of call ${nth}`);
        }),
      );
    },
  };
}

function callChecks(texts: readonly string[]): Checks<Embedder> {
  return {
    "a signal that has fired is E_CANCELLED": async (embedder) => {
      const call = embedder.embed(texts, { signal: AbortSignal.abort() });
      await refused(soon(call, 5000, "a call whose signal has fired"), "E_CANCELLED", "an aborted call");
      same((await embedder.embed(texts)).length, texts.length, "vectors of the next call");
    },
    "an abort ends a long call soon": async (embedder) => {
      await embedder.embed(texts);
      const many = Array.from({ length: 3000 }, (_, nth) => `${nth} ${texts[nth % texts.length] ?? ""}`);
      const abort = new AbortController();
      const call = embedder.embed(many, { signal: abort.signal });
      const timer = setTimeout(() => abort.abort(), 5);
      try {
        const vectors = await soon(call, 5000, "a call whose signal fired after 5 ms");
        // It was faster than the signal.
        same(vectors.length, many.length, "vectors of a call that ended");
      } catch (error) {
        await refused(Promise.reject(error), "E_CANCELLED", "a call aborted half-way");
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function checkVector(vector: Float32Array, { dimensions }: Embedder): void {
  holds(vector instanceof Float32Array, "a vector is no Float32Array");
  same(vector.length, dimensions, "numbers in a vector");
  holds(vector.every(Number.isFinite), "a number in a vector is not finite");
  const length = Math.sqrt(cosine(vector, vector));
  holds(Math.abs(length - 1) < 1e-3, `a vector has length ${length}, not 1`);
}

function cosine(one: Float32Array, other: Float32Array): number {
  return one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
}
