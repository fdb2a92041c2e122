import { sql } from "drizzle-orm/sql";
import { databaseNow, parameter, statement } from "../database/statement.ts";

const CELLS =
  sql.raw(`id, queue, payload, -rank, state, attempts, max_attempts, available_at, error, owner, token,
  expires_at`);

export const insertItem = statement(
  () => sql`INSERT INTO queue_items (id, queue, payload, rank, state, max_attempts, available_at)
    VALUES (${parameter("id")}, ${parameter("queue")}, ${parameter("payload")}, -${parameter("priority")}, 'ready',
      ${parameter("maxAttempts")}, ${databaseNow} + ${parameter("delay")})
    ON CONFLICT (id) DO NOTHING`,
);

export const getItem = statement(() => sql`SELECT ${CELLS} FROM queue_items WHERE id = ${parameter("id")}`);

export const endClaims = statement(
  () => sql`UPDATE queue_items SET error = 'The claim of ' || owner || ' ran out.',
      state = CASE WHEN attempts >= max_attempts THEN 'dead' ELSE 'ready' END
    WHERE queue = ${parameter("queue")} AND state = 'claimed' AND expires_at <= ${databaseNow}`,
);

export const nextItem = statement(
  () => sql`SELECT id FROM queue_items
    WHERE queue = ${parameter("queue")} AND state = 'ready' AND available_at <= ${databaseNow}
    ORDER BY rank, place LIMIT 1`,
);

export const claimItem = statement(
  () => sql`UPDATE queue_items SET state = 'claimed', attempts = attempts + 1, token = token + 1,
      owner = ${parameter("owner")}, expires_at = ${databaseNow} + ${parameter("ttl")}
    WHERE id = ${parameter("id")}`,
);

const HELD = sql`id = ${parameter("id")} AND token = ${parameter("token")} AND state = 'claimed'
  AND expires_at > ${databaseNow}`;

export const extendItem = statement(
  () => sql`UPDATE queue_items SET expires_at = ${databaseNow} + ${parameter("ttl")} WHERE ${HELD}`,
);

export const ackItem = statement(() => sql`DELETE FROM queue_items WHERE ${HELD}`);

export const nackItem = statement(
  () => sql`UPDATE queue_items SET available_at = ${databaseNow} + ${parameter("delay")},
      error = coalesce(${parameter("error")}, error),
      state = CASE WHEN attempts >= max_attempts THEN 'dead' ELSE 'ready' END
    WHERE ${HELD}`,
);

export const listItems = statement(
  () => sql`SELECT ${CELLS} FROM queue_items WHERE queue = ${parameter("queue")} ORDER BY rank, place`,
);

export const hasNext = statement(
  () => sql`SELECT 1 FROM queue_items WHERE queue = ${parameter("queue")} AND (
      (state = 'ready' AND available_at <= ${databaseNow})
      OR (state = 'claimed' AND expires_at <= ${databaseNow})) LIMIT 1`,
);

export const reviveItem = statement(
  () => sql`UPDATE queue_items SET state = 'ready', attempts = 0, available_at = ${databaseNow}
    WHERE id = ${parameter("id")} AND (state = 'dead'
      OR (state = 'claimed' AND expires_at <= ${databaseNow} AND attempts >= max_attempts))`,
);
