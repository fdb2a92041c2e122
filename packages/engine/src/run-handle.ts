import type { Json, RunEvent, RunOutcome, RunSignal, TaskId, WaitingFor } from "@mnemosyne/core";
import type { CarryOptions, LocalBackend } from "./local-backend.ts";
import type { RunReport } from "./run/run-report.ts";
import type { RollbackPreview } from "./task/preview-rollback.ts";

/** How a run stands when it has ended or waits: its report, and the outputs of its tasks. */
export interface RunResult extends RunReport {
  /** True when the run is `completed`. */
  readonly ok: boolean;
  /** Outputs by task id. */
  readonly outputs: Readonly<Record<string, Json>>;
}

/** Who decides, and on what. */
export interface DecisionOptions {
  /** Name of the person or program. Default `person`. */
  readonly by?: string;
}

/** What a {@link RunHandle} is made with. */
export interface RunHandleOptions {
  readonly runId: string;
  readonly backend: LocalBackend;
  readonly resultOf: (runId: string) => Promise<RunResult>;
  readonly carry: (options: CarryOptions) => Promise<RunOutcome>;
  readonly preview: (to: string | undefined) => Promise<RollbackPreview>;
}

/** One run: watch it, decide for it, wait for it. Any number of handles of any process may look at the same run. */
export class RunHandle {
  readonly runId: string;
  readonly #options: RunHandleOptions;
  #carrying: Promise<RunOutcome> | undefined;

  constructor(options: RunHandleOptions) {
    this.runId = options.runId;
    this.#options = options;
  }

  /** Every event after `from` (default: from the first), then live ones, until the run has finished or waits. */
  events(options: { readonly from?: number; readonly signal?: AbortSignal } = {}): AsyncIterable<RunEvent> {
    return this.#options.backend.events(this.runId, options);
  }

  /**
   * Works on the run here until it has finished or waits for a person; where another process holds it, follows that
   * one. Called again while it works, gives the same promise.
   */
  carry(options: CarryOptions = {}): Promise<RunOutcome> {
    if (this.#carrying === undefined) {
      const carrying = this.#options.carry(options).finally(() => {
        if (this.#carrying === carrying) this.#carrying = undefined;
      });
      this.#carrying = carrying;
    }
    return this.#carrying;
  }

  /** Carries the run on and gives how it stands then: ended, or `paused` with what it waits for. */
  async result(options: CarryOptions = {}): Promise<RunResult> {
    await this.carry(options);
    return await this.#options.resultOf(this.runId);
  }

  /** How the run stands now. */
  report(): Promise<RunReport> {
    return this.#options.backend.report(this.runId);
  }

  /** What the run waits for. */
  async waiting(): Promise<readonly WaitingFor[]> {
    return (await this.report()).waiting;
  }

  /** Grants an approval, or says "go on" to any other wait of the task. Gives whether it changed anything. */
  async approve(task: string, options: DecisionOptions = {}): Promise<boolean> {
    const subject = (await this.waiting()).find((wait) => wait.task === task)?.subject;
    return await this.#signal({
      type: "approval.granted",
      task: task as TaskId,
      by: options.by ?? "person",
      ...(subject === undefined ? {} : { subject }),
    });
  }

  /** Refuses: the task fails. */
  deny(task: string, options: DecisionOptions & { readonly reason?: string } = {}): Promise<boolean> {
    return this.#signal({
      type: "approval.denied",
      task: task as TaskId,
      by: options.by ?? "person",
      ...(options.reason === undefined ? {} : { reason: options.reason }),
    });
  }

  /** Answers a task's question; without `question`, the only open one. */
  answer(
    task: string,
    text: string,
    options: DecisionOptions & { readonly question?: string } = {},
  ): Promise<boolean> {
    return this.#signal({
      type: "question.answered",
      task: task as TaskId,
      text,
      by: options.by ?? "person",
      ...(options.question === undefined ? {} : { question: options.question }),
    });
  }

  /** Asks the run to stop. Running work is ended; nothing is undone. `force` interrupts a rollback too. */
  cancel(
    options: DecisionOptions & { readonly reason?: string; readonly force?: boolean } = {},
  ): Promise<boolean> {
    return this.#signal({
      type: "run.cancelled",
      by: options.by ?? "person",
      ...(options.reason === undefined ? {} : { reason: options.reason }),
      ...(options.force === undefined ? {} : { force: options.force }),
    });
  }

  /** Opens a failed, skipped or cancelled task again, and what hangs on it; `carry` then does the work. */
  retry(task: string, options: DecisionOptions = {}): Promise<boolean> {
    return this.#signal({ type: "retry.requested", task: task as TaskId, by: options.by ?? "person" });
  }

  /** Undoes the run, or what came after the task `to`; `carry` then does the work. */
  rollback(options: DecisionOptions & { readonly to?: string } = {}): Promise<boolean> {
    return this.#signal({
      type: "rollback.requested",
      by: options.by ?? "person",
      ...(options.to === undefined ? {} : { to: options.to as TaskId }),
    });
  }

  /**
   * What a rollback would do now, and what it cannot undo; changes nothing. Throws `E_TASK_NOT_FOUND`, `E_INPUT` for a
   * task that is not completed.
   */
  previewRollback(options: { readonly to?: string } = {}): Promise<RollbackPreview> {
    return this.#options.preview(options.to);
  }

  #signal(signal: RunSignal): Promise<boolean> {
    return this.#options.backend.signal(this.runId, signal);
  }
}
