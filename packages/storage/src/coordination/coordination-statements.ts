import { and, asc, eq, gt, sql } from "drizzle-orm/sql";
import { build, databaseNow, parameter, statement } from "../database/statement.ts";
import { agents, leases, sharedValues } from "../schema/coordination.ts";

const LEASE_CELLS = {
  token: leases.token,
  id: leases.id,
  owner: leases.owner,
  mode: leases.mode,
  resources: leases.resources,
  metadata: leases.metadata,
  expiresAt: leases.expiresAt,
};

export const readClock = statement(() => sql`SELECT ${databaseNow}`);

export const dropExpiredLeases = statement(
  () => sql`DELETE FROM leases WHERE expires_at <= ${parameter("now")}`,
);

export const liveLeases = statement(() =>
  build.select(LEASE_CELLS).from(leases).where(gt(leases.expiresAt, databaseNow)).orderBy(asc(leases.token)),
);

export const insertLease = statement(
  () => sql`INSERT INTO leases (id, owner, mode, resources, metadata, expires_at)
    VALUES (${parameter("id")}, ${parameter("owner")}, ${parameter("mode")}, ${parameter("resources")},
      ${parameter("metadata")}, ${parameter("expiresAt")})
    RETURNING token`,
);

export const renewLease = statement(
  () => sql`UPDATE leases SET expires_at = ${databaseNow} + ${parameter("ttl")}
    WHERE id = ${parameter("id")} AND token = ${parameter("token")} AND expires_at > ${databaseNow}`,
);

export const getLease = statement(() =>
  build
    .select(LEASE_CELLS)
    .from(leases)
    .where(eq(leases.id, parameter("id"))),
);

export const releaseLease = statement(() =>
  build.delete(leases).where(and(eq(leases.id, parameter("id")), eq(leases.token, parameter("token")))),
);

export const revokeLease = statement(
  () => sql`DELETE FROM leases WHERE id = ${parameter("id")} AND expires_at > ${databaseNow}`,
);

export const dropLease = statement(() => build.delete(leases).where(eq(leases.id, parameter("id"))));

export const getValue = statement(() =>
  build
    .select({ value: sharedValues.value, version: sharedValues.version })
    .from(sharedValues)
    .where(eq(sharedValues.key, parameter("key"))),
);

export const putValue = statement(
  () => sql`INSERT INTO shared_values (key, value, version)
    VALUES (${parameter("key")}, ${parameter("value")}, ${parameter("version")})
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version`,
);

export const putAgent = statement(
  () => sql`INSERT INTO agents (id, role, state, seen_at, metadata)
    VALUES (${parameter("id")}, ${parameter("role")}, ${parameter("state")}, ${databaseNow}, ${parameter("metadata")})
    ON CONFLICT (id) DO UPDATE SET role = excluded.role, state = excluded.state,
      seen_at = max(seen_at, excluded.seen_at), metadata = excluded.metadata`,
);

const AGENT_CELLS = {
  id: agents.id,
  role: agents.role,
  state: agents.state,
  seenAt: agents.seenAt,
  metadata: agents.metadata,
};

export const getAgent = statement(() =>
  build
    .select(AGENT_CELLS)
    .from(agents)
    .where(eq(agents.id, parameter("id"))),
);

export const listAgents = statement(() => build.select(AGENT_CELLS).from(agents).orderBy(asc(agents.id)));

export const touchAgent = statement(
  () => sql`UPDATE agents SET state = coalesce(${parameter("state")}, state), seen_at = max(seen_at, ${databaseNow})
    WHERE id = ${parameter("id")}`,
);

export const removeAgent = statement(() => build.delete(agents).where(eq(agents.id, parameter("id"))));

/** What overlaps a stem: its beginnings, and what begins with it. */
export const highestFence = statement(
  () => sql`SELECT max(token) FROM fences WHERE stem IN (SELECT value FROM json_each(${parameter("beginnings")}))
    OR substr(stem, 1, length(${parameter("stem")})) = ${parameter("stem")}`,
);

export const dropFencesBelow = statement(
  () => sql`DELETE FROM fences WHERE substr(stem, 1, length(${parameter("stem")})) = ${parameter("stem")}`,
);

export const insertFence = statement(
  () => sql`INSERT INTO fences (stem, token) VALUES (${parameter("stem")}, ${parameter("token")})`,
);

export const dropEndedWaits = statement(() => sql`DELETE FROM waits WHERE expires_at <= ${databaseNow}`);

export const putWait = statement(
  () => sql`INSERT INTO waits (id, actor, body, expires_at)
    VALUES (${parameter("id")}, ${parameter("actor")}, ${parameter("body")}, ${databaseNow} + ${parameter("ttl")})
    ON CONFLICT (id) DO UPDATE SET actor = excluded.actor, body = excluded.body, expires_at = excluded.expires_at
    RETURNING arrival, expires_at`,
);

export const dropWait = statement(() => sql`DELETE FROM waits WHERE id = ${parameter("id")}`);

export const liveWaits = statement(
  () =>
    sql`SELECT arrival, id, actor, body, expires_at FROM waits WHERE expires_at > ${databaseNow} ORDER BY arrival`,
);

/** Versions of the values that are named in a JSON array. */
export const versionsOf = statement(
  () =>
    sql`SELECT key, version FROM shared_values WHERE key IN (SELECT value FROM json_each(${parameter("keys")}))`,
);

/** Those of a JSON array of handoffs that are open. */
export const openHandoffs = statement(
  () => sql`SELECT id FROM handoffs WHERE id IN (SELECT value FROM json_each(${parameter("ids")}))
    AND state IN ('offered', 'accepted') AND expires_at > ${databaseNow}`,
);
