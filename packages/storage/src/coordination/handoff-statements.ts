import { sql } from "drizzle-orm/sql";
import { databaseNow, parameter, statement } from "../database/statement.ts";

/** An open one whose time is over counts as expired. */
const STATE = sql`CASE WHEN state IN ('offered', 'accepted') AND expires_at <= ${databaseNow} THEN 'expired' ELSE state END`;
const CELLS = sql`id, sender, receiver, payload, ${STATE}, reason, result, offered_at, expires_at`;

export const dropOldHandoffs = statement(
  () => sql`DELETE FROM handoffs WHERE expires_at < ${databaseNow} - ${parameter("kept")}`,
);

export const insertHandoff = statement(
  () => sql`INSERT INTO handoffs (id, sender, receiver, payload, state, offered_at, expires_at)
    VALUES (${parameter("id")}, ${parameter("from")}, ${parameter("to")}, ${parameter("payload")}, 'offered',
      ${databaseNow}, ${databaseNow} + ${parameter("ttl")})
    ON CONFLICT (id) DO NOTHING`,
);

export const getHandoff = statement(() => sql`SELECT ${CELLS} FROM handoffs WHERE id = ${parameter("id")}`);

export const listHandoffs = statement(
  () => sql`SELECT ${CELLS} FROM handoffs
    WHERE (${parameter("anyFrom")} OR sender = ${parameter("from")})
      AND (${parameter("anyTo")} OR receiver = ${parameter("to")}) ORDER BY place`,
);

export const moveHandoff = statement(
  () => sql`UPDATE handoffs SET state = ${parameter("state")}, reason = ${parameter("reason")},
      result = ${parameter("result")}, expires_at = ${databaseNow} + ${parameter("ttl")}
    WHERE id = ${parameter("id")}`,
);
