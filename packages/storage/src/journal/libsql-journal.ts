import {
  MnemosyneError,
  NO_USAGE,
  RunId,
  type Journal,
  type JournalAppend,
  type JournalAppended,
  type Json,
  type NewRun,
  type PayloadRef,
  type RunEvent,
  type RunEventClass,
  type RunRecord,
  type RunStatus,
} from "@mnemosyne/core";
import { getBlob } from "../blobs/blob-statements.ts";
import { bytesOf } from "../blobs/libsql-blob-store.ts";
import type { Database } from "../database/database.ts";
import { row, rows, run, runAll, type Work } from "../database/work.ts";
import { checkLimit } from "../input.ts";
import { appendCalls, prepareAppend, type PreparedAppend } from "./append.ts";
import { CLASSES, eventsOf } from "./event-row.ts";
import {
  findClosed,
  getPosition,
  getRun,
  insertPlan,
  insertRun,
  listRuns,
  readEvents,
} from "./journal-statements.ts";
import { recordOf } from "./run-row.ts";

/** So many events are read in one go, so that a long journal neither blocks the event loop nor holds a lock for long. */
const PAGE = 2000;

/** The journal in a database. Appends of one tick share a transaction, and each waits for the disk. */
export class LibsqlJournal implements Journal {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async createRun(newRun: NewRun): Promise<"created" | "existing"> {
    const runId = RunId.parse(newRun.runId);
    return this.#database.write(
      function* (): Work<"created" | "existing"> {
        const created = yield* run(insertRun, {
          runId,
          name: newRun.name,
          planHash: newRun.planHash,
          usage: JSON.stringify(NO_USAGE),
        });
        if (created === 0) return "existing";
        yield* run(insertPlan, { plan: JSON.stringify(newRun.plan) });
        return "created";
      },
      { full: true },
    );
  }

  async getRun(
    runId: string,
  ): Promise<(RunRecord & { readonly plan: Json; readonly head: number }) | undefined> {
    const found = await this.#database.read(() => row(getRun, { runId }));
    if (found === undefined) return undefined;
    return { ...recordOf(found), plan: JSON.parse(String(found[7])) as Json, head: Number(found[8]) };
  }

  async listRuns(
    options: { readonly limit?: number; readonly status?: readonly RunStatus[] } = {},
  ): Promise<readonly RunRecord[]> {
    const limit = checkLimit(options.limit, 50);
    const statuses = options.status === undefined ? null : JSON.stringify(options.status);
    const found = await this.#database.read(() => rows(listRuns, { limit, statuses }));
    return found.map(recordOf);
  }

  /** A writer that is far behind gets the next 2000 events: it folds them and appends again, as it would in any case. */
  async append(append: JournalAppend): Promise<JournalAppended> {
    const prepared = prepareAppend(append);
    return this.#database.write(() => this.#append(prepared), { full: true });
  }

  *#append(append: PreparedAppend): Work<JournalAppended> {
    const position = yield* row(getPosition, { runId: append.runId });
    if (position === undefined) throw runNotFound(append.runId);
    const runRow = Number(position[0]);
    const head = Number(position[1] ?? 0);
    if (append.head < head) {
      const missing = yield* rows(readEvents, {
        run: runRow,
        after: append.head,
        classes: null,
        limit: PAGE,
      });
      return { outcome: "behind", events: eventsOf(append.runId, missing) };
    }
    if (append.head > head)
      throw new MnemosyneError(
        "E_CONFLICT",
        `Run '${append.runId}' has ${head} events, but the writer has folded ${append.head}; read the journal from its start.`,
        { kind: "conflict", path: "head" },
      );
    for (const [index, entry] of append.entries.entries())
      if (entry.closes !== null) {
        const closed = yield* row(findClosed, { run: runRow, closes: entry.closes });
        if (closed !== undefined) throw keyClosed(append.runId, entry.closes, Number(closed[0]), index);
      }
    const last = Number(position[2] ?? 0);
    const { calls, events } = appendCalls(append, runRow, head, last, Number(position[3]));
    yield* runAll(calls);
    return { outcome: "appended", events };
  }

  async read(
    runId: string,
    options: {
      readonly after?: number;
      readonly limit?: number;
      readonly classes?: readonly RunEventClass[];
    } = {},
  ): Promise<readonly RunEvent[]> {
    const classes =
      options.classes === undefined
        ? null
        : JSON.stringify(options.classes.map((each) => CLASSES.indexOf(each)));
    const events: RunEvent[] = [];
    let after = options.after ?? 0;
    for (let left = options.limit ?? Infinity; left > 0;) {
      const limit = Math.min(PAGE, left);
      const from = after;
      const page = await this.#database.read(() => readPage(runId, from, classes, limit));
      events.push(...page);
      if (page.length < limit) break;
      after = page.at(-1)?.seq ?? after;
      left -= page.length;
    }
    return events;
  }

  async head(runId: string): Promise<number> {
    const position = await this.#database.read(() => row(getPosition, { runId }));
    if (position === undefined) throw runNotFound(runId);
    return Number(position[1] ?? 0);
  }

  async readPayload(ref: Pick<PayloadRef, "hash">): Promise<string | undefined> {
    const found = await this.#database.read(() => row(getBlob, { hash: ref.hash }));
    return found === undefined ? undefined : new TextDecoder().decode(bytesOf(found[0]));
  }
}

function* readPage(
  runId: string,
  after: number,
  classes: string | null,
  limit: number,
): Work<readonly RunEvent[]> {
  const position = yield* row(getPosition, { runId });
  if (position === undefined) throw runNotFound(runId);
  const run = Number(position[0]);
  return eventsOf(runId, yield* rows(readEvents, { run, after, classes, limit }));
}

function runNotFound(runId: string): MnemosyneError {
  return new MnemosyneError("E_RUN_NOT_FOUND", `There is no run '${runId}'.`, {
    kind: "notFound",
    path: "runId",
  });
}

function keyClosed(runId: string, key: string, seq: number, index: number): MnemosyneError {
  return new MnemosyneError(
    "E_STALE",
    `Event ${seq} of run '${runId}' has closed '${key}' already; this result comes too late and was not written.`,
    { kind: "conflict", path: `entries[${index}].closes` },
  );
}
