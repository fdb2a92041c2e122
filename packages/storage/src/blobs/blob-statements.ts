import { eq, sql } from "drizzle-orm/sql";
import { build, databaseNow, parameter, statement } from "../database/statement.ts";
import { blobs } from "../schema/blobs.ts";

/** Stores bytes, or notes that known ones are wanted still. */
export const putBlob = statement(
  () => sql`INSERT INTO blobs (hash, size, touched_at, bytes)
    VALUES (${parameter("hash")}, ${parameter("size")}, ${databaseNow}, ${parameter("bytes")})
    ON CONFLICT (hash) DO UPDATE SET touched_at = excluded.touched_at`,
);

export const getBlob = statement(() =>
  build
    .select({ bytes: blobs.bytes })
    .from(blobs)
    .where(eq(blobs.hash, parameter("hash"))),
);

export const hasBlob = statement(() =>
  build
    .select({ id: blobs.id })
    .from(blobs)
    .where(eq(blobs.hash, parameter("hash"))),
);
