import type { ErrorRecord, RunStatus, TaskStatus, Usage, Verdict, WaitingFor } from "@mnemosyne/core";
import type { RunLog } from "./run-log.ts";

/** A task of a {@link RunReport}. */
export interface TaskReport {
  readonly id: string;
  readonly status: TaskStatus;
  readonly attempts: number;
  readonly kind: "run" | "instructions" | "function";
  /** The newest judgement of each gate. */
  readonly gates: readonly { readonly gate: string; readonly verdict: Verdict; readonly findings: number }[];
  /** What blocked earlier attempts. */
  readonly blocked: readonly { readonly attempt: number; readonly summary: string }[];
  readonly errors: readonly { readonly attempt: number; readonly code: string; readonly message: string }[];
  /** Paths that it changed in the workspace. */
  readonly changed: readonly string[];
  readonly usage: Usage;
  readonly startedAt?: string;
  readonly endedAt?: string;
}

/** A run as people and scripts read it: computed from the journal alone. */
export interface RunReport {
  readonly runId: string;
  readonly name: string;
  readonly status: RunStatus;
  readonly goal: string;
  readonly tasks: readonly TaskReport[];
  readonly waiting: readonly WaitingFor[];
  readonly usage: Usage;
  readonly head: number;
  readonly digest: string;
  readonly startedAt?: string;
  readonly error?: ErrorRecord;
  readonly dirty?: readonly string[];
}

/** The report of a folded run. */
export function reportOf(log: RunLog, digest: string): RunReport {
  const { projection, plan, runId } = log;
  const { status, tasks, waiting } = log.snapshot();
  const { finished, startedAt } = projection;
  const kinds = new Map(plan.tasks.map((task) => [String(task.id), task.work.kind]));
  return {
    runId,
    name: plan.name,
    status,
    goal: plan.goal,
    tasks: tasks.map(({ id, status: taskStatus, attempt, parent }) => {
      const facts = projection.task(id);
      const gates = new Map(
        facts.judgements.map(({ gate, verdict, findings }) => [
          gate,
          { gate, verdict, findings: findings.length },
        ]),
      );
      return {
        id,
        status: taskStatus,
        attempts: attempt,
        kind: kinds.get(id) ?? kinds.get(parent ?? "") ?? "instructions",
        gates: [...gates.values()],
        blocked: facts.rejections,
        errors: facts.errors,
        changed: facts.merged,
        usage: facts.usage,
        ...(facts.startedAt === undefined ? {} : { startedAt: facts.startedAt }),
        ...(facts.endedAt === undefined ? {} : { endedAt: facts.endedAt }),
      };
    }),
    waiting,
    usage: log.usage,
    head: log.head,
    digest,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finished?.error === undefined ? {} : { error: finished.error }),
    ...(finished?.dirty === undefined ? {} : { dirty: finished.dirty }),
  };
}
