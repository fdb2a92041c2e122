import type { Database } from "../database/database.ts";
import { row, rows, type Row, type Work } from "../database/work.ts";
import type { Embedding } from "./embedding.ts";
import { countUnembedded, unembedded } from "./vector-statements.ts";

const PAGE = 64;

/** Options of `reindex`. */
export interface ReindexOptions {
  /** Called after each piece of work. */
  readonly onProgress?: (progress: ReindexProgress) => void;
  readonly signal?: AbortSignal;
}

/** How far a reindexing is. */
export interface ReindexProgress {
  /** Memories that have a vector now. */
  readonly done: number;
  /** Memories that had none when it began. */
  readonly total: number;
}

/**
 * Gives every memory a vector of an embedder that has none of it: those that were stored without one, and those whose
 * vector another embedder has made. In small transactions; what was done stays when it is given up. `fill` stores the
 * vector of a row unless its content has changed meanwhile, and gives whether it did.
 */
export async function reindex(
  database: Database,
  embedding: Embedding,
  fill: (
    uuid: string,
    content: string,
    embedded: { embedder: number; own: Int8Array | undefined },
  ) => Work<boolean>,
  contentOf: (cells: Row) => string,
  { onProgress, signal }: ReindexOptions = {},
): Promise<ReindexProgress> {
  const embedder = embedding.number;
  const total = Number((await database.read(() => row(countUnembedded, { embedder })))?.[0]);
  let done = 0;
  for (let after = 0; ;) {
    signal?.throwIfAborted();
    const from = after;
    const page = await database.read(() => rows(unembedded, { after: from, embedder, limit: PAGE }));
    if (page.length === 0) return { done, total };
    const contents = page.map(contentOf);
    const vectors = await embedding.embed(contents, "document", signal);
    done += await database.write(
      function* (): Work<number> {
        let filled = 0;
        for (const [index, [, uuid]] of page.entries())
          if (yield* fill(String(uuid), contents[index] ?? "", { embedder, own: vectors[index] })) filled++;
        return filled;
      },
      // Nothing is lost that cannot be worked out again.
      { full: false },
    );
    after = Number(page.at(-1)?.[0]);
    onProgress?.({ done, total });
  }
}
