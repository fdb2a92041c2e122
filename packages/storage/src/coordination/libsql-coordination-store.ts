import { randomUUID } from "node:crypto";
import {
  MnemosyneError,
  claimsOverlap,
  globStem,
  leasesInTheWay,
  type CoordinationStore,
  type Json,
  type KeptAlive,
  type Lease,
  type LeaseRequest,
  type RegisteredAgent,
  type SharedValue,
  type Wait,
  type WaitingState,
} from "@mnemosyne/core";
import type { Database } from "../database/database.ts";
import { row, rows, run, type Row, type Work } from "../database/work.ts";
import { checkInteger, checkName, inputError } from "../input.ts";
import { checkJson } from "../json-input.ts";
import {
  dropEndedWaits,
  dropExpiredLeases,
  dropFencesBelow,
  dropLease,
  dropWait,
  getAgent,
  getLease,
  getValue,
  highestFence,
  insertFence,
  insertLease,
  listAgents,
  liveLeases,
  liveWaits,
  openHandoffs,
  putAgent,
  putValue,
  putWait,
  readClock,
  releaseLease,
  removeAgent,
  renewLease,
  revokeLease,
  touchAgent,
  versionsOf,
} from "./coordination-statements.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";
import { LibsqlHandoffs } from "./libsql-handoffs.ts";
import { LibsqlWorkQueue } from "./libsql-work-queue.ts";
import { LONGEST_TTL } from "./longest-ttl.ts";

const STATES: readonly RegisteredAgent["state"][] = ["idle", "running", "blocked", "complete", "failed"];

/** Coordination in a database, between processes and machines that share it. Its clock decides; its commits wait for the disk. */
export class LibsqlCoordinationStore implements CoordinationStore {
  readonly queue: LibsqlWorkQueue;
  readonly handoffs: LibsqlHandoffs;
  readonly #database: Database;
  readonly #keeper: LeaseKeeper | undefined;

  /** `keeper`: renews leases from a thread of its own, where the database can be reached from one. */
  constructor(database: Database, keeper?: LeaseKeeper) {
    this.#database = database;
    this.#keeper = keeper;
    this.queue = new LibsqlWorkQueue(database);
    this.handoffs = new LibsqlHandoffs(database);
  }

