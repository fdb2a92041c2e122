import { randomUUID } from "node:crypto";
import {
  MnemosyneError,
  globsOverlap,
  type CoordinationStore,
  type Json,
  type Lease,
  type LeaseRequest,
  type RegisteredAgent,
  type SharedValue,
} from "@mnemosyne/core";
import type { Database } from "../database/database.ts";
import { row, rows, run, type Row, type Work } from "../database/work.ts";
import { checkInteger, checkName, inputError } from "../input.ts";
import { checkJson } from "../json-input.ts";
import {
  dropExpiredLeases,
  dropLease,
  getAgent,
  getLease,
  getValue,
  insertLease,
  listAgents,
  liveLeases,
  putAgent,
  putValue,
  readClock,
  releaseLease,
  renewLease,
  revokeLease,
} from "./coordination-statements.ts";

const LONGEST_TTL = 366 * 24 * 3_600_000;
const STATES: readonly RegisteredAgent["state"][] = ["idle", "running", "blocked", "complete", "failed"];

/** Coordination in a database, between processes and machines that share it. Its clock decides; its commits wait for the disk. */
export class LibsqlCoordinationStore implements CoordinationStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async acquire(
    request: LeaseRequest,
  ): Promise<{ readonly granted: Lease } | { readonly conflicts: readonly Lease[] }> {
    const owner = checkName(request.owner, "owner");
    const resources = checkResources(request.resources);
    const { mode } = request;
    if (mode !== "shared" && mode !== "exclusive")
      throw inputError("mode", "must be 'shared' or 'exclusive'");
    const ttl = checkInteger(request.ttl, "ttl", 1, LONGEST_TTL);
    const metadata = request.metadata ?? null;
    checkJson(metadata, "metadata");
    return this.#database.write(
      function* (): Work<{ readonly granted: Lease } | { readonly conflicts: readonly Lease[] }> {
        const now = Number((yield* row(readClock))?.[0]);
        yield* run(dropExpiredLeases, { now });
        const live = (yield* rows(liveLeases)).map(leaseOf);
        const conflicts = live.filter(
          (lease) =>
            (mode === "exclusive" || lease.mode === "exclusive") && overlap(lease.resources, resources),
        );
        if (conflicts.length > 0) return { conflicts };
        const lease = { id: randomUUID(), owner, resources, mode, metadata, expiresAt: new Date(now + ttl) };
        const inserted = yield* row(insertLease, {
          id: lease.id,
          owner,
          mode,
          resources: JSON.stringify(resources),
          metadata: JSON.stringify(metadata),
          expiresAt: now + ttl,
        });
        return { granted: { ...lease, token: Number(inserted?.[0]) } };
      },
      { full: true },
    );
  }

  async renew(id: string, token: number, ttl: number): Promise<Lease> {
    checkInteger(ttl, "ttl", 1, LONGEST_TTL);
    return this.#database.write(
      function* (): Work<Lease> {
        const renewed = yield* run(renewLease, { id, token, ttl });
        const found = renewed === 0 ? undefined : yield* row(getLease, { id });
        if (found !== undefined) return leaseOf(found);
        throw new MnemosyneError(
          "E_LEASE_LOST",
          `Lease '${id}' has expired or was given back; stop what it protected and acquire it again.`,
          { kind: "conflict", path: "id" },
        );
      },
      { full: true },
    );
  }

  async release(id: string, token: number): Promise<void> {
    await this.#database.write(() => run(releaseLease, { id, token }), { full: true });
  }

  async leases(
    filter: { readonly owner?: string; readonly resource?: string } = {},
  ): Promise<readonly Lease[]> {
    const { owner, resource } = filter;
    const live = (await this.#database.read(() => rows(liveLeases))).map(leaseOf);
    return live.filter(
      (lease) =>
        (owner === undefined || lease.owner === owner) &&
        (resource === undefined || overlap(lease.resources, [resource])),
    );
  }

  async revoke(id: string): Promise<boolean> {
    return this.#database.write(
      function* (): Work<boolean> {
        const there = (yield* run(revokeLease, { id })) > 0;
        yield* run(dropLease, { id });
        return there;
      },
      { full: true },
    );
  }

  async getValue(key: string): Promise<SharedValue | undefined> {
    const found = await this.#database.read(() => row(getValue, { key: checkName(key, "key") }));
    return found === undefined
      ? undefined
      : { key, value: JSON.parse(String(found[0])) as Json, version: Number(found[1]) };
  }

  async setValue(key: string, value: Json, version?: number): Promise<SharedValue> {
    checkName(key, "key");
    checkJson(value, "value");
    if (version !== undefined) checkInteger(version, "version", 0, Number.MAX_SAFE_INTEGER);
    const json = JSON.stringify(value);
    return this.#database.write(
      function* (): Work<SharedValue> {
        const stored = Number((yield* row(getValue, { key }))?.[1] ?? 0);
        if (version !== undefined && version !== stored)
          throw new MnemosyneError(
            "E_VERSION_CONFLICT",
            `'${key}' is at version ${stored}, not ${version}; read it again and decide.`,
            { kind: "conflict", path: "version", details: { key, version: stored } },
          );
        yield* run(putValue, { key, value: json, version: stored + 1 });
        return { key, value: JSON.parse(json) as Json, version: stored + 1 };
      },
      { full: true },
    );
  }

  async upsertAgent(agent: Omit<RegisteredAgent, "seenAt">): Promise<RegisteredAgent> {
    const { id, role, state, metadata } = agent;
    checkName(id, "id");
    checkName(role, "role");
    if (!STATES.includes(state)) throw inputError("state", `must be one of ${STATES.join(", ")}`);
    checkJson(metadata, "metadata");
    return this.#database.write(function* (): Work<RegisteredAgent> {
      yield* run(putAgent, { id, role, state, metadata: JSON.stringify(metadata) });
      const found = yield* row(getAgent, { id });
      return { id, role, state, metadata, seenAt: new Date(Number(found?.[3])) };
    });
  }

  async agents(): Promise<readonly RegisteredAgent[]> {
    const found = await this.#database.read(() => rows(listAgents));
    return found.map(([id, role, state, seenAt, metadata]) => ({
      id: String(id),
      role: String(role),
      state: state as RegisteredAgent["state"],
      seenAt: new Date(Number(seenAt)),
      metadata: JSON.parse(String(metadata)) as Json,
    }));
  }
}

function overlap(some: readonly string[], others: readonly string[]): boolean {
  return some.some((one) => others.some((other) => globsOverlap(one, other)));
}

function checkResources(resources: readonly string[]): readonly string[] {
  if (!Array.isArray(resources) || resources.length === 0)
    throw inputError("resources", "must name at least one resource");
  return resources.map((resource: unknown, index) => checkName(resource, `resources[${index}]`, 4096));
}

function leaseOf(row: Row): Lease {
  const [token, id, owner, mode, resources, metadata, expiresAt] = row;
  return {
    id: String(id),
    owner: String(owner),
    resources: JSON.parse(String(resources)) as string[],
    mode: mode as Lease["mode"],
    token: Number(token),
    expiresAt: new Date(Number(expiresAt)),
    metadata: JSON.parse(String(metadata)) as Json,
  };
}
