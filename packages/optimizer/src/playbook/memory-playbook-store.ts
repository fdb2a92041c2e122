import {
  EMPTY_PLAYBOOK,
  MnemosyneError,
  Namespace,
  applyInverseDeltas,
  applyPlaybookDeltas,
  checkPlaybookNote,
  planPlaybookRevert,
  type Clock,
  type DeltasApplied,
  type NamespaceInput,
  type Playbook,
  type PlaybookApplied,
  type PlaybookChange,
  type PlaybookDelta,
  type PlaybookNote,
  type PlaybookReverted,
  type PlaybookRevertible,
  type PlaybookStore,
} from "@mnemosyne/core";

/** A playbook's versions, from 0 on, and the changes between them. */
interface Shelf {
  readonly versions: Playbook[];
  readonly changes: PlaybookChange[];
  readonly keys: Map<string, { readonly applied: PlaybookApplied; readonly deltas: string }>;
}

/**
 * Playbooks in memory, for programs without a database and for tests; gone with the process.
 *
 * @example
 * const playbooks = new MemoryPlaybookStore();
 * await playbooks.apply("project:app", [{ op: "add", section: "tests", content: "Run them.", evidence: "run r1" }], 0);
 */
export class MemoryPlaybookStore implements PlaybookStore {
  readonly #shelves = new Map<string, Shelf>();
  readonly #clock: Pick<Clock, "now">;

  constructor(options: { readonly clock?: Pick<Clock, "now"> } = {}) {
    this.#clock = options.clock ?? { now: () => Date.now() };
  }

  async read(namespace: NamespaceInput, options: { readonly version?: number } = {}): Promise<Playbook> {
    const { versions } = this.#shelf(namespace);
    const found = versions.at(options.version ?? -1);
    if (found !== undefined && (options.version === undefined || options.version === found.version))
      return found;
    throw new MnemosyneError("E_INPUT", `The playbook has no version ${options.version}.`, {
      kind: "input",
      path: "version",
    });
  }

  async apply(
    namespace: NamespaceInput,
    deltas: readonly PlaybookDelta[],
    version: number,
    note: PlaybookNote = {},
  ): Promise<PlaybookApplied> {
    checkPlaybookNote(note);
    const shelf = this.#shelf(namespace);
    const repeated = note.key === undefined ? undefined : shelf.keys.get(note.key);
    if (repeated !== undefined) {
      if (repeated.deltas === JSON.stringify(deltas)) return repeated.applied;
      throw new MnemosyneError(
        "E_CONFLICT",
        `The key '${note.key}' stands for other deltas; use a new one.`,
        {
          kind: "conflict",
          path: "note.key",
        },
      );
    }
    const now = shelf.versions.at(-1) ?? EMPTY_PLAYBOOK;
    if (now.version !== version)
      throw new MnemosyneError(
        "E_VERSION_CONFLICT",
        `The playbook is at version ${now.version}, not ${version}; read it again.`,
        { kind: "conflict", path: "version" },
      );
    const done = applyPlaybookDeltas(now, deltas);
    this.#keep(shelf, done, structuredClone(deltas), note);
    const applied = { version: done.playbook.version, ids: done.ids };
    if (note.key !== undefined) shelf.keys.set(note.key, { applied, deltas: JSON.stringify(deltas) });
    return applied;
  }

  async history(
    namespace: NamespaceInput,
    options: { readonly after?: number; readonly limit?: number } = {},
  ): Promise<readonly PlaybookChange[]> {
    const after = options.after ?? 0;
    return this.#shelf(namespace).changes.slice(after, after + (options.limit ?? 1000));
  }

  async revert(
    namespace: NamespaceInput,
    what: PlaybookRevertible,
    note: PlaybookNote = {},
  ): Promise<PlaybookReverted> {
    checkPlaybookNote(note);
    const shelf = this.#shelf(namespace);
    const now = shelf.versions.at(-1) ?? EMPTY_PLAYBOOK;
    const { deltas, reverted, conflicts } = planPlaybookRevert(now, shelf.changes, what);
    if (deltas.length === 0) return { version: now.version, reverted, conflicts };
    const done = applyInverseDeltas(now, deltas);
    this.#keep(shelf, done, deltas, note, reverted);
    return { version: done.playbook.version, reverted, conflicts };
  }

  #keep(
    shelf: Shelf,
    { playbook, changes }: DeltasApplied,
    deltas: readonly PlaybookDelta[],
    note: PlaybookNote,
    reverts?: readonly number[],
  ): void {
    shelf.versions.push(playbook);
    shelf.changes.push({
      ...note,
      version: playbook.version,
      at: new Date(this.#clock.now()),
      deltas,
      changes,
      ...(reverts === undefined ? {} : { reverts }),
    });
  }

  #shelf(namespace: NamespaceInput): Shelf {
    const name = Namespace.parse(namespace);
    let shelf = this.#shelves.get(name);
    if (shelf === undefined)
      this.#shelves.set(name, (shelf = { versions: [EMPTY_PLAYBOOK], changes: [], keys: new Map() }));
    return shelf;
  }
}
