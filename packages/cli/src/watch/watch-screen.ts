import { formatDuration, type RunEvent, type Usage, type WaitingFor } from "@mnemosyne/core";
import type { RunReport, TaskReport } from "@mnemosyne/engine";
import stringWidth from "string-width";

/** What a picture is made from. */
export interface WatchState {
  readonly report: RunReport;
  /** Newest last. */
  readonly lines: readonly string[];
  /** Tokens and budget of each task's newest context. */
  readonly contexts: ReadonlyMap<string, { readonly tokens: number; readonly budget: number }>;
  /** The wait that keys act on. */
  readonly chosen: number;
  /** The answer that is being typed. */
  readonly typed: string | undefined;
  /** What the last key did. */
  readonly said: string;
  readonly now: number;
  readonly mayDecide: boolean;
}

/** Where it is painted. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
  readonly color: boolean;
}

const GREEN = 32;
const RED = 31;
const YELLOW = 33;
const CYAN = 36;
const DIM = 2;
const BOLD = 1;

const MARKS: Readonly<Record<string, readonly [string, number]>> = {
  pending: ["·", DIM],
  ready: ["·", DIM],
  running: [">", CYAN],
  reviewing: ["%", CYAN],
  waiting: ["?", YELLOW],
  paused: ["?", YELLOW],
  completed: ["✓", GREEN],
  failed: ["x", RED],
  skipped: ["-", DIM],
  cancelled: ["-", DIM],
  compensated: ["<", DIM],
  rolledBack: ["<", DIM],
};

/** A piece of a line and how it looks. Lines are cut by their characters, so colours come last. */
interface Piece {
  readonly text: string;
  readonly style?: number;
}

/**
 * The picture of a run: never wider or higher than the terminal. Active tasks come first where not all have room.
 */
export function watchScreen(state: WatchState, size: ScreenSize): readonly string[] {
  const { report } = state;
  const head = [titleLine(state), progressLine(report, size.columns)];
  const waits = report.waiting.flatMap((wait, index) => waitLines(wait, index === state.chosen, state));
  const foot: Piece[][] = [];
  if (state.typed !== undefined) foot.push([{ text: `answer: ${state.typed}_`, style: BOLD }]);
  else if (state.said !== "") foot.push([{ text: state.said, style: YELLOW }]);
  foot.push([{ text: keysOf(state), style: DIM }]);
  const left = Math.max(1, size.rows - head.length - waits.length - foot.length - 1);
  const events = Math.min(state.lines.length, Math.max(0, Math.min(8, Math.floor(left / 3))));
  const tasks = taskLines(state, Math.max(1, left - events), size.columns);
  const log = state.lines.slice(state.lines.length - events).map((text): Piece[] => [{ text, style: DIM }]);
  return [...head, ...tasks, ...log, ...waits, ...foot]
    .slice(0, Math.max(1, size.rows - 1))
    .map((pieces) => painted(pieces, size));
}

function painted(pieces: readonly Piece[], { columns, color }: ScreenSize): string {
  let room = Math.max(1, columns - 1);
  let line = "";
  for (const { text, style } of pieces) {
    if (room <= 0) break;
    const cut = fitted(text.replaceAll(/\p{Cc}/gu, " "), room);
    room -= stringWidth(cut);
    line += color && style !== undefined ? `\u001b[${style}m${cut}\u001b[0m` : cut;
  }
  return line;
}

/** The text, or as much of it as has room. Some characters are two columns wide. */
function fitted(text: string, room: number): string {
  if (stringWidth(text) <= room) return text;
  let cut = "";
  let width = 1;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    width += stringWidth(segment);
    if (width > room) break;
    cut += segment;
  }
  return `${cut}…`;
}

function titleLine({ report, now }: WatchState): Piece[] {
  const [, style = DIM] = MARKS[report.status] ?? [];
  const took =
    report.startedAt === undefined
      ? ""
      : ` ${formatDuration(Math.max(0, now - Date.parse(report.startedAt)))}`;
  return [
    { text: report.name, style: BOLD },
    { text: ` ${report.status}`, style: style === DIM ? CYAN : style },
    { text: `${took}  ${usageText(report.usage)}  ${report.runId}`, style: DIM },
  ];
}

