import { isMnemosyneError, type PlaybookApplied, type PlaybookStore } from "@mnemosyne/core";
import { createDeltaCurator } from "./delta-curator.ts";
import { createGateReflector } from "./gate-reflector.ts";
import type { Curator, Reflector, TaskOutcome } from "./learning.ts";

/** Options of {@link learn}. */
export interface LearnOptions {
  /** Default: {@link createGateReflector}. */
  readonly reflector?: Reflector;
  /** Default: {@link createDeltaCurator}. */
  readonly curator?: Curator;
  readonly signal?: AbortSignal;
}

/** How often a playbook that changed meanwhile is read again. */
const ROUNDS = 20;

/**
 * Reflects on how a task ended and puts what it taught into the playbook of its namespace, as one change that names run and
 * task and can be taken back. Learning the same outcome twice changes nothing the second time. `undefined` when it taught nothing.
 */
export async function learn(
  store: PlaybookStore,
  outcome: TaskOutcome,
  options: LearnOptions = {},
): Promise<PlaybookApplied | undefined> {
  const { reflector = createGateReflector(), curator = createDeltaCurator(), signal } = options;
  const key = `learn:${outcome.run}:${outcome.task}:${outcome.attempts.length}`;
  for (let round = 1; ; round++) {
    signal?.throwIfAborted();
    const playbook = await store.read(outcome.namespace);
    const lessons = await reflector.reflect(outcome, playbook, signal);
    const deltas = await curator.curate(lessons, playbook, signal);
    if (deltas.length === 0) return undefined;
    try {
      return await store.apply(outcome.namespace, deltas, playbook.version, {
        by: `${reflector.name}, ${curator.name}`,
        reason: `outcome of ${outcome.task}`,
        run: outcome.run,
        task: outcome.task,
        key,
      });
    } catch (error) {
      if (!isMnemosyneError(error)) throw error;
      // The key stands for deltas that were made of an older playbook: this outcome is learnt already.
      if (error.code === "E_CONFLICT" && error.path === "note.key") return undefined;
      if (error.code !== "E_VERSION_CONFLICT" || round === ROUNDS) throw error;
    }
  }
}
