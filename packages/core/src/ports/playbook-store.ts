import type { NamespaceInput } from "../namespace.ts";

/** One strategy of a playbook. */
export interface PlaybookItem {
  readonly id: string;
  readonly section: string;
  readonly content: string;
  readonly helpful: number;
  readonly harmful: number;
  readonly verified: boolean;
}

/** A small change of a playbook, with its evidence. Nothing is rewritten wholesale. */
export type PlaybookDelta = { readonly evidence: string } & (
  | { readonly op: "add"; readonly section: string; readonly content: string; readonly verified?: boolean }
  | { readonly op: "update"; readonly id: string; readonly content: string }
  | { readonly op: "tag"; readonly id: string; readonly helpful?: number; readonly harmful?: number }
  | { readonly op: "merge"; readonly ids: readonly string[]; readonly content: string }
  | { readonly op: "remove"; readonly id: string }
);

/** Keeps playbooks, versioned. */
export interface PlaybookStore {
  read(
    namespace: NamespaceInput,
  ): Promise<{ readonly version: number; readonly items: readonly PlaybookItem[] }>;
  /** All or none. Throws `E_VERSION_CONFLICT` when the playbook is no longer at `version`. */
  apply(
    namespace: NamespaceInput,
    deltas: readonly PlaybookDelta[],
    version: number,
  ): Promise<{ readonly version: number }>;
}
