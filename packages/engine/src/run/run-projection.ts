import type {
  GateJudgement,
  MemoryId,
  PayloadRef,
  Plan,
  RunEvent,
  RunFinished,
  TaskId,
  ToolUse,
  Usage,
} from "@mnemosyne/core";
import { addUsage, NO_USAGE } from "@mnemosyne/core";

/** Files that landed in the workspace: whose, and what they were before. */
export interface Merge {
  readonly task: TaskId;
  readonly record: PayloadRef;
}

/** What the events of one task say beside the machine's state. */
export interface TaskFacts {
  /** Output, report and tree of the execution that ended last. */
  readonly output?: PayloadRef;
  readonly report?: PayloadRef;
  readonly tree?: string;
  /** Tree that the attempt's first execution began with: a repeated one starts there too. */
  readonly findings?: PayloadRef;
  readonly answers: readonly { readonly question: string; readonly text: string }[];
  readonly judgements: readonly (GateJudgement & { readonly attempt: number })[];
  readonly tools: readonly (Pick<ToolUse, "tool" | "input" | "ok" | "summary"> & {
    readonly attempt: number;
  })[];
  readonly processes: readonly { readonly pid: number; readonly startedAt: string; readonly host: string }[];
  readonly merged: readonly string[];
  readonly usage: Usage;
  /** What its newest execution depended on beside its definition. */
  readonly key?: { readonly files?: string; readonly tools: string };
  /** What its agent kept of the newest attempt that kept anything: pieces of state, and the files as they were then. */
  readonly kept?: {
    readonly attempt: number;
    readonly parts: readonly PayloadRef[];
    readonly files?: PayloadRef;
  };
  /** Whom it was handed to last. */
  readonly handed?: {
    readonly attempt: number;
    readonly from: string;
    readonly to: string;
    readonly reason: string;
  };
  /** Merges that there were when its newest execution began. */
  readonly mergesBefore?: number;
  /** Ids of the playbook's items that stood in its newest context. */
  readonly playbook: readonly string[];
  /** The newest attempt that was learnt from. */
  readonly learntAt?: number;
  /** What it taught and was not taken back: changes of the namespace's playbook, by their version. */
  readonly lessons: readonly number[];
  /** What it remembered and is not in quarantine. */
  readonly memories: readonly MemoryId[];
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly errors: readonly { readonly attempt: number; readonly message: string; readonly code: string }[];
  readonly rejections: readonly { readonly attempt: number; readonly summary: string }[];
}

type Writable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

const EMPTY: TaskFacts = Object.freeze({
  answers: [],
  judgements: [],
  tools: [],
  processes: [],
  merged: [],
  memories: [],
  playbook: [],
  lessons: [],
  usage: NO_USAGE,
  errors: [],
  rejections: [],
});

/** Folds a run's events into what workers, reports and faces need: pure, and the same from any journal. */
export class RunProjection {
  readonly plan: Plan;
  readonly #tasks = new Map<string, Writable<TaskFacts>>();
  readonly #merges: Merge[] = [];
  /** Merges that there were when a task completed. */
  readonly #mergesAt = new Map<string, number>();
  #rollbackTo: TaskId | undefined;
  #usage: Usage = NO_USAGE;
  #finished: RunFinished | undefined;
  #startedAt: string | undefined;
  #started = 0;

  constructor(plan: Plan) {
    this.plan = plan;
  }

  get usage(): Usage {
    return this.#usage;
  }

  /** The newest `run.finished`; undefined while the run goes on or was re-opened. */
  get finished(): RunFinished | undefined {
    return this.#finished;
  }

  get startedAt(): string | undefined {
    return this.#startedAt;
  }

  /** How many executions were claimed. */
  get executions(): number {
    return this.#started;
  }

  /** Merges that came after a task had completed, or all, oldest first. What was restored is gone from it. */
  mergesAfter(task: TaskId | undefined): readonly Merge[] {
    return this.#merges.slice(task === undefined ? 0 : (this.#mergesAt.get(task) ?? 0));
  }

  /** Merges from a place on (see `mergesBefore`), oldest first. */
  mergesFrom(place: number): readonly Merge[] {
    return this.#merges.slice(place);
  }

