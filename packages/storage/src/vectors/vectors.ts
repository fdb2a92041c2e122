import type { Embedder, VectorStats } from "@mnemosyne/core";
import type { Database } from "../database/database.ts";
import { row } from "../database/work.ts";
import { checkInteger } from "../input.ts";
import { openEmbedding, type Embedding } from "./embedding.ts";
import { VectorMemory } from "./vector-memory.ts";
import { countEmbedded, countUnembedded } from "./vector-statements.ts";

const LIMIT = 268_435_456;

/** An embedder and its vectors. */
export class Vectors {
  readonly embedding: Embedding;
  readonly memory: VectorMemory;
  readonly #database: Database;

  constructor(database: Database, embedding: Embedding, limit: number) {
    this.#database = database;
    this.embedding = embedding;
    const { number, dimensions } = embedding;
    this.memory = new VectorMemory(database, { embedder: number, dimensions, limit });
  }

  async stats(): Promise<VectorStats> {
    const { id, number, failures, lastFailure } = this.embedding;
    const values = { embedder: number };
    return {
      embedder: id,
      present: Number((await this.#database.read(() => row(countEmbedded, values)))?.[0]),
      missing: Number((await this.#database.read(() => row(countUnembedded, values)))?.[0]),
      failures,
      ...(lastFailure === undefined ? {} : { lastFailure }),
    };
  }
}

/** Makes an embedder's vectors ready. Throws `E_INPUT`. */
export async function openVectors(
  database: Database,
  embedder: Embedder,
  limit: number | undefined,
): Promise<Vectors> {
  const bytes = limit === undefined ? LIMIT : checkInteger(limit, "vectorMemory", 0, 2 ** 32);
  return new Vectors(database, await openEmbedding(database, embedder), bytes);
}
