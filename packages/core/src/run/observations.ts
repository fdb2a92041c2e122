import type { ErrorRecord } from "../errors.ts";
import type { MemoryId, TaskId } from "../ids.ts";
import type { Json, JsonObject } from "../json.ts";
import type { Usage } from "../plan/plan.ts";
import type { Finding, Verdict } from "../ports/gate.ts";
import type { PayloadRef } from "./payload-ref.ts";

/** Observations: recorded for people, reports and meters; never folded into state. */
export type RunObservation =
  | { readonly type: "plan.validated"; readonly tasks: number; readonly criticalPath: readonly string[] }
  | {
      readonly type: "context.assembled";
      readonly task: TaskId;
      readonly attempt: number;
      readonly tokens: number;
      readonly budget: number;
      readonly sections: readonly {
        readonly name: string;
        readonly tokens: number;
        readonly items: number;
      }[];
      readonly dropped: number;
      readonly recalled: readonly MemoryId[];
      /** Ids of the playbook's items that stood in it. */
      readonly playbook?: readonly string[];
      readonly report?: PayloadRef;
    }
  | {
      readonly type: "model.called";
      readonly task?: TaskId;
      readonly attempt?: number;
      readonly provider: string;
      readonly model: string;
      readonly usage: Omit<Usage, "calls">;
      readonly durationMs: number;
      readonly stopReason?: string;
      readonly error?: ErrorRecord;
      readonly purpose?: string;
    }
  | {
      readonly type: "tool.used";
      readonly task: TaskId;
      readonly attempt: number;
      readonly tool: string;
      readonly input: Json;
      readonly ok: boolean;
      readonly summary?: string;
      readonly durationMs: number;
    }
  | {
      readonly type: "gate.judged";
      readonly task: TaskId;
      readonly attempt: number;
      readonly gate: string;
      readonly verdict: Verdict;
      readonly findings: readonly Finding[];
      readonly subject?: string;
      /** Names of the checks that passed, for the regression check of a later attempt. */
      readonly passed?: readonly string[];
      readonly durationMs: number;
    }
  | {
      readonly type: "budget.reserved" | "budget.settled" | "budget.breached";
      readonly task?: TaskId;
      readonly attempt?: number;
      readonly account: string;
      readonly tokens: number;
      readonly usd: number;
    }
  | {
      readonly type: "alert.raised";
      readonly task?: TaskId;
      readonly attempt?: number;
      readonly level: string;
      readonly message: string;
      readonly usage?: number;
    }
  | {
      readonly type: "handoff.offered" | "handoff.accepted" | "handoff.completed";
      readonly task: TaskId;
      readonly attempt: number;
      readonly from: string;
      readonly to: string;
      readonly reason?: string;
    }
  | {
      /** An agent's state was kept: another process, or another agent, can go on from here. */
      readonly type: "agent.checkpointed";
      readonly task: TaskId;
      readonly attempt: number;
      readonly epoch: number;
      readonly agent: string;
      /** One more piece of it. */
      readonly state: PayloadRef;
      /** What was kept of the attempt before counts no more. */
      readonly reset: boolean;
      /** What the task's files were then, counted from where its execution began; missing: as there. */
      readonly files?: PayloadRef;
    }
  | {
      readonly type: "lease.granted" | "lease.released";
      readonly task: TaskId;
      readonly attempt: number;
      readonly resources: readonly string[];
      readonly mode: "shared" | "exclusive";
      readonly token?: number;
    }
  | { readonly type: "deadlock.found"; readonly members: readonly string[] }
  | {
      readonly type: "merge.intended";
      readonly task: TaskId;
      readonly attempt: number;
      readonly base: string;
      readonly result: string;
      readonly paths: readonly string[];
    }
  | {
      readonly type: "workspace.merged";
      readonly task: TaskId;
      readonly attempt: number;
      readonly paths: readonly string[];
      readonly tree: string;
      /** What each path was before and after, so that a rollback can put it back. */
      readonly record?: PayloadRef;
    }
  | {
      readonly type: "memory.stored";
      readonly task?: TaskId;
      readonly attempt?: number;
      readonly id: MemoryId;
      readonly summary: string;
    }
  | {
      /** Memories of a task that failed or was undone: no longer recalled; each can be restored by its id. */
      readonly type: "memory.quarantined";
      readonly task?: TaskId;
      readonly attempt?: number;
      readonly ids: readonly MemoryId[];
      readonly reason: string;
    }
  | {
      /** What a task's outcome taught: a change of the namespace's playbook, which can be taken back. */
      readonly type: "playbook.learnt";
      readonly task: TaskId;
      readonly attempt: number;
      readonly namespace: string;
      /** The playbook's version after it. */
      readonly version: number;
      /** Items that it added or counted. */
      readonly ids: readonly string[];
    }
  | {
      /** A rollback took back what the run taught. `conflicts`: items that others changed since, which stay. */
      readonly type: "playbook.reverted";
      readonly namespace: string;
      readonly version: number;
      readonly reverted: readonly number[];
      readonly conflicts: readonly string[];
    }
  | {
      readonly type: "memory.recalled";
      readonly task?: TaskId;
      readonly attempt?: number;
      readonly query: string;
      readonly ids: readonly MemoryId[];
    }
  | {
      readonly type: "sandbox.applied";
      readonly task: TaskId;
      readonly attempt: number;
      readonly level: string;
      readonly missing: readonly string[];
    }
  | {
      /** A process of the task runs; a takeover on the same host ends it first. */
      readonly type: "process.started";
      readonly task: TaskId;
      readonly attempt: number;
      readonly epoch: number;
      readonly pid: number;
      readonly startedAt: string;
      readonly host: string;
    }
  | {
      /** What a task's result depends on beside its definition: when none of it changed, the result still holds. */
      readonly type: "task.keyed";
      readonly task: TaskId;
      readonly attempt: number;
      /** Hash of the files that its `reads` match, or of all; missing where no file can matter. */
      readonly files?: string;
      /** Model, and versions of gates and tools. */
      readonly tools: string;
    }
  | {
      /** A worker took the run: whoever held it before can append nothing any more. Tokens rise with every taking. */
      readonly type: "run.moved";
      readonly worker: string;
      readonly token: number;
    }
  | {
      readonly type: "result.stale";
      readonly task?: TaskId;
      readonly attempt?: number;
      readonly input: string;
      readonly reason: string;
    }
  | {
      readonly type: "note";
      readonly task?: TaskId;
      readonly attempt?: number;
      readonly text: string;
      readonly data?: JsonObject;
    };