  /** Tasks that there is something to say about. */
  get tasks(): readonly string[] {
    return [...this.#tasks.keys()];
  }

  task(id: string): TaskFacts {
    return this.#tasks.get(id) ?? EMPTY;
  }

  add(event: RunEvent): void {
    switch (event.type) {
      case "run.started":
        this.#startedAt = event.at;
        break;
      case "run.finished":
        this.#finished = event;
        break;
      case "run.resumed":
        this.#finished = undefined;
        break;
      case "task.started": {
        this.#started += 1;
        this.#finished = undefined;
        const facts = this.#facts(event.task);
        facts.startedAt ??= event.at;
        facts.processes = [];
        facts.mergesBefore = this.#merges.length;
        break;
      }
      case "task.executed":
      case "task.completed": {
        const facts = this.#facts(event.task);
        if (event.output !== undefined) facts.output = event.output;
        if (event.tree !== undefined) facts.tree = event.tree;
        if (event.type === "task.executed" && event.report !== undefined) facts.report = event.report;
        if (event.type === "task.completed") {
          facts.endedAt = event.at;
          this.#mergesAt.set(event.task, this.#merges.length);
        }
        break;
      }
      case "task.rejected": {
        const facts = this.#facts(event.task);
        if (event.findings !== undefined) facts.findings = event.findings;
        facts.rejections = [
          ...facts.rejections,
          { attempt: event.attempt, summary: event.summary ?? event.verdict },
        ];
        break;
      }
      case "task.failed": {
        const facts = this.#facts(event.task);
        facts.endedAt = event.at;
        facts.errors = [
          ...facts.errors,
          { attempt: event.attempt, message: event.error.message, code: event.error.code },
        ];
        break;
      }
      case "question.asked": {
        const facts = this.#facts(event.task);
        facts.answers = [...facts.answers, { question: event.text, text: "" }];
        break;
      }
      case "question.answered": {
        const facts = this.#facts(event.task);
        const open = facts.answers.findIndex((answer) => answer.text === "");
        facts.answers =
          open < 0
            ? [...facts.answers, { question: "", text: event.text }]
            : facts.answers.with(open, { question: facts.answers[open]?.question ?? "", text: event.text });
        break;
      }
      case "gate.judged": {
        const facts = this.#facts(event.task);
        const { gate, verdict, findings, attempt, subject, durationMs, passed } = event;
        facts.judgements = [
          ...facts.judgements,
          {
            gate,
            verdict,
            findings,
            attempt,
            subject: subject ?? "",
            durationMs,
            ...(passed === undefined ? {} : { passed }),
          },
        ];
        break;
      }
      case "tool.used": {
        const facts = this.#facts(event.task);
        const { tool, input, ok, summary = "", attempt } = event;
        facts.tools = [...facts.tools, { tool, input, ok, summary, attempt }];
        break;
      }
      case "process.started": {
        const facts = this.#facts(event.task);
        const { pid, startedAt, host } = event;
        facts.processes = [...facts.processes, { pid, startedAt, host }];
        break;
      }
      case "workspace.merged": {
        const facts = this.#facts(event.task);
        facts.merged = [...new Set([...facts.merged, ...event.paths])];
        if (event.record !== undefined) this.#merges.push({ task: event.task, record: event.record });
        break;
      }
      case "task.keyed": {
        const { files, tools } = event;
        this.#facts(event.task).key = { tools, ...(files === undefined ? {} : { files }) };
        break;
      }
      case "context.assembled":
        this.#facts(event.task).playbook = event.playbook ?? [];
        break;
      case "playbook.learnt": {
        const facts = this.#facts(event.task);
        facts.learntAt = event.attempt;
        facts.lessons = [...facts.lessons, event.version];
        break;
      }
      case "playbook.reverted":
        for (const facts of this.#tasks.values())
          facts.lessons = facts.lessons.filter((version) => !event.reverted.includes(version));
        break;
      case "agent.checkpointed": {
        const facts = this.#facts(event.task);
        const { attempt, state, files, reset } = event;
        const before = reset || facts.kept?.attempt !== attempt ? [] : facts.kept.parts;
        facts.kept = { attempt, parts: [...before, state], ...(files === undefined ? {} : { files }) };
        break;
      }
      case "handoff.accepted": {
        const { attempt, from, to, reason = "" } = event;
        this.#facts(event.task).handed = { attempt, from, to, reason };
        break;
      }
      case "memory.stored": {
        if (event.task === undefined) break;
        const facts = this.#facts(event.task);
        facts.memories = [...facts.memories, event.id];
        break;
      }
      case "memory.quarantined": {
        if (event.task === undefined) break;
        const facts = this.#facts(event.task);
        facts.memories = facts.memories.filter((id) => !event.ids.includes(id));
        break;
      }
      case "rollback.requested":
        this.#rollbackTo = event.to;
        break;
      case "workspace.restored":
        this.#merges.length -= this.mergesAfter(this.#rollbackTo).length;
        this.#rollbackTo = undefined;
        break;
      case "model.called": {
        const usage = { ...event.usage, calls: 1 };
        this.#usage = addUsage(this.#usage, usage);
        if (event.task !== undefined) {
          const facts = this.#facts(event.task);
          facts.usage = addUsage(facts.usage, usage);
        }
        break;
      }
      default:
        break;
    }
  }

  #facts(id: string): Writable<TaskFacts> {
    let facts = this.#tasks.get(id);
    if (facts === undefined) {
      facts = { ...EMPTY };
      this.#tasks.set(id, facts);
    }
    return facts;
  }
}
