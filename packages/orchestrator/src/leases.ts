import { globsOverlap, type Task } from "@mnemosyne/core";

/** A lease that a task needs. */
export interface TaskLease {
  readonly resources: readonly string[];
  readonly mode: "shared" | "exclusive";
}

/**
 * What a task takes before it starts: what it writes for itself alone, and what it reads beside that together with
 * other readers. A task that does not say what it writes takes no lease for it: its tree is merged under the run's
 * merge lock, where a collision is a conflict. To be acquired in this order.
 */
export function leasesFor(task: Pick<Task, "reads" | "writes">): readonly TaskLease[] {
  const writes = task.writes ?? [];
  // A lease is not re-entrant: what its own exclusive lease covers already needs no second one.
  const reads = task.reads.filter((glob) => !writes.some((written) => globsOverlap(glob, written)));
  const leases: TaskLease[] = [];
  if (writes.length > 0) leases.push({ resources: writes, mode: "exclusive" });
  if (reads.length > 0) leases.push({ resources: reads, mode: "shared" });
  return leases;
}
