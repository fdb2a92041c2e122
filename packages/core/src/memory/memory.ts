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
  readonly expiresAt?: Date;
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
  /** Default `claimed`. */
  readonly trust?: Trust;
  readonly provenance?: Provenance;
  /** After this moment it is no longer found. */
  readonly expiresAt?: Date | string;
  /**
   * Visible only within this run until `promote` is called for the task that made it (memories of work that was
   * not yet judged). Default: visible at once.
   */
  readonly pendingRun?: string;
}

/** What `update` may change. `metadata` replaces the old object. */
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
    | "expiresAt"
    | "actor"
    | "occurredAt"
  >
>;

/** The parts of a hit's score, each as it was added up. */
export type ScoreParts = Readonly<Record<string, number>>;

/** A found memory. Higher scores are better; scores compare only within one result. */
export interface SearchHit extends Memory {
  readonly score: number;
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
}

/** What an import does with a known id whose content differs. */
export type ImportConflict = "refuse" | "skip" | "replace";

/** What an import did. */
export interface ImportResult {
  readonly imported: number;
  readonly skipped: number;
}
