import { randomUUID } from "node:crypto";
import {
  MnemosyneError,
  type Handoff,
  type HandoffOffer,
  type HandoffStore,
  type Json,
} from "@mnemosyne/core";
import type { Database } from "../database/database.ts";
import { row, rows, run, type Row, type Work } from "../database/work.ts";
import { checkInteger, checkName } from "../input.ts";
import { checkJson } from "../json-input.ts";
import {
  dropOldHandoffs,
  getHandoff,
  insertHandoff,
  listHandoffs,
  moveHandoff,
} from "./handoff-statements.ts";
import { LONGEST_TTL } from "./longest-ttl.ts";

const FULL = { full: true };
/** Milliseconds for which a handoff that has ended is kept. */
const KEPT = 7 * 24 * 3_600_000;

interface Step {
  readonly name: string;
  readonly side: "from" | "to";
  readonly legal: readonly Handoff["state"][];
  readonly state: Handoff["state"];
  /** Milliseconds from now until it expires; 0: it ends now. */
  readonly ttl?: number;
  readonly reason?: string;
  readonly result?: Json;
}

/** Handoffs in a database. */
export class LibsqlHandoffs implements HandoffStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async offer(offer: HandoffOffer): Promise<Handoff> {
    const { id = randomUUID() } = offer;
    const from = checkName(offer.from, "from");
    const to = checkName(offer.to, "to");
    checkName(id, "id");
    checkJson(offer.payload, "payload");
    const ttl = checkInteger(offer.ttl, "ttl", 1, LONGEST_TTL);
    const payload = JSON.stringify(offer.payload);
    return this.#database.write(function* (): Work<Handoff> {
      yield* run(dropOldHandoffs, { kept: KEPT });
      yield* run(insertHandoff, { id, from, to, payload, ttl });
      return handoffOf((yield* row(getHandoff, { id })) ?? []);
    }, FULL);
  }

  async accept(id: string, by: string, ttl: number): Promise<Handoff> {
    checkInteger(ttl, "ttl", 1, LONGEST_TTL);
    const legal = ["offered", "accepted"] as const;
    return this.#take(id, by, { name: "accept", side: "to", legal, state: "accepted", ttl });
  }

  async decline(id: string, by: string, reason: string): Promise<Handoff> {
    const legal = ["offered", "accepted"] as const;
    return this.#take(id, by, { name: "decline", side: "to", legal, state: "declined", reason });
  }

  async complete(id: string, by: string, result: Json): Promise<Handoff> {
    checkJson(result, "result");
    return this.#take(id, by, {
      name: "complete",
      side: "to",
      legal: ["accepted"],
      state: "completed",
      result,
    });
  }

  async withdraw(id: string, by: string, reason: string): Promise<Handoff> {
    return this.#take(id, by, {
      name: "withdraw",
      side: "from",
      legal: ["offered"],
      state: "expired",
      reason,
    });
  }

  async get(id: string): Promise<Handoff | undefined> {
    const found = await this.#database.read(() => row(getHandoff, { id: checkName(id, "id") }));
    return found === undefined ? undefined : handoffOf(found);
  }

  async list(
    filter: { readonly from?: string; readonly to?: string; readonly state?: Handoff["state"] } = {},
  ): Promise<readonly Handoff[]> {
    const { from, to, state } = filter;
    const values = {
      anyFrom: from === undefined ? 1 : 0,
      from: from ?? "",
      anyTo: to === undefined ? 1 : 0,
      to: to ?? "",
    };
    const found = await this.#database.read(() => rows(listHandoffs, values));
    return found.map(handoffOf).filter((handoff) => state === undefined || handoff.state === state);
  }

  #take(id: string, by: string, step: Step): Promise<Handoff> {
    checkName(id, "id");
    return this.#database.write(function* (): Work<Handoff> {
      const found = yield* row(getHandoff, { id });
      if (found === undefined)
        throw new MnemosyneError("E_NOT_FOUND", `There is no handoff '${id}'.`, { kind: "notFound" });
      const handoff = handoffOf(found);
      const mine = handoff[step.side] === by;
      const done = step.ttl === undefined && handoff.state === step.state;
      if (mine && done) return handoff;
      if (!mine || !step.legal.includes(handoff.state))
        throw new MnemosyneError(
          "E_CONFLICT",
          `'${by}' cannot ${step.name} handoff '${id}': it is ${handoff.state}, from '${handoff.from}' to '${handoff.to}'.`,
          { kind: "conflict", details: { id, state: handoff.state } },
        );
      yield* run(moveHandoff, {
        id,
        state: step.state,
        ttl: step.ttl ?? 0,
        reason: step.reason ?? null,
        result: step.result === undefined ? null : JSON.stringify(step.result),
      });
      return handoffOf((yield* row(getHandoff, { id })) ?? []);
    }, FULL);
  }
}

function handoffOf(found: Row): Handoff {
  const [id, from, to, payload, state, reason, result, offeredAt, expiresAt] = found;
  return {
    id: String(id),
    from: String(from),
    to: String(to),
    payload: JSON.parse(String(payload)) as Json,
    state: state as Handoff["state"],
    ...(reason === null || reason === undefined ? {} : { reason: String(reason) }),
    ...(result === null || result === undefined ? {} : { result: JSON.parse(String(result)) as Json }),
    offeredAt: new Date(Number(offeredAt)),
    expiresAt: new Date(Number(expiresAt)),
  };
}
