import type { NamespaceInput } from "../namespace.ts";

/** Where a strategy came from. */
export interface PlaybookOrigin {
  readonly run?: string;
  readonly task?: string;
  readonly attempt?: number;
  readonly agent?: string;
  /** The gate whose outcome taught it. */
  readonly gate?: string;
  /** Who wrote it, where no run did: `person`, `import`, a format's name. */
  readonly source?: string;
  /** Ids of memories that it quotes. */
  readonly memories?: readonly string[];
}

/** One strategy of a playbook. */
export interface PlaybookItem {
  /** Stable, never used again for another one: `str-00007`. */
  readonly id: string;
  readonly section: string;
  readonly content: string;
  /** How often it helped and harmed. */
  readonly helpful: number;
  readonly harmful: number;
  /** Its content is what a gate or a person checked. */
  readonly verified: boolean;
  /** What was checked last, where anything ever was: what later changes must keep the facts of. */
  readonly verifiedContent?: string;
  /** What each delta that made it so rested on, oldest first; the last ten. */
  readonly evidence: readonly string[];
  readonly origin?: PlaybookOrigin;
}

/** A small change of a playbook, with its evidence. Nothing is rewritten wholesale. */
export type PlaybookDelta = { readonly evidence: string } & (
  | {
      readonly op: "add";
      readonly section: string;
      readonly content: string;
      readonly verified?: boolean;
      readonly helpful?: number;
      readonly harmful?: number;
      /** For an import that keeps ids. Default: the section's next one. A known id is refused. */
      readonly id?: string;
      readonly origin?: PlaybookOrigin;
    }
  /** Replaces the words. `verified`: the new ones were checked; without it they are not verified any more, unless they are what was. */
  | {
      readonly op: "update";
      readonly id: string;
      readonly content: string;
      readonly section?: string;
      readonly verified?: boolean;
    }
  /** Adds to the counts. */
  | { readonly op: "tag"; readonly id: string; readonly helpful?: number; readonly harmful?: number }
  /** Makes one of several: the first stays, with the sum of the counts; the others go. */
  | {
      readonly op: "merge";
      readonly ids: readonly string[];
      readonly content: string;
      readonly section?: string;
      readonly verified?: boolean;
    }
  | { readonly op: "remove"; readonly id: string }
  /** Puts an item back exactly as it was. */
  | { readonly op: "restore"; readonly item: PlaybookItem }
);

/** A playbook as it stands. */
export interface Playbook {
  /** Rises by one with every set of deltas; 0 when there never was one. */
  readonly version: number;
  /** The number of the next id that is given. */
  readonly nextId: number;
  /** By the number of their ids, oldest first. */
  readonly items: readonly PlaybookItem[];
}

/** Who changes a playbook, and why. */
export interface PlaybookNote {
  readonly by?: string;
  readonly reason?: string;
  readonly run?: string;
  readonly task?: string;
  /** The same key in the same playbook applies once; a later call gives the first one's result. */
  readonly key?: string;
}

/** What one item was before a change and is after it. */
export interface PlaybookItemChange {
  readonly id: string;
  readonly before?: PlaybookItem;
  readonly after?: PlaybookItem;
}

/** One set of deltas as it was applied: enough to take it back. */
export interface PlaybookChange extends PlaybookNote {
  /** The playbook's version after it. */
  readonly version: number;
  readonly at: Date;
  readonly deltas: readonly PlaybookDelta[];
  readonly changes: readonly PlaybookItemChange[];
  /** Versions whose changes it took back. */
  readonly reverts?: readonly number[];
}

/** What applying a set came to. */
export interface PlaybookApplied {
  readonly version: number;
  /** For each delta the id of the item that it made or changed. */
  readonly ids: readonly string[];
}

/** What taking changes back came to. */
export interface PlaybookReverted {
  readonly version: number;
  /** Versions that were taken back, newest first; one with a conflict is named too if any of it was. */
  readonly reverted: readonly number[];
  /** Items that somebody else has changed since: they stay as they are. */
  readonly conflicts: readonly { readonly id: string; readonly version: number; readonly since: number }[];
}

/** What can be taken back: one change, or those of a run, of all its tasks or of the named ones. */
export type PlaybookRevertible =
  | { readonly version: number }
  | { readonly run: string; readonly tasks?: readonly string[] };

/** Keeps playbooks, versioned; every change is kept with what it changed. */
export interface PlaybookStore {
  /** An unknown namespace has an empty playbook of version 0; it inherits nothing. Throws `E_INPUT` for a version that is not yet. */
  read(namespace: NamespaceInput, options?: { readonly version?: number }): Promise<Playbook>;
  /**
   * All or none. Throws `E_VERSION_CONFLICT` when the playbook is no longer at `version`, `E_NOT_FOUND` for an unknown item,
   * `E_CONFLICT` for an id that is taken, `E_INPUT` for a delta that is none, `E_PLAYBOOK_LOSS` when it would lose verified content.
   */
  apply(
    namespace: NamespaceInput,
    deltas: readonly PlaybookDelta[],
    version: number,
    note?: PlaybookNote,
  ): Promise<PlaybookApplied>;
  /** Changes after a version, oldest first. */
  history(
    namespace: NamespaceInput,
    options?: { readonly after?: number; readonly limit?: number },
  ): Promise<readonly PlaybookChange[]>;
  /**
   * Takes back one change, or all of a run (of some of its tasks), newest first, as a change of its own. What others have changed
   * since stays and is reported. Without anything to take back the version stays. Throws `E_NOT_FOUND` for a version that is none.
   */
  revert(namespace: NamespaceInput, what: PlaybookRevertible, note?: PlaybookNote): Promise<PlaybookReverted>;
}
