import { MnemosyneError, isMnemosyneError, type Embedder } from "@mnemosyne/core";
import type { Database } from "../database/database.ts";
import { row, run, type Row, type Work } from "../database/work.ts";
import { inputError } from "../input.ts";
import { quantize, type Quantized } from "./quantized.ts";
import type { Embedded } from "./thread-vector.ts";
import { findEmbedder, insertEmbedder } from "./vector-statements.ts";

const WEIGHT = 0.25;
const MOST_DIMENSIONS = 16_384;

/** An embedder with its row in the database. */
export class Embedding {
  readonly #embedder: Embedder;
  readonly number: number;
  readonly weight: number;
  #failures = 0;
  #lastFailure: string | undefined;

  constructor(embedder: Embedder, number: number) {
    this.#embedder = embedder;
    this.number = number;
    this.weight = embedder.weight ?? WEIGHT;
  }

  get id(): string {
    return this.#embedder.id;
  }

  get dimensions(): number {
    return this.#embedder.dimensions;
  }

  /** Calls that have failed so far; what they were for was stored or looked for by its words only. */
  get failures(): number {
    return this.#failures;
  }

  get lastFailure(): string | undefined {
    return this.#lastFailure;
  }

  /** Vectors of texts in order. Throws what the embedder throws, and `E_MODEL` when it gives what is no vector of its space. */
  async embed(
    texts: readonly string[],
    purpose: "document" | "query",
    signal?: AbortSignal,
  ): Promise<readonly (Quantized | undefined)[]> {
    const vectors = await this.#embedder.embed(texts, {
      purpose,
      ...(signal === undefined ? {} : { signal }),
    });
    if (vectors.length !== texts.length)
      throw wrong(this.id, `${vectors.length} vectors for ${texts.length} texts`);
    return vectors.map((vector) => {
      if (vector === undefined) return undefined;
      if (vector.length !== this.dimensions)
        throw wrong(this.id, `a vector of ${vector.length} dimensions instead of ${this.dimensions}`);
      if (!vector.every(Number.isFinite)) throw wrong(this.id, "a vector with a number that is not finite");
      return quantize(vector);
    });
  }

  /** The same for memories. `undefined` when it failed: they are stored all the same, and found by their words. */
  async tryDocuments(texts: readonly string[]): Promise<readonly Embedded[] | undefined> {
    try {
      return (await this.embed(texts, "document")).map((own) => ({ embedder: this.number, own }));
    } catch (error) {
      this.#note(error);
      return undefined;
    }
  }

  /** The same for a query. Throws only when the signal has fired. */
  async tryQuery(text: string, signal: AbortSignal | undefined): Promise<Quantized | undefined> {
    try {
      return (await this.embed([text], "query", signal))[0];
    } catch (error) {
      signal?.throwIfAborted();
      this.#note(error);
      return undefined;
    }
  }

  #note(error: unknown): void {
    this.#failures++;
    const message = error instanceof Error ? error.message : String(error);
    this.#lastFailure = isMnemosyneError(error) ? `${error.code}: ${message}` : message;
  }
}

/** Makes an embedder known to the database. Throws `E_INPUT` when it is none, or another one has its id. */
export async function openEmbedding(database: Database, embedder: Embedder): Promise<Embedding> {
  if (typeof embedder !== "object" || embedder === null || typeof embedder.embed !== "function")
    throw inputError("embedder", "must be an Embedder: an object with id, dimensions and embed");
  const { id, dimensions, weight } = embedder;
  if (typeof id !== "string" || id === "" || id.length > 512)
    throw inputError("embedder.id", "must be text of 1 to 512 characters");
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > MOST_DIMENSIONS)
    throw inputError("embedder.dimensions", `must be a whole number from 1 to ${MOST_DIMENSIONS}`);
  if (weight !== undefined && !(weight >= 0 && weight <= 1))
    throw inputError("embedder.weight", "must be a number from 0 to 1");
  const known =
    (await database.read(() => row(findEmbedder, { name: id }))) ??
    (await database.write(function* (): Work<Row> {
      yield* run(insertEmbedder, { name: id, dimensions });
      return found(yield* row(findEmbedder, { name: id }));
    }));
  if (Number(known[1]) !== dimensions)
    throw inputError(
      "embedder.id",
      `'${id}' is known with ${String(known[1])} dimensions, not ${dimensions}; another model needs another id`,
    );
  return new Embedding(embedder, Number(known[0]));
}

function found(cells: Row | undefined): Row {
  if (cells !== undefined) return cells;
  throw new MnemosyneError("E_INTERNAL", "The embedder's row is not there after it was written.", {
    kind: "internal",
  });
}

function wrong(id: string, what: string): MnemosyneError {
  return new MnemosyneError("E_MODEL", `The embedder '${id}' gave ${what}; nothing of it was kept.`, {
    kind: "unavailable",
    retryable: false,
  });
}