  async now(): Promise<Date> {
    return new Date(Number((await this.#database.read(() => row(readClock)))?.[0]));
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
    const { permits, wait } = request;
    if (permits !== undefined && mode !== "shared") throw inputError("permits", "are for shared leases");
    if (permits !== undefined) checkInteger(permits, "permits", 1, Number.MAX_SAFE_INTEGER);
    const claim = { resources, mode, ...(permits === undefined ? {} : { permits }) };
    const metadata = request.metadata ?? null;
    checkJson(metadata, "metadata");
    return this.#database.write(
      function* (): Work<{ readonly granted: Lease } | { readonly conflicts: readonly Lease[] }> {
        const now = Number((yield* row(readClock))?.[0]);
        yield* run(dropExpiredLeases, { now });
        const live = (yield* rows(liveLeases)).map(leaseOf);
        const conflicts = leasesInTheWay(live, claim);
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
        if (wait !== undefined) yield* run(dropWait, { id: wait });
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

  keepAlive(lease: Pick<Lease, "id" | "token">, ttl: number, heartbeat: number): KeptAlive | undefined {
    return this.#keeper?.keep(lease, ttl, heartbeat);
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
        (resource === undefined || claimsOverlap(lease, { mode: "shared", resources: [resource] })),
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

  async acceptWrite(resource: string, token: number): Promise<void> {
    const stem = globStem(checkName(resource, "resource", 4096));
    checkInteger(token, "token", 0, Number.MAX_SAFE_INTEGER);
    const beginnings = JSON.stringify(
      Array.from({ length: stem.length + 1 }, (_, end) => stem.slice(0, end)),
    );
    await this.#database.write(
      function* (): Work<void> {
        const highest = Number((yield* row(highestFence, { stem, beginnings }))?.[0] ?? 0);
        if (token < highest)
          throw new MnemosyneError(
            "E_STALE",
            `A later holder has written to ${resource} (token ${highest}); this write (token ${token}) comes too late. Acquire a new lease and begin again.`,
            { kind: "conflict", details: { resource, token, highest } },
          );
        // What lies below is covered by this one from now on.
        yield* run(dropFencesBelow, { stem });
        yield* run(insertFence, { stem, token });
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

  async touchAgent(id: string, state?: RegisteredAgent["state"]): Promise<RegisteredAgent | undefined> {
    checkName(id, "id");
    if (state !== undefined && !STATES.includes(state))
      throw inputError("state", `must be one of ${STATES.join(", ")}`);
    return this.#database.write(function* (): Work<RegisteredAgent | undefined> {
      yield* run(touchAgent, { id, state: state ?? null });
      const found = yield* row(getAgent, { id });
      return found === undefined ? undefined : agentOf(found);
    });
  }

  async removeAgent(id: string): Promise<boolean> {
    return this.#database.write(function* (): Work<boolean> {
      return (yield* run(removeAgent, { id: checkName(id, "id") })) > 0;
    });
  }

  async putWait(wait: Omit<Wait, "arrival" | "expiresAt"> & { readonly ttl: number }): Promise<Wait> {
    const { ttl, id, actor, ...rest } = wait;
    checkName(id, "id");
    checkName(actor, "actor");
    checkInteger(ttl, "ttl", 1, LONGEST_TTL);
    const body = JSON.stringify(rest);
    // It tells of a process that waits: with the power, both are gone.
    return this.#database.write(function* (): Work<Wait> {
      yield* run(dropEndedWaits);
      const stored = yield* row(putWait, { id, actor, body, ttl });
      return { ...rest, id, actor, arrival: Number(stored?.[0]), expiresAt: new Date(Number(stored?.[1])) };
    });
  }

  async dropWait(id: string): Promise<void> {
    await this.#database.write(() => run(dropWait, { id }));
  }

  async waiting(): Promise<WaitingState> {
    return this.#database.read(
      function* (): Work<WaitingState> {
        const waits = (yield* rows(liveWaits)).map(waitOf);
        const leases = (yield* rows(liveLeases)).map(leaseOf);
        const targets = waits.flatMap(({ on }) => on);
        const keys = targets.flatMap(({ key }) => (key === undefined ? [] : [key]));
        const ids = targets.flatMap(({ handoff }) => (handoff === undefined ? [] : [handoff]));
        const versions = keys.length === 0 ? [] : yield* rows(versionsOf, { keys: JSON.stringify(keys) });
        const open = ids.length === 0 ? [] : yield* rows(openHandoffs, { ids: JSON.stringify(ids) });
        return {
          waits,
          leases,
          versions: new Map(versions.map(([key, version]) => [String(key), Number(version)])),
          openHandoffs: new Set(open.map(([id]) => String(id))),
        };
      },
      { snapshot: true },
    );
  }

  async agents(): Promise<readonly RegisteredAgent[]> {
    const found = await this.#database.read(() => rows(listAgents));
    return found.map(agentOf);
  }
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

function agentOf([id, role, state, seenAt, metadata]: Row): RegisteredAgent {
  return {
    id: String(id),
    role: String(role),
    state: state as RegisteredAgent["state"],
    seenAt: new Date(Number(seenAt)),
    metadata: JSON.parse(String(metadata)) as Json,
  };
}

function waitOf([arrival, id, actor, body, expiresAt]: Row): Wait {
  return {
    ...(JSON.parse(String(body)) as Pick<Wait, "kind" | "request" | "on" | "anyOf">),
    arrival: Number(arrival),
    id: String(id),
    actor: String(actor),
    expiresAt: new Date(Number(expiresAt)),
  };
}
