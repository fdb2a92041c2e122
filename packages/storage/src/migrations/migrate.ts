import { MnemosyneError, isMnemosyneError } from "@mnemosyne/core";
import { sql } from "drizzle-orm/sql";
import type { Database } from "../database/database.ts";
import { build, parameter, statement } from "../database/statement.ts";
import { call, row, run, runAll, type Work } from "../database/work.ts";
import { schemaVersion } from "../schema/version.ts";
import { firstMigration } from "./0001-first.ts";
import { vectorsMigration } from "./0002-vectors.ts";
import { recordMigration } from "./0003-record.ts";
import { coordinationMigration } from "./0004-coordination.ts";
import { playbooksMigration } from "./0005-playbooks.ts";
import { blobReferencesMigration } from "./0006-blob-references.ts";
import type { Migration } from "./migration.ts";

const MIGRATIONS: readonly Migration[] = [
  firstMigration,
  vectorsMigration,
  recordMigration,
  coordinationMigration,
  playbooksMigration,
  blobReferencesMigration,
];

/** The version of the schema that this code writes. */
export const CODE_VERSION = MIGRATIONS.at(-1)?.version ?? 0;

/** A migration is waited for as long as so many writes. */
const MOST_TRIES = 6;

const hasVersion = statement(
  () => sql`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'`,
);
const readVersion = statement(() =>
  build
    .select({ version: schemaVersion.version, minimumWriter: schemaVersion.minimumWriter })
    .from(schemaVersion),
);
const writeVersion = statement(
  () =>
    sql`INSERT OR REPLACE INTO schema_version (id, version, minimum_writer)
      VALUES (1, ${parameter("version")}, ${parameter("minimumWriter")})`,
);

/**
 * Brings the database to this code's version. Several processes may do so at once: the version is read again under
 * the write lock. Gives the version that it found, 0 for a new one, and the one that it has now. Throws `E_SCHEMA_NEWER` when a newer version has shut this code out.
 */
export async function migrate(database: Database): Promise<{ readonly from: number; readonly to: number }> {
  const from = await database.read(storedVersion);
  if (from < CODE_VERSION) await applyPatiently(database);
  database.guardWrites(guard);
  return { from, to: Math.max(from, CODE_VERSION) };
}

/** Many may open an old file at once, and all but one wait for as long as the migration takes: longer than for a write. */
async function applyPatiently(database: Database): Promise<void> {
  for (let tries = 1; ; tries++)
    try {
      await database.write(applyMissing, { full: true });
      return;
    } catch (error) {
      if (!isMnemosyneError(error) || error.code !== "E_STORAGE_BUSY" || tries === MOST_TRIES) throw error;
      if ((await database.read(storedVersion)) >= CODE_VERSION) return;
    }
}

function* storedVersion(): Work<number> {
  if ((yield* row(hasVersion)) === undefined) return 0;
  const stored = yield* row(readVersion);
  if (stored === undefined) return 0;
  refuseNewer(Number(stored[0]), Number(stored[1]));
  return Number(stored[0]);
}

function* applyMissing(): Work<void> {
  const stored = yield* storedVersion();
  for (const migration of MIGRATIONS) {
    if (migration.version <= stored) continue;
    yield* runAll(migration.statements.map((text) => call(statement(() => sql.raw(text)))));
    yield* run(writeVersion, { version: migration.version, minimumWriter: migration.minimumWriter });
  }
}

/** Another process may have migrated the file since this one opened it. */
function* guard(): Work<void> {
  const stored = yield* row(readVersion);
  if (stored !== undefined) refuseNewer(Number(stored[0]), Number(stored[1]));
}

function refuseNewer(version: number, minimumWriter: number): void {
  if (minimumWriter <= CODE_VERSION) return;
  throw new MnemosyneError(
    "E_SCHEMA_NEWER",
    `The database has schema version ${version}, which this version of @mnemosyne/storage (schema ${CODE_VERSION}) must not touch; update the package.`,
    { kind: "unavailable", retryable: false, details: { version, minimumWriter, supported: CODE_VERSION } },
  );
}
