import type { ChangeNote, MemoryId, NamespaceInput } from "@mnemosyne/core";

/** One kind of evolution. */
export type EvolutionJob = "consolidate" | "importance" | "links" | "archive";

/** Options of {@link Evolution.run}. */
export interface EvolveOptions {
  /** Default: all, in the order consolidate, links, importance, archive. */
  readonly jobs?: readonly EvolutionJob[];
  /** Says what would be changed and changes nothing. Default false. */
  readonly dryRun?: boolean;
  /** Only this namespace itself; links of all namespaces decay in any case. Default: all. */
  readonly namespace?: NamespaceInput;
  /** The moment by which ages are judged. Default: now. */
  readonly now?: Date;
  readonly signal?: AbortSignal;
}

/** One change that a job made, or would make. */
export type EvolutionChange =
  | {
      readonly kind: "merged";
      /** Undo it by this number; missing in a dry run. */
      readonly merge?: number;
      readonly survivor: MemoryId;
      readonly members: readonly MemoryId[];
      /** The least similarity of a member to the survivor. */
      readonly similarity: number;
      readonly by: "meaning" | "words";
      /** Whether the survivor's content was extended by what only members say. */
      readonly extended: boolean;
    }
  | { readonly kind: "importance"; readonly id: MemoryId; readonly base: number; readonly derived: number }
  | {
      readonly kind: "decayed" | "dropped";
      readonly from: MemoryId;
      readonly to: MemoryId;
      readonly type: string;
      readonly before: number;
      readonly after: number;
    }
  | { readonly kind: "archived"; readonly id: MemoryId; readonly reason: string };

/** What a job did. */
export interface EvolutionJobReport {
  readonly job: EvolutionJob;
  readonly dryRun: boolean;
  readonly examined: number;
  readonly changed: number;
  /** At most the first thousand changes. */
  readonly changes: readonly EvolutionChange[];
}

/** A merge of memories. */
export interface Merge {
  readonly merge: number;
  readonly at: Date;
  readonly survivor: MemoryId;
  readonly members: readonly MemoryId[];
  readonly similarity: number;
  readonly undoneAt?: Date;
}

/**
 * How memories change with time: near duplicates are merged, importance is derived from use, unused links fade, the old
 * and unused is archived. A second run at the same moment changes nothing. What a run has done can be undone: merges by
 * `undo`, archiving by `restore`; what was said (importance, strength) is kept and derived from again.
 */
export interface Evolution {
  run(options?: EvolveOptions): Promise<{ readonly jobs: readonly EvolutionJobReport[] }>;
  /** Merges, newest first. */
  merges(options?: { readonly limit?: number }): Promise<readonly Merge[]>;
  /**
   * Takes a merge back: the survivor's merged fields are again as they were before it, and its members are found again.
   * They are not merged again. Throws `E_NOT_FOUND` for an unknown merge, or one that was undone.
   */
  undo(
    merge: number,
    note?: ChangeNote,
  ): Promise<{ readonly survivor: MemoryId; readonly members: readonly MemoryId[] }>;
}
