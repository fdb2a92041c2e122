import type { RunSignal } from "@mnemosyne/core";

/** Decides for runs: what an engine offers to the page. */
export interface RunActions {
  /**
   * Records a decision and, where no live process holds the run, carries it on. Gives whether it changed anything.
   * Throws `E_RUN_NOT_FOUND` for an unknown run.
   */
  signal(runId: string, signal: RunSignal): Promise<boolean>;
}
