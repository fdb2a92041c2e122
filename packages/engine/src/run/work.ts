import type { ExecutionRef, JournalPayload, RunInput, RunObservation, Task } from "@mnemosyne/core";
import type { PlanCommand } from "@mnemosyne/plan";
import type { RunLog } from "./run-log.ts";

/** What a piece of work came to: journalled in one transaction. */
export interface WorkResult {
  readonly inputs: readonly RunInput[];
  readonly observations?: readonly RunObservation[];
  readonly payloads?: readonly JournalPayload[];
  /** Called when it is durable and its first input counted. What it does may be done again after a crash. */
  readonly settled?: () => Promise<void>;
}

/** What work may do to its run while it goes on. */
export interface WorkContext {
  readonly log: RunLog;
  readonly signal: AbortSignal;
  /** Journals an observation with the next append, soon. */
  emit(observation: RunObservation): void;
  /** Journals now; resolves when it is durable. */
  append(result: WorkResult): Promise<{ readonly stale: readonly { readonly reason: string }[] }>;
  /** Says that the work is alive. */
  beat(): void;
}

type CommandOf<Type extends PlanCommand["type"]> = Extract<PlanCommand, { readonly type: Type }>;

/** Does what the plan machine wants done. Never rejects for a task's ordinary failure: failures are inputs. */
export interface Performer {
  execute(claim: ExecutionRef, command: CommandOf<"runTask">, context: WorkContext): Promise<WorkResult>;
  review(command: CommandOf<"review">, context: WorkContext): Promise<WorkResult>;
  compensate(command: CommandOf<"compensate">, context: WorkContext): Promise<WorkResult>;
  restore(command: CommandOf<"restore">, context: WorkContext): Promise<WorkResult>;
  judge(command: CommandOf<"judge">, context: WorkContext): Promise<WorkResult>;
  /** Does what comes after a task failed for good: what it remembered is quarantined, what misled it is counted. */
  settleFailed(task: Task, context: WorkContext): Promise<WorkResult>;
  /** What an approval of this task binds to. */
  approvalSubject(task: Task, context: WorkContext): Promise<string>;
  /** Does what comes after a completion that was judged, where a dead worker may not have come to it. */
  settle(task: Task, context: WorkContext): Promise<void>;
  /** Ends what a dead worker may have left running for this task. */
  endLeftovers(task: Task, context: WorkContext): Promise<void>;
}
