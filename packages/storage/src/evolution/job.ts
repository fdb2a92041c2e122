import type { Namespace } from "@mnemosyne/core";
import type { Database } from "../database/database.ts";
import type { Vocabulary } from "../language/vocabulary.ts";
import type { Embedded } from "../vectors/thread-vector.ts";
import type { EvolutionChange } from "./evolution.ts";

/** What an embedder makes of texts, in order; `undefined` without one, and when it fails. */
export type EmbedTexts = (texts: readonly string[]) => Promise<readonly Embedded[] | undefined>;

/** What a job works with. */
export interface JobContext {
  readonly database: Database;
  readonly vocabulary: Vocabulary;
  readonly embed: EmbedTexts;
  readonly namespace: Namespace | undefined;
  readonly dryRun: boolean;
  readonly now: number;
  readonly signal: AbortSignal | undefined;
  /** Takes each change that was made, or would be. */
  readonly note: (change: EvolutionChange) => void;
}

/** What a job has looked at. */
export interface JobOutcome {
  readonly examined: number;
}
