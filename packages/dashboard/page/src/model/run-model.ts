import type { Finding, Plan, RunEvent, Task, Usage, Verdict, WaitingFor } from "@mnemosyne/core";

/** A gate's judgement of an attempt. */
export interface GateModel {
  readonly gate: string;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  readonly durationMs: number;
}

/** What a context was put together from. */
export interface ContextModel {
  readonly at: number;
  readonly tokens: number;
  readonly budget: number;
  readonly sections: readonly { readonly name: string; readonly tokens: number; readonly items: number }[];
  readonly dropped: number;
  readonly recalled: readonly string[];
}

/** One model call. */
export interface CallModel {
  readonly at: number;
  readonly model: string;
  readonly provider: string;
  readonly usage: Omit<Usage, "calls">;
  readonly durationMs: number;
  readonly error?: string;
}

/** One use of a tool. */
export interface ToolModel {
  readonly tool: string;
  readonly ok: boolean;
  readonly summary: string;
  readonly durationMs: number;
}

/** One attempt of a task, as its events tell it. */
export interface AttemptModel {
  readonly number: number;
  startedAt: number | undefined;
  endedAt: number | undefined;
  outcome: string;
  why: string;
  readonly gates: GateModel[];
  readonly contexts: ContextModel[];
  readonly calls: CallModel[];
  readonly tools: ToolModel[];
}

/** A task as the page shows it. */
export interface TaskModel {
  readonly id: string;
  readonly task: Task;
  status: string;
  readonly attempts: AttemptModel[];
  readonly changed: string[];
  readonly memories: { readonly id: string; readonly summary: string }[];
}

/** Tokens and money up to a moment. */
export interface SpendPoint {
  readonly at: number;
  readonly tokens: number;
  readonly usd: number;
  /** Reserved and not settled yet. */
  readonly reserved: number;
}

/** A run, folded from its events. */
export interface RunModel {
  readonly runId: string;
  readonly plan: Plan;
  status: string;
  startedAt: number | undefined;
  finishedAt: number | undefined;
  error: string | undefined;
  lastSeq: number;
  lastAt: number;
  readonly tasks: Map<string, TaskModel>;
  waiting: readonly WaitingFor[];
  readonly usage: {
    inputTokens: number;
    outputTokens: number;
    cacheReadTokens: number;
    cacheWriteTokens: number;
    usd: number;
    calls: number;
  };
  readonly spend: SpendPoint[];
  /** Tokens that are reserved and not settled, by account. */
  readonly reserved: Map<string, number>;
  readonly alerts: {
    readonly at: number;
    readonly level: string;
    readonly message: string;
    readonly task: string;
  }[];
  readonly coordination: {
    readonly at: number;
    readonly type: string;
    readonly task: string;
    readonly text: string;
  }[];
  readonly log: RunEvent[];
}

/** A run of which no event was seen yet. */
export function emptyRun(runId: string, plan: Plan): RunModel {
  const tasks = plan.tasks.map((task): [string, TaskModel] => [task.id, emptyTask(task)]);
  return {
    runId,
    plan,
    status: "pending",
    startedAt: undefined,
    finishedAt: undefined,
    error: undefined,
    lastSeq: 0,
    lastAt: 0,
    tasks: new Map(tasks),
    waiting: [],
    usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0, calls: 0 },
    spend: [],
    reserved: new Map(),
    alerts: [],
    coordination: [],
    log: [],
  };
}

function emptyTask(task: Task): TaskModel {
  return { id: task.id, task, status: "pending", attempts: [], changed: [], memories: [] };
}

function attemptOf(task: TaskModel, number: number): AttemptModel {
  let attempt = task.attempts.find((one) => one.number === number);
  if (attempt === undefined) {
    attempt = {
      number,
      startedAt: undefined,
      endedAt: undefined,
      outcome: "running",
      why: "",
      gates: [],
      contexts: [],
      calls: [],
      tools: [],
    };
    task.attempts.push(attempt);
  }
  return attempt;
}

const ENDS: Readonly<Record<string, string>> = {
  "task.completed": "completed",
  "task.failed": "failed",
  "task.rejected": "blocked",
  "task.cancelled": "cancelled",
  "task.skipped": "skipped",
};

const STATUS: Readonly<Record<string, string>> = {
  "task.started": "running",
  "task.executed": "reviewing",
  "task.completed": "completed",
  "task.failed": "failed",
  "task.rejected": "reviewing",
  "task.retried": "ready",
  "task.skipped": "skipped",
  "task.cancelled": "cancelled",
  "task.compensated": "compensated",
  "approval.requested": "waiting",
  "approval.granted": "ready",
  "question.asked": "waiting",
  "question.answered": "ready",
  "task.uncertain": "waiting",
};

const RUN_STATUS: Readonly<Record<string, string>> = {
  "run.started": "running",
  "run.paused": "paused",
  "run.resumed": "running",
  "retry.requested": "running",
  "rollback.requested": "running",
};

const COORDINATION = /^(?:lease|handoff|deadlock)\./;

