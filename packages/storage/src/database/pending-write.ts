import type { LocalConnection } from "./local-connection.ts";
import { busy } from "./sqlite-error.ts";
import type { Work } from "./work.ts";

/** A caller whose work waits for its transaction. */
export interface Pending {
  readonly work: () => Work<unknown>;
  readonly full: boolean;
  readonly long: boolean;
  readonly changed: (() => void) | undefined;
  readonly deadline: number;
  /** It, or one that shared its transaction, failed half-way: it gets a savepoint. */
  careful: boolean;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** What became of a caller's work, unless its transaction fails after all. */
export type Outcome = { readonly of: Pending } & ({ readonly value: unknown } | { readonly error: unknown });

/**
 * Runs one caller in the shared transaction. `undefined` when it failed and left changes of its own behind. Savepoints
 * would undo just these, but the text index writes all that it holds in memory to the file at each one.
 */
export function perform(connection: LocalConnection, pending: Pending): Outcome | undefined {
  const before = connection.writes;
  pending.changed?.();
  try {
    return { of: pending, value: connection.complete(pending.work()) };
  } catch (error) {
    return connection.writes === before || !connection.inTransaction ? { of: pending, error } : undefined;
  }
}

/** Runs one caller inside a savepoint, so that its failure takes nothing of the others with it. */
export function performCarefully(connection: LocalConnection, pending: Pending): Outcome {
  connection.execute("SAVEPOINT caller");
  pending.changed?.();
  try {
    const value = connection.complete(pending.work());
    connection.execute("RELEASE caller");
    return { of: pending, value };
  } catch (error) {
    if (connection.inTransaction) connection.execute("ROLLBACK TO caller; RELEASE caller");
    return { of: pending, error };
  }
}

/** Rejects the callers whose time is up and gives the others. */
export function expire(queue: readonly Pending[], cause: unknown): Pending[] {
  const now = performance.now();
  return queue.filter((pending) => {
    if (now < pending.deadline) return true;
    pending.reject(busy(cause));
    return false;
  });
}
