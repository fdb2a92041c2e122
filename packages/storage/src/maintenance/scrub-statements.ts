import { sql } from "drizzle-orm/sql";
import { parameter, statement } from "../database/statement.ts";

export const countPages = statement(
  () => sql`SELECT page_count, page_size FROM pragma_page_count(), pragma_page_size()`,
);

/** A page as SQLite's pager sees it: with what stands in the log, and decrypted. */
export const readPage = statement(
  () => sql`SELECT data FROM sqlite_dbpage WHERE pgno = ${parameter("page")}`,
);

export const writePage = statement(
  () => sql`UPDATE sqlite_dbpage SET data = ${parameter("data")} WHERE pgno = ${parameter("page")}`,
);

/** Merges the text index into one part, which leaves out what was deleted: so many pages of work at a time. */
export const mergeText = statement(
  () => sql`INSERT INTO memory_text (memory_text, rank) VALUES ('merge', ${parameter("pages")})`,
);

export const totalChanges = statement(() => sql`SELECT total_changes()`);

/** SQLite's own check, at most a hundred faults. */
export const integrity = statement(() => sql`PRAGMA integrity_check(100)`);
