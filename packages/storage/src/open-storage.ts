import { LeaseKeeper } from "./coordination/lease-keeper.ts";
import type { Database } from "./database/database.ts";
import { LocalDatabase } from "./database/local-database.ts";
import { RemoteDatabase } from "./database/remote-database.ts";
import { checkInteger, inputError } from "./input.ts";
import { LibsqlStorage } from "./libsql-storage.ts";
import { dropStaleBatches } from "./memories/batch.ts";
import { LibsqlMemoryStore } from "./memories/libsql-memory-store.ts";
import { migrate } from "./migrations/migrate.ts";
import { parseStorageUrl } from "./storage-url.ts";
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
  const database = openDatabase(given);
  try {
    await migrate(database);
    await dropStaleBatches(database);
    const memories = new LibsqlMemoryStore(database);
    await memories.noteSettledBatches();
    return new LibsqlStorage(database, memories, given.holdTime, keeperOf(given));
  } catch (error) {
    await database.close();
    throw error;
  }
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
  return new LocalDatabase({
    path: location.path,
    synchronous,
    busyTimeout,
    ...(options.encryptionKey === undefined ? {} : { encryptionKey: options.encryptionKey }),
  });
}
