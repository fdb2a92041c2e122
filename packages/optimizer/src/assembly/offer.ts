import type { ContextItem, ContextShare } from "@mnemosyne/core";

/** What a block of the text is; its delimiters begin with this word. */
export type BlockKind =
  /** Written by the plan's author, and constant for the run or the task. */
  | "goal"
  | "constraints"
  | "criteria"
  | "task"
  /** Everything else. */
  | "skill"
  | "playbook"
  | "result"
  | "file"
  | "note"
  | "data"
  | "finding"
  | "answer"
  | "memory";

/**
 * An item as the optimizer's own sources offer it. A source of yours may set these too: `attributes` stand in the
 * opening delimiter, `whole` is what `text` is an excerpt of, to be read back, and `leaveOut` reports an item as
 * dropped, with this reason, without offering it.
 */
export interface ContextOffer extends ContextItem {
  readonly kind?: BlockKind;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly whole?: string;
  readonly leaveOut?: string;
  /** A turn of a conversation: such items share one block, in the order of their places. */
  readonly turn?: Turn;
}

/** What stands before a turn's text, and where it belongs. */
export interface Turn {
  /** Who said it, and what else is said of it. */
  readonly label: string;
  /** Said once for turns that share it. */
  readonly day: string;
  /** Sorts turns. */
  readonly place: string;
}

/** An offer on its way into a context. */
export interface Candidate {
  readonly offer: ContextOffer;
  readonly kind: BlockKind;
  readonly share: ContextShare;
  /** Place among all offers, for a fixed order of equals. */
  readonly order: number;
  /** Upper estimate of the tokens of its block, delimiters included. */
  readonly tokens: number;
  /** The offer before it was made smaller. */
  readonly original?: ContextOffer;
}

/** What was not taken, and why. */
export interface Dropped {
  readonly candidate: Candidate;
  readonly reason: string;
}

/** Kinds that the plan's author wrote; they stand first. */
export const AUTHORED: ReadonlySet<BlockKind> = new Set(["goal", "constraints", "criteria", "task"]);

const INFORMATION: ReadonlySet<BlockKind> = new Set([
  "playbook",
  "result",
  "file",
  "data",
  "finding",
  "memory",
]);

/** The kind of an offer. What is data stays data, whatever kind it names. */
export function kindOf(offer: ContextOffer): BlockKind {
  if (offer.data === false) return offer.kind ?? "note";
  return offer.kind !== undefined && INFORMATION.has(offer.kind) ? offer.kind : "data";
}