function usageText({ calls, usd, ...tokens }: Usage): string {
  const sum = tokens.inputTokens + tokens.outputTokens + tokens.cacheReadTokens + tokens.cacheWriteTokens;
  return calls === 0 ? "no model calls" : `${calls} calls, ${sum} tokens, ${usd.toFixed(4)} USD`;
}

function progressLine({ tasks }: RunReport, columns: number): Piece[] {
  const done = tasks.filter(({ status }) => status === "completed").length;
  const width = Math.max(5, Math.min(40, columns - 24));
  return [...bar(done, tasks.length, width), { text: ` ${done} of ${tasks.length} tasks`, style: DIM }];
}

function bar(value: number, most: number, width: number): Piece[] {
  const filled = most <= 0 ? 0 : Math.min(width, Math.round((value / most) * width));
  return [
    { text: "█".repeat(filled), style: GREEN },
    { text: "░".repeat(width - filled), style: DIM },
  ];
}

const ORDER = [
  "waiting",
  "running",
  "reviewing",
  "failed",
  "ready",
  "pending",
  "completed",
  "skipped",
  "cancelled",
  "compensated",
];

function taskLines({ contexts, report }: WatchState, most: number, columns: number): Piece[][] {
  const { tasks } = report;
  const shown =
    tasks.length <= most
      ? tasks
      : tasks
          .toSorted((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status))
          .slice(0, Math.max(1, most - 1));
  const widest = Math.min(28, Math.max(4, ...shown.map(({ id }) => id.length)));
  const lines = shown.map((task): Piece[] => {
    const [mark = "·", style = DIM] = MARKS[task.status] ?? [];
    const context = contexts.get(task.id);
    const meter =
      context === undefined || columns < 70
        ? []
        : [{ text: "  " }, ...bar(context.tokens, context.budget, 8), { text: " context", style: DIM }];
    return [
      { text: ` ${mark} `, style },
      { text: task.id.padEnd(widest) },
      { text: ` ${task.status}`, style },
      { text: detail(task), style: DIM },
      ...meter,
    ];
  });
  if (shown.length < tasks.length)
    lines.push([{ text: `   and ${tasks.length - shown.length} more`, style: DIM }]);
  return lines;
}

function detail({ attempts, blocked, gates }: TaskReport): string {
  const tries = attempts > 1 ? `, attempt ${attempts}` : "";
  const failed = gates.filter(({ verdict }) => verdict !== "pass").map(({ gate }) => gate);
  const gate =
    gates.length === 0
      ? ""
      : failed.length === 0
        ? `, ${gates.length} gates passed`
        : `, not passed: ${failed.join(", ")}`;
  const last = blocked.at(-1);
  return `${tries}${gate}${last === undefined || failed.length === 0 ? "" : ` (${last.summary})`}`;
}

function waitLines(wait: WaitingFor, isChosen: boolean, { mayDecide }: WatchState): Piece[][] {
  return [[{ text: `${isChosen && mayDecide ? ">" : " "} ? ${wait.task}: ${wait.text}`, style: YELLOW }]];
}

function keysOf({ chosen, mayDecide, report, typed }: WatchState): string {
  if (typed !== undefined) return "Enter sends, Esc drops";
  const wait = report.waiting[chosen];
  const decide =
    wait === undefined || !mayDecide
      ? ""
      : wait.kind === "question"
        ? "t answer  d deny  "
        : "a approve  d deny  ";
  const choose = report.waiting.length > 1 && mayDecide ? "Tab next  " : "";
  return `${decide}${choose}q leaves`;
}

/** What a task's newest context holds, from its event. */
export function contextOf(
  event: RunEvent,
): readonly [string, { readonly tokens: number; readonly budget: number }] | undefined {
  return event.type === "context.assembled"
    ? [event.task, { tokens: event.tokens, budget: event.budget }]
    : undefined;
}
