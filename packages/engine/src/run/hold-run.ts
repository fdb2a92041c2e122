import { hostname } from "node:os";
import { isMnemosyneError, type Json, type Lease } from "@mnemosyne/core";
import type { Coordinator, LeaseHandle } from "@mnemosyne/coordinator";
import { isProcessAlive } from "@mnemosyne/workspace";
import type { EngineStorage } from "../storage.ts";

/**
 * Takes the lease by which one process at a time works on a run; undefined while another one holds it. The leases of a
 * process that this host shows to be gone are ended first: nothing of it can still write, so they need not run out.
 */
export async function holdRun(
  options: {
    readonly storage: EngineStorage;
    readonly coordinator: Coordinator;
    /** `host|pid|start time|random`. */
    readonly identity: string;
  },
  runId: string,
  signal: AbortSignal,
): Promise<LeaseHandle | undefined> {
  const { coordinator, storage, identity } = options;
  const resource = `run:${runId}`;
  for (const { owner } of await storage.coordination.leases({ resource })) {
    if (!(await isGone(owner))) return undefined;
    for (const lease of await storage.coordination.leases())
      if (lease.owner === owner || workerOf(lease) === owner) await storage.coordination.revoke(lease.id);
  }
  try {
    return await coordinator.acquire({ resources: [resource], owner: identity, wait: false, signal });
  } catch (error) {
    if (isMnemosyneError(error) && error.code === "E_LEASE_HELD") return undefined;
    throw error;
  }
}

/** Whether a worker (`host|pid|start time|random`) was a process of this host that no longer runs. */
export async function isGone(worker: string): Promise<boolean> {
  const [host, pid = "", startedAt = ""] = worker.split("|");
  return host === hostname() && !(await isProcessAlive(Number(pid), startedAt));
}

/** The worker for which a task's lease was taken. */
function workerOf({ metadata }: Lease): Json | undefined {
  return metadata !== null && typeof metadata === "object" && "worker" in metadata
    ? metadata["worker"]
    : undefined;
}