/** Folds one event into the model; what it does not know it only lists. */
export function foldEvent(run: RunModel, event: RunEvent): void {
  if (event.seq <= run.lastSeq) return;
  const at = Date.parse(event.at);
  run.lastSeq = event.seq;
  run.lastAt = at;
  run.log.push(event);
  run.status = RUN_STATUS[event.type] ?? run.status;
  if ("task" in event && typeof event.task === "string") foldTask(run, event, event.task, at);
  switch (event.type) {
    case "run.started":
      run.startedAt = at;
      break;
    case "run.paused":
      run.waiting = event.waiting;
      break;
    case "run.resumed":
      run.waiting = [];
      break;
    case "run.finished":
      run.status = event.status;
      run.finishedAt = at;
      run.waiting = [];
      run.error = event.error?.message;
      for (const [id, status] of Object.entries(event.tasks)) {
        const task = run.tasks.get(id);
        if (task !== undefined) task.status = status;
      }
      break;
    case "retry.requested":
    case "rollback.requested":
      run.finishedAt = undefined;
      run.error = undefined;
      break;
    case "task.added":
      if ("tasks" in event) for (const task of event.tasks) run.tasks.set(task.id, emptyTask(task));
      break;
    case "budget.reserved":
      run.reserved.set(event.account, event.tokens);
      spent(run, at);
      break;
    case "budget.settled":
      run.reserved.delete(event.account);
      spent(run, at);
      break;
    case "model.called":
      run.usage.calls += 1;
      for (const key of [
        "inputTokens",
        "outputTokens",
        "cacheReadTokens",
        "cacheWriteTokens",
        "usd",
      ] as const)
        run.usage[key] += event.usage[key];
      spent(run, at);
      break;
    case "alert.raised":
      run.alerts.push({ at, level: event.level, message: event.message, task: event.task ?? "" });
      break;
    default:
      break;
  }
  if (COORDINATION.test(event.type)) {
    const { task = "" } = event as { readonly task?: string };
    run.coordination.push({ at, type: event.type, task, text: coordinationText(event) });
  }
}

function coordinationText(event: RunEvent): string {
  switch (event.type) {
    case "lease.granted":
    case "lease.released":
      return `${event.resources.join(", ")} (${event.mode})`;
    case "handoff.offered":
    case "handoff.accepted":
    case "handoff.completed":
      return `${event.from} to ${event.to}`;
    case "deadlock.found":
      return event.members.join(" > ");
    default:
      return "";
  }
}

function spent(run: RunModel, at: number): void {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, usd } = run.usage;
  const tokens = inputTokens + outputTokens + cacheReadTokens + cacheWriteTokens;
  const reserved = [...run.reserved.values()].reduce((sum, one) => sum + one, 0);
  run.spend.push({ at, tokens, usd, reserved });
}

function foldTask(run: RunModel, event: RunEvent, id: string, at: number): void {
  const task = run.tasks.get(id);
  if (task === undefined) return;
  task.status = STATUS[event.type] ?? task.status;
  const number = "attempt" in event && typeof event.attempt === "number" ? event.attempt : 0;
  switch (event.type) {
    case "task.started":
      attemptOf(task, number).startedAt ??= at;
      break;
    case "task.completed":
    case "task.failed":
    case "task.rejected":
    case "task.cancelled":
    case "task.skipped": {
      if (task.attempts.length === 0 && event.type === "task.skipped") break;
      const attempt = attemptOf(task, number);
      attempt.endedAt = at;
      attempt.outcome = ENDS[event.type] ?? "";
      attempt.why = reasonOf(event);
      break;
    }
    case "gate.judged": {
      const { gate, verdict, findings, durationMs } = event;
      attemptOf(task, number).gates.push({ gate, verdict, findings, durationMs });
      break;
    }
    case "context.assembled": {
      const { tokens, budget, sections, dropped, recalled } = event;
      attemptOf(task, number).contexts.push({ at, tokens, budget, sections, dropped, recalled });
      break;
    }
    case "model.called": {
      const { model, provider, usage, durationMs, error } = event;
      const call = { at, model, provider, usage, durationMs };
      attemptOf(task, number).calls.push(error === undefined ? call : { ...call, error: error.message });
      break;
    }
    case "tool.used":
      attemptOf(task, number).tools.push({
        tool: event.tool,
        ok: event.ok,
        summary: event.summary ?? JSON.stringify(event.input),
        durationMs: event.durationMs,
      });
      break;
    case "workspace.merged":
      task.changed.push(...event.paths);
      break;
    case "memory.stored":
      task.memories.push({ id: event.id, summary: event.summary });
      break;
    default:
      break;
  }
}

function reasonOf(event: RunEvent): string {
  if (event.type === "task.failed") return event.error.message;
  if (event.type === "task.rejected") return event.summary ?? event.verdict;
  return "reason" in event && typeof event.reason === "string" ? event.reason : "";
}

/** What a run waits for now, without those that were answered since. */
export function openWaits(run: RunModel): readonly WaitingFor[] {
  const waiting = new Map<string, WaitingFor>();
  for (const event of run.log) {
    if (event.type === "run.paused") for (const wait of event.waiting) waiting.set(wait.task, wait);
    else if (event.type === "approval.requested")
      waiting.set(event.task, {
        task: event.task,
        kind: "approval",
        attempt: event.attempt,
        text: event.prompt,
        subject: event.subject,
      });
    else if (event.type === "question.asked")
      waiting.set(event.task, {
        task: event.task,
        kind: "kind" in event ? event.kind : "question",
        attempt: event.attempt,
        text: event.text,
        question: event.question,
      });
    else if (event.type === "run.finished") waiting.clear();
    else if (
      /^(?:approval\.(?:granted|denied)|question\.answered|task\.(?:started|failed|cancelled))$/.test(
        event.type,
      )
    )
      waiting.delete((event as { readonly task: string }).task);
  }
  return [...waiting.values()];
}
