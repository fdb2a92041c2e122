import type { MemoryId, RunId, TaskId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { Namespace, NamespaceInput } from "../namespace.ts";

/** Known types of memories. Any other non-empty string is legal too. */
export const MEMORY_TYPES = [
  "architecture_decision",
  "code_pattern",
  "bug_fix",
  "configuration",
  "constraint",
  "entity",
  "insight",
  "reference",
  "preference",
  "task",
  "agent_event",
] as const;

/** A known type or a custom one. */
export type MemoryType = (typeof MEMORY_TYPES)[number] | (string & {});

/**
 * How far a memory can be trusted. `claimed`: somebody said so. `observed`: it was seen to happen (a command's result).
 * `verified`: a gate or a person checked the statement; provenance names the evidence.
 */
export type Trust = "claimed" | "observed" | "verified";

/** Where a memory came from. */
export interface Provenance {
  readonly run?: RunId;
  readonly task?: TaskId;
  readonly attempt?: number;
  readonly agent?: string;
  readonly commit?: string;
  /** Id of the evidence that made it `verified`, e.g. a gate's judgement. */
  readonly evidence?: string;
  /** Who wrote it, where no agent did: `person`, `import`, a tool's name. */
  readonly source?: string;
  /** Ids of the memories that it was made from: its trust is never above the lowest of theirs. */
  readonly sources?: readonly string[];
}

/** One remembered record. */
export interface Memory {
  readonly id: MemoryId;
  readonly namespace: Namespace;
  /** 1 byte to 100 kB of text. */
  readonly content: string;
  readonly summary: string;
  /** 1 (least) to 10 (most). */
  readonly importance: number;
  /** 0 to 1. */
  readonly confidence: number;
  readonly type: MemoryType;
  readonly keywords: readonly string[];
  readonly tags: readonly string[];
  readonly context: string;
  /** The conversation or log that it is part of; `seq` is its place there. */
  readonly thread?: string;
  readonly seq?: number;
  /** Who said or did it. */
  readonly actor?: string;
  readonly occurredAt?: Date;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly metadata: JsonObject;
  /** Rises by one with every change; starts at 1. */
  readonly version: number;
  readonly trust: Trust;
  readonly provenance: Provenance;
  /** From then on it is gone. */
  readonly expiresAt?: Date;
  /** When what it says began and ceased to be true. Outside that time searches and listings leave it out; `get` gives it. */
  readonly validFrom?: Date;
  readonly validTo?: Date;
  /** The memory that stands in its place. Searches and listings leave it out; `get` gives it. */
  readonly supersededBy?: MemoryId;
  /** Since when searches and listings leave it out as too old and unused; `get` gives it, `restore` brings it back. */
  readonly archivedAt?: Date;
  /** How much it matters by its use, 1 to 10, worked out by evolution; `importance` is what was said. */
  readonly derivedImportance?: number;
}

/** What `store` takes. Only `content` is required. */
export interface MemoryInput {
  /** 1 byte to 100 kB of UTF-8. */
  readonly content: string;
  /** Default `global`. */
  readonly namespace?: NamespaceInput;
  /** Integer 1 to 10. Default 5. */
  readonly importance?: number;
  /** 0 to 1. Default 1. */
  readonly confidence?: number;
  /** Default `insight`. */
  readonly type?: MemoryType;
  /** Default: empty. */
  readonly summary?: string;
  readonly keywords?: readonly string[];
  readonly tags?: readonly string[];
  readonly context?: string;
  readonly thread?: string;
  readonly seq?: number;
  readonly actor?: string;
  readonly occurredAt?: Date | string;
  readonly createdAt?: Date | string;
  readonly metadata?: JsonObject;
  /** A UUID; default: a new UUIDv7. A known id is refused with `E_CONFLICT`. */
  readonly id?: string;
  /** The same key in the same namespace gives the same memory: a repeated call stores nothing and returns the first id. */
  readonly idempotencyKey?: string;
  /** Default `claimed`. `verified` needs `provenance.evidence`. Lowered to the lowest of `provenance.sources`. */
  readonly trust?: Trust;
  readonly provenance?: Provenance;
  /** After this moment it is gone. */
  readonly expiresAt?: Date | string;
  /** When what it says began and ceased to be true. Default: always. */
  readonly validFrom?: Date | string;
  readonly validTo?: Date | string;
  /**
   * Visible only within this run until `promote` is called for the task that made it (memories of work that was
   * not yet judged). Default: visible at once.
   */
  readonly pendingRun?: string;
}

/**
 * What `update` may change. `metadata` and `provenance` replace the old object. A new content that names no trust of its
 * own is no longer `verified`: another statement was checked.
 */
export type MemoryPatch = Partial<
  Pick<
    MemoryInput,
    | "content"
    | "summary"
    | "importance"
    | "confidence"
    | "type"
    | "keywords"
    | "tags"
    | "context"
    | "metadata"
    | "trust"
    | "provenance"
    | "expiresAt"
    | "validFrom"
    | "validTo"
    | "actor"
    | "occurredAt"
  >
> & {
  /** The id of the memory that stands in its place from now on. */
  readonly supersededBy?: string;
};

/** Who changes something, and why: kept in its history. */
export interface ChangeNote {
  readonly by?: string;
  readonly reason?: string;
}

/** What happened to a memory. */
export type MemoryChangeKind =
  | "stored"
  | "updated"
  | "superseded"
  | "merged"
  | "archived"
  | "forgotten"
  | "restored"
  | "replaced"
  | "promoted"
  | "linked"
  | "unlinked";

/** One change of a memory. */
export interface MemoryChange extends ChangeNote {
  readonly change: MemoryChangeKind;
  /** The memory's version after it. */
  readonly version: number;
  readonly at: Date;
  /** The fields that it changed, as they were before, in their JSON form; of a link, the link. */
  readonly before: JsonObject;
}

/** A directed, typed link between two memories. There is one of a type from one to another. */
export interface MemoryLink extends ChangeNote {
  readonly from: MemoryId;
  readonly to: MemoryId;
  readonly type: string;
  /** Above 0, at most 1. */
  readonly strength: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Options of `link`. */
export interface LinkOptions extends ChangeNote {
  /** Default `related`. */
  readonly type?: string;
  /** Above 0, at most 1. Default 1. */
  readonly strength?: number;
}

/** Options of `graph`. */
export interface GraphOptions {
  /** Links between the start and the farthest memory, 0 to 10. Default 2. */
  readonly depth?: number;
  /** Shows only memories that this namespace sees. Default: the start's own; without a start `global`. */
  readonly namespace?: NamespaceInput;
  /** At most so many memories, the nearest and strongest. 1 to 1000. Default 100. */
  readonly limit?: number;
}

/** A memory of a graph. */
export interface GraphNode extends Memory {
  /** The least number of links to it from the start; 0 is the start itself. */
  readonly hop: number;
  /** The greatest product of strengths over the ways with so many links. */
  readonly strength: number;
}

/** Memories and the links among them. */
export interface MemoryGraph {
  /** Nearest first, then strongest. */
  readonly nodes: readonly GraphNode[];
  readonly links: readonly MemoryLink[];
  /** The limit left some out. */
  readonly truncated: boolean;
}

/** The parts of a hit's score, each as it was added up. */
export type ScoreParts = Readonly<Record<string, number>>;

/** A found memory. Higher scores are better; scores compare only within one result. */
export interface SearchHit extends Memory {
  readonly score: number;
  /** What found it: its words, its meaning (an embedder's vectors), or both. `words` where no embedder was used. */
  readonly foundBy?: "words" | "meaning" | "both";
  /** With `explain`: each part of the score. */
  readonly parts?: ScoreParts;
  /** With `include.neighbours`: the memories before and after it in its thread, in order, itself left out. */
  readonly neighbours?: readonly Memory[];
}

/** Options of a search. */
export interface SearchOptions {
  /** Finds this namespace's memories and those it inherits. Default `global`. */
  readonly namespace?: NamespaceInput;
  /** 1 to 1000. Default 10. */
  readonly limit?: number;
  readonly minImportance?: number;
  readonly types?: readonly string[];
  /** All of them must be there. */
  readonly tags?: readonly string[];
  readonly thread?: string;
  readonly include?: { readonly neighbours?: number };
  /** Finds what was there and held at that moment: happened (or, without `occurredAt`, was stored) by then, and was valid. Contents are today's. */
  readonly asOf?: Date | string;
  /** Adds `parts` to each hit. Default false. */
  readonly explain?: boolean;
  /** Memories pending in this run are found too. */
  readonly pendingRun?: string;
  readonly signal?: AbortSignal;
}

/** Options of a listing. */
export interface ListOptions {
  /** Lists this namespace's memories and those it inherits. Default `global`. */
  readonly namespace?: NamespaceInput;
  /** 1 to 1000. Default 20. */
  readonly limit?: number;
  readonly thread?: string;
}

/** Counts of a namespace (itself and what it inherits), or of everything. */
export interface MemoryStats {
  readonly totalMemories: number;
  readonly byNamespace: Readonly<Record<string, number>>;
  readonly byType: Readonly<Record<string, number>>;
  readonly oldest?: Date;
  readonly newest?: Date;
  /** Only with an embedder. Of the whole store. */
  readonly vectors?: VectorStats;
}

/** A memory as an export gives it. */
export interface ExportedMemory extends Memory {
  readonly idempotencyKey?: string;
  readonly link?: undefined;
}

/** A link as an export gives it, after the memories that it joins. */
export interface ExportedLink {
  readonly link: MemoryLink;
}

/** One record of an export. */
export type ExportRecord = ExportedMemory | ExportedLink;

/** One record of an import: hand-written, or as an export gave it (its JSON form too). */
export type ImportRecord =
  | MemoryInput
  | {
      readonly link: {
        readonly from: string;
        readonly to: string;
        readonly type?: string;
        readonly strength?: number;
        readonly createdAt?: Date | string;
        readonly updatedAt?: Date | string;
        readonly by?: string;
        readonly reason?: string;
      };
    };

/** How the memories of a store stand with its embedder. */
export interface VectorStats {
  /** The embedder's id. */
  readonly embedder: string;
  /** Memories that have a vector of it, or no meaning to it. */
  readonly present: number;
  /** Memories without one: they are found by their words only until `reindex`. */
  readonly missing: number;
  /** Calls of the embedder that have failed since the store was opened: what they were for was stored, and looked for, by words. */
  readonly failures: number;
  readonly lastFailure?: string;
}

/** What an import does with a known id whose content differs. */
export type ImportConflict = "refuse" | "skip" | "replace";

/** What an import did. */
export interface ImportResult {
  readonly imported: number;
  readonly skipped: number;
}
