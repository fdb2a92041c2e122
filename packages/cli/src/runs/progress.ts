import { formatDuration, type Finding, type RunEvent, type Usage, type WaitingFor } from "@mnemosyne/core";

/** Marks that lines begin with, with and without colour. */
interface Style {
  readonly paint: (code: number, text: string) => string;
}

const GREEN = 32;
const RED = 31;
const YELLOW = 33;
const CYAN = 36;
const DIM = 2;

/** Findings of a gate that are shown; all of them are in the journal. */
const FINDINGS = 3;

/**
 * Tells a run's events as a person would want to follow them: what starts, what is blocked and why, what passes, what
 * changed. Feed it every event in order; it gives the lines to print.
 */
export class RunNarrator {
  readonly #style: Style;
  readonly #started = new Map<string, number>();
  readonly #calls = new Map<string, { calls: number; tokens: number }>();
  #begun = 0;

  constructor(options: { readonly color: boolean }) {
    this.#style = { paint: (code, text) => (options.color ? `\u001b[${code}m${text}\u001b[0m` : text) };
  }

  /** The lines that an event is worth; often none. */
  lines(event: RunEvent): readonly string[] {
    const at = Date.parse(event.at);
    switch (event.type) {
      case "run.started":
        this.#begun = at;
        return [`${this.#dim("run")} ${event.runId}`];
      case "plan.validated":
        return [this.#dim(`    ${event.tasks} tasks, critical path ${event.criticalPath.join(" > ")}`)];
      case "task.started": {
        this.#started.set(event.task, at);
        const again = event.attempt > 1 ? ` (attempt ${event.attempt})` : event.epoch > 1 ? " (again)" : "";
        return [`${this.#paint(CYAN, "  >")} ${event.task}${this.#dim(again)}`];
      }
      case "context.assembled":
        return [
          this.#dim(
            `    ${event.task}: context of ${event.tokens} tokens (at most ${event.budget})${recalledText(event.recalled.length)}`,
          ),
        ];
      case "tool.used":
        return [
          this.#dim(
            `    ${event.task}: ${event.tool} ${inputText(event.input)}${event.ok ? "" : " (refused or failed)"}`,
          ),
        ];
      case "model.called": {
        if (event.task === undefined) return [];
        const sum = this.#calls.get(event.task) ?? { calls: 0, tokens: 0 };
        sum.calls += 1;
        sum.tokens += allTokens(event.usage);
        this.#calls.set(event.task, sum);
        return event.error === undefined ? [] : [this.#paint(YELLOW, `    model: ${event.error.message}`)];
      }
      case "gate.judged":
        return [
          `    ${this.#dim(`${event.task}:`)} ${event.gate} ${event.verdict === "pass" ? this.#paint(GREEN, "passed") : this.#paint(RED, event.verdict === "fail" ? "failed" : event.verdict)}`,
          ...event.findings
            .filter(({ severity }) => severity === "blocker")
            .slice(0, FINDINGS)
            .map((finding) => this.#finding(finding)),
        ];
      case "task.rejected":
        return [
          this.#paint(
            RED,
            `  x ${event.task} was blocked${event.summary === undefined ? "" : `: ${event.summary}`}`,
          ),
        ];
      case "task.retried":
        return [this.#dim(`    ${event.task}: attempt ${event.attempt} follows`)];
      case "task.escalated":
        return [
          this.#paint(
            YELLOW,
            `    ${event.task} goes to ${event.level === "person" ? "a person" : "a stronger model"}: ${event.reason}`,
          ),
        ];
      case "workspace.merged":
        return event.paths.length === 0
          ? []
          : [this.#dim(`    ${event.task}: changed ${event.paths.join(", ")}`)];
      case "memory.stored":
        return [this.#dim(`    remembered: ${event.summary}`)];
      case "task.completed":
        return [`${this.#paint(GREEN, "  ✓")} ${event.task}${this.#dim(this.#spent(event.task, at))}`];
      case "task.failed":
        return [this.#paint(RED, `  x ${event.task} failed: ${event.error.message}`)];
      case "task.skipped":
        return [this.#dim(`  - ${event.task} was skipped: ${event.reason}`)];
      case "task.cancelled":
        return [this.#dim(`  - ${event.task} was cancelled: ${event.reason}`)];
      case "task.compensated":
        return [this.#dim(`  < ${event.task} was undone`)];
      case "compensation.failed":
        return [this.#paint(RED, `  x ${event.task} could not be undone: ${event.error.message}`)];
      case "workspace.restored":
        return [this.#dim(`    ${event.paths} paths were put back`)];
      case "budget.refused":
        return [this.#paint(RED, `  x ${event.task}: ${event.message}`)];
      case "budget.breached":
      case "alert.raised":
        return [
          this.#paint(
            YELLOW,
            `  ! ${event.type === "alert.raised" ? event.message : `more was spent than reserved in ${event.account}`}`,
          ),
        ];
      case "run.cancelled":
        return [this.#paint(YELLOW, "  the run is asked to stop")];
      case "run.paused":
        return event.waiting.map((waiting) => this.#waiting(event.runId, waiting));
      case "run.finished":
        return [
          `${this.#dim("run")} ${event.runId} ${this.#paint(event.status === "completed" ? GREEN : RED, event.status)}${this.#dim(
            ` in ${formatDuration(Math.max(0, at - this.#begun))}${usageText(event.usage)}`,
          )}`,
          ...(event.error === undefined ? [] : [this.#paint(RED, `    ${event.error.message}`)]),
          ...(event.dirty === undefined || event.dirty.length === 0
            ? []
            : [this.#paint(YELLOW, `    not undone: ${event.dirty.join(", ")}`)]),
        ];
      default:
        return [];
    }
  }

  #finding({ message, file, line, evidence }: Finding): string {
    const where = file === undefined ? "" : ` (${file}${line === undefined ? "" : `:${line}`})`;
    const seen =
      evidence === undefined || evidence === "" ? "" : `\n         ${this.#dim(firstLine(evidence))}`;
    return `      ${message}${where}${seen}`;
  }

  #waiting(runId: string, { task, kind, text }: WaitingFor): string {
    const answer =
      kind === "question"
        ? `mnemosyne answer ${runId} ${task} "..."`
        : `mnemosyne approve ${runId} ${task}, or deny`;
    return this.#paint(YELLOW, `  ? ${task} waits: ${text}\n    ${answer}`);
  }

  #spent(task: string, at: number): string {
    const began = this.#started.get(task);
    const calls = this.#calls.get(task);
    const time = began === undefined ? "" : ` ${formatDuration(Math.max(0, at - began))}`;
    return calls === undefined ? time : `${time}, ${calls.calls} model calls, ${calls.tokens} tokens`;
  }

  #paint(code: number, text: string): string {
    return this.#style.paint(code, text);
  }

  #dim(text: string): string {
    return text === "" ? "" : this.#style.paint(DIM, text);
  }
}

/** Tokens of a usage, cached ones too. */
export function allTokens(
  usage: Pick<Usage, "inputTokens" | "outputTokens" | "cacheReadTokens" | "cacheWriteTokens">,
): number {
  return usage.inputTokens + usage.outputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
}

function usageText(usage: Usage | undefined): string {
  if (usage === undefined || usage.calls === 0) return "";
  return `, ${usage.calls} model calls, ${allTokens(usage)} tokens, ${usage.usd.toFixed(4)} USD`;
}

function recalledText(count: number): string {
  return count === 0 ? "" : `, ${count} ${count === 1 ? "memory" : "memories"} recalled`;
}

function inputText(input: unknown): string {
  if (input === null || typeof input !== "object") return String(input);
  const { line, path, program, args, pattern, glob, content, query } = input as Readonly<
    Record<string, unknown>
  >;
  if (typeof program === "string")
    return firstLine([program, ...(Array.isArray(args) ? args : [])].join(" "));
  const shown = line ?? path ?? pattern ?? glob ?? query ?? content ?? "";
  return firstLine(typeof shown === "string" ? shown : JSON.stringify(shown));
}

function firstLine(text: string): string {
  const line = text.split("\n").find((candidate) => candidate.trim() !== "") ?? "";
  return line.length > 110 ? `${line.slice(0, 109)}…` : line;
}
