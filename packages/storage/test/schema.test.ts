import Database from "libsql";
import { openStorage } from "@mnemosyne/storage";
import * as schema from "@mnemosyne/storage/schema";
import { generateSQLiteDrizzleJson, generateSQLiteMigration } from "drizzle-kit/api";
import { expect, test } from "vitest";
import { databases } from "./support/folder.ts";

const { fresh } = databases();

/** Columns and indexes of every table, but for those of the text index, SQLite's own and how rows are numbered. */
function described(database: InstanceType<typeof Database>): Record<string, unknown> {
  const all = (text: string): readonly Record<string, unknown>[] =>
    database.prepare(text).all([]) as Record<string, unknown>[];
  const tables = all(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'memory_text%'",
  );
  return Object.fromEntries(
    tables.map(({ name }) => {
      const columns = all(`PRAGMA table_xinfo(${String(name)})`).map(
        ({ name: column, type, notnull, dflt_value: standard, pk }) => ({
          column,
          type: String(type).toLowerCase(),
          notnull,
          standard,
          pk,
        }),
      );
      const indexes = all(`PRAGMA index_list(${String(name)})`)
        .filter(({ origin }) => origin === "c")
        .map(({ name: index, unique, partial }) => ({
          index,
          unique,
          partial,
          columns: all(`PRAGMA index_info(${String(index)})`).map(({ name: column }) => column),
          where: /\bWHERE\b.*$/is.exec(
            String(all(`SELECT sql FROM sqlite_master WHERE name = '${String(index)}'`)[0]?.["sql"]),
          )?.[0],
        }))
        .toSorted((a, b) => (String(a.index) < String(b.index) ? -1 : 1));
      return [String(name), { columns, indexes }];
    }),
  );
}

test("the migrations make what the Drizzle schema describes", async () => {
  const statements = await generateSQLiteMigration(
    await generateSQLiteDrizzleJson({}),
    await generateSQLiteDrizzleJson(schema),
  );
  const wanted = new Database(":memory:");
  for (const statement of statements) wanted.exec(statement);

  const { url, file } = fresh();
  await (await openStorage(url)).close();
  const migrated = new Database(file, { timeout: 2000 });
  expect(described(migrated)).toEqual(described(wanted));
  expect(Object.keys(described(migrated))).toHaveLength(Object.keys(schema).length);
  const numbered = migrated
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%' ORDER BY name",
    )
    .raw(true)
    .all([]);
  expect(numbered.flat()).toEqual([
    "blobs",
    "embedders",
    "handoffs",
    "leases",
    "memories",
    "memory_batches",
    "memory_changes",
    "memory_links",
    "memory_merges",
    "queue_items",
    "runs",
    "vector_changes",
    "waits",
  ]);
  wanted.close();
  migrated.close();
}, 30_000);
