import { sql } from "drizzle-orm/sql";
import { parameter, statement } from "../database/statement.ts";

/** Notes a blob that the memory that was just inserted names. */
export const referNew = statement(
  () =>
    sql`INSERT OR IGNORE INTO memory_blobs (memory, hash) VALUES (last_insert_rowid(), ${parameter("hash")})`,
);

export const refer = statement(
  () =>
    sql`INSERT OR IGNORE INTO memory_blobs (memory, hash) VALUES (${parameter("row")}, ${parameter("hash")})`,
);

export const dropReferences = statement(
  () => sql`DELETE FROM memory_blobs WHERE memory = ${parameter("row")}`,
);
