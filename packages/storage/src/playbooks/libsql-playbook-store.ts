import {
  EMPTY_PLAYBOOK,
  MnemosyneError,
  Namespace,
  applyInverseDeltas,
  applyPlaybookDeltas,
  checkPlaybookNote,
  orderPlaybookItems,
  planPlaybookRevert,
  type DeltasApplied,
  type NamespaceInput,
  type Playbook,
  type PlaybookApplied,
  type PlaybookChange,
  type PlaybookDelta,
  type PlaybookItem,
  type PlaybookNote,
  type PlaybookReverted,
  type PlaybookRevertible,
  type PlaybookStore,
} from "@mnemosyne/core";
import type { Database } from "../database/database.ts";
import { row, rows, run, type Row, type Work } from "../database/work.ts";
import { checkInteger, checkLimit, inputError } from "../input.ts";
import {
  changeWithKey,
  changesAfter,
  dropPlaybookItem,
  getPlaybook,
  insertChange,
  playbookItemsOf,
  putPlaybookItem,
  setPlaybook,
} from "./playbook-statements.ts";

const ALL = 9_000_000_000_000_000;

/** What the cell `body` of a change holds. */
interface ChangeBody extends Omit<PlaybookChange, "version" | "at"> {
  /** What {@link PlaybookApplied} said. */
  readonly ids: readonly string[];
}

/** Playbooks in a database. Each change is one transaction: items, counters and history stand or fall together. */
export class LibsqlPlaybookStore implements PlaybookStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async read(namespace: NamespaceInput, options: { readonly version?: number } = {}): Promise<Playbook> {
    const name = Namespace.parse(namespace);
    const { version } = options;
    if (version !== undefined) checkInteger(version, "version", 0, ALL);
    return this.#database.read(
      function* (): Work<Playbook> {
        const now = yield* current(name);
        if (version === undefined || version === now.version) return now;
        if (version > now.version)
          throw inputError(
            "version",
            `must be at most ${now.version}, the playbook's version; ${version} is not yet`,
          );
        return asOf(
          now,
          version,
          (yield* rows(changesAfter, { namespace: name, after: version, limit: ALL })).map(changeOf),
        );
      },
      { snapshot: true },
    );
  }

  async apply(
    namespace: NamespaceInput,
    deltas: readonly PlaybookDelta[],
    version: number,
    note: PlaybookNote = {},
  ): Promise<PlaybookApplied> {
    const name = Namespace.parse(namespace);
    checkPlaybookNote(note);
    return this.#database.write(function* (): Work<PlaybookApplied> {
      const repeated =
        note.key === undefined ? undefined : yield* row(changeWithKey, { namespace: name, key: note.key });
      if (repeated !== undefined) return sameAgain(repeated, deltas, note);
      const now = yield* current(name);
      if (now.version !== version)
        throw new MnemosyneError(
          "E_VERSION_CONFLICT",
          `The playbook of ${name} is at version ${now.version}, not ${version}; read it again.`,
          { kind: "conflict", path: "version", details: { version: now.version } },
        );
      const done = applyPlaybookDeltas(now, deltas);
      yield* keep(name, done, { ...note, deltas, changes: done.changes, ids: done.ids });
      return { version: done.playbook.version, ids: done.ids };
    });
  }

  async history(
    namespace: NamespaceInput,
    options: { readonly after?: number; readonly limit?: number } = {},
  ): Promise<readonly PlaybookChange[]> {
    const name = Namespace.parse(namespace);
    const after = checkInteger(options.after ?? 0, "after", 0, ALL);
    const limit = checkLimit(options.limit, 1000);
    const found = await this.#database.read(() => rows(changesAfter, { namespace: name, after, limit }));
    return found.map(changeOf);
  }

  async revert(
    namespace: NamespaceInput,
    what: PlaybookRevertible,
    note: PlaybookNote = {},
  ): Promise<PlaybookReverted> {
    const name = Namespace.parse(namespace);
    checkPlaybookNote(note);
    return this.#database.write(function* (): Work<PlaybookReverted> {
      const now = yield* current(name);
      const history = (yield* rows(changesAfter, { namespace: name, after: 0, limit: ALL })).map(changeOf);
      const { deltas, reverted, conflicts } = planPlaybookRevert(now, history, what);
      if (deltas.length === 0) return { version: now.version, reverted, conflicts };
      const done = applyInverseDeltas(now, deltas);
      yield* keep(name, done, { ...note, deltas, changes: done.changes, ids: done.ids, reverts: reverted });
      return { version: done.playbook.version, reverted, conflicts };
    });
  }
}

function* current(namespace: string): Work<Playbook> {
  const found = yield* row(getPlaybook, { namespace });
  if (found === undefined) return EMPTY_PLAYBOOK;
  const items = (yield* rows(playbookItemsOf, { namespace })).map(
    ([body]) => JSON.parse(String(body)) as PlaybookItem,
  );
  return { version: Number(found[0]), nextId: Number(found[1]), items: orderPlaybookItems(items) };
}

function* keep(namespace: string, done: DeltasApplied, body: ChangeBody): Work<void> {
  const { version, nextId } = done.playbook;
  for (const { id, after } of done.changes)
    if (after === undefined) yield* run(dropPlaybookItem, { namespace, item: id });
    else yield* run(putPlaybookItem, { namespace, item: id, body: JSON.stringify(after) });
  yield* run(setPlaybook, { namespace, version, nextId });
  yield* run(insertChange, {
    namespace,
    version,
    run: body.run ?? null,
    key: body.key ?? null,
    body: JSON.stringify(body),
  });
}

function sameAgain(found: Row, deltas: readonly PlaybookDelta[], note: PlaybookNote): PlaybookApplied {
  const body = JSON.parse(String(found[2])) as ChangeBody;
  if (JSON.stringify(body.deltas) === JSON.stringify(deltas))
    return { version: Number(found[0]), ids: body.ids };
  throw new MnemosyneError("E_CONFLICT", `The key '${note.key}' stands for other deltas; use a new one.`, {
    kind: "conflict",
    path: "note.key",
  });
}

function changeOf([version, at, body]: Row): PlaybookChange {
  const { ids: _, ...rest } = JSON.parse(String(body)) as ChangeBody;
  return { ...rest, version: Number(version), at: new Date(Number(at)) };
}

/** A playbook as it was at an earlier version: later changes taken off, newest first. */
function asOf(now: Playbook, version: number, later: readonly PlaybookChange[]): Playbook {
  const items = new Map(now.items.map((item) => [item.id, item]));
  for (const { changes } of later.toReversed())
    for (const { id, before } of changes)
      if (before === undefined) items.delete(id);
      else items.set(id, before);
  return { version, nextId: now.nextId, items: orderPlaybookItems([...items.values()]) };
}
