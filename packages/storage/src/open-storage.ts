import { mkdirSync } from "node:fs";
import path from "node:path";
import { parseDuration } from "@mnemosyne/core";
import { LeaseKeeper } from "./coordination/lease-keeper.ts";
import type { Database } from "./database/database.ts";
import { LocalDatabase } from "./database/local-database.ts";
import { notOpened } from "./database/sqlite-error.ts";
import { RemoteDatabase } from "./database/remote-database.ts";
import { LibsqlEvolution } from "./evolution/libsql-evolution.ts";
import { UseLog } from "./evolution/use-log.ts";
import { checkInteger, inputError, show } from "./input.ts";
import { vocabularyOf } from "./language/vocabulary.ts";
import { LibsqlStorage } from "./libsql-storage.ts";
import { checkRetention, LibsqlMaintenance } from "./maintenance/libsql-maintenance.ts";
import { Upkeep } from "./maintenance/upkeep.ts";
import { dropStaleBatches } from "./memories/batch.ts";
import { LibsqlMemoryStore } from "./memories/libsql-memory-store.ts";
import { migrate } from "./migrations/migrate.ts";
import { parseStorageUrl } from "./storage-url.ts";
import { openVectors } from "./vectors/vectors.ts";
import type { Storage, StorageOptions } from "./storage.ts";

/**
 * Opens a database, making it where it is new and bringing it up to date where it is old.
 * Throws `E_INPUT` for wrong options, `E_STORAGE` when the file cannot be opened, `E_SCHEMA_NEWER` when a newer version
 * has written it, `E_STORAGE_BUSY` when it stays locked.
 *
 * @example
 * const storage = await openStorage("file:app.db");
 * const id = await storage.store({ content: "We deploy on Fridays.", namespace: "project:app" });
 * await storage.close();
 */
export async function openStorage(options: string | StorageOptions): Promise<Storage> {
  const given = typeof options === "string" ? { url: options } : options;
  if (typeof given !== "object" || given === null)
    throw inputError("options", "must be a URL or an object with a url");
  const vocabulary = vocabularyOf(given.language);
  const retention = given.retention === false ? NEVER : checkRetention(given.retention);
  const evolveEvery = checkEvery(given.evolution?.every);
  const database = openDatabase(given);
  try {
    const versions = await migrate(database);
    await dropStaleBatches(database);
    const vectors =
      given.embedder === undefined
        ? undefined
        : await openVectors(database, given.embedder, given.vectorMemory);
    const memories = new LibsqlMemoryStore(database, vocabulary, vectors);
    await memories.noteSettledBatches();
    const uses = new UseLog(database);
    const maintenance = new LibsqlMaintenance(database, vocabulary, retention, versions);
    const evolution = new LibsqlEvolution(database, vocabulary, uses, async (texts) =>
      vectors?.embedding.tryDocuments(texts),
    );
    const upkeep = new Upkeep(database, [
      ...(given.retention === false
        ? []
        : [{ name: "prune", every: DAY, run: (signal: AbortSignal) => maintenance.prune({ signal }) }]),
      ...(evolveEvery === undefined
        ? []
        : [
            {
              name: "evolve",
              every: evolveEvery,
              run: (signal: AbortSignal) =>
                evolution.run({
                  signal,
                  ...(given.evolution?.jobs === undefined ? {} : { jobs: given.evolution.jobs }),
                }),
            },
          ]),
    ]);
    upkeep.start();
    const care = { maintenance, evolution, upkeep, uses };
    return new LibsqlStorage(database, memories, given.holdTime, keeperOf(given), care);
  } catch (error) {
    await database.close();
    throw error;
  }
}

const DAY = 86_400_000;
const NEVER = { observations: false, history: false } as const;

function checkEvery(every: string | undefined): number | undefined {
  if (every === undefined) return undefined;
  const milliseconds = parseDuration(every);
  if (milliseconds >= 1000) return milliseconds;
  throw inputError(
    "evolution.every",
    `must be a duration of at least 1s, for instance 24h, not ${show(every)}`,
  );
}

/** What lies in memory is out of another thread's reach. */
function keeperOf({ url, authToken, encryptionKey }: StorageOptions): LeaseKeeper | undefined {
  const location = parseStorageUrl(url);
  if (location.kind === "remote")
    return new LeaseKeeper({ url: location.url, ...(authToken === undefined ? {} : { authToken }) });
  if (location.path === ":memory:") return undefined;
  return new LeaseKeeper({
    path: location.path,
    ...(encryptionKey === undefined ? {} : { encryptionKey }),
  });
}

function openDatabase(options: StorageOptions): Database {
  const location = parseStorageUrl(options.url);
  const synchronous = options.synchronous ?? "full";
  if (synchronous !== "full" && synchronous !== "normal")
    throw inputError("synchronous", "must be 'full' or 'normal'");
  const busyTimeout = checkInteger(options.busyTimeout ?? 5000, "busyTimeout", 0, 3_600_000);
  if (options.holdTime !== undefined) checkInteger(options.holdTime, "holdTime", 1, Number.MAX_SAFE_INTEGER);
  if (location.kind === "remote") {
    if (options.encryptionKey !== undefined)
      throw inputError("encryptionKey", "is for local files; a remote database's server encrypts its own");
    return new RemoteDatabase({
      url: location.url,
      busyTimeout,
      ...(options.authToken === undefined ? {} : { authToken: options.authToken }),
    });
  }
  if (location.path !== ":memory:") makeFolder(location.path);
  return new LocalDatabase({
    path: location.path,
    synchronous,
    busyTimeout,
    ...(options.encryptionKey === undefined ? {} : { encryptionKey: options.encryptionKey }),
  });
}

function makeFolder(file: string): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
  } catch (error) {
    throw notOpened(file, error);
  }
}
