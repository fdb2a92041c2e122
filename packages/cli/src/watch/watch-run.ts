import type { RunEvent, WaitingFor } from "@mnemosyne/core";
import type { RunHandle, RunReport } from "@mnemosyne/engine";
import { createLogUpdate } from "log-update";
import { exitCodeOfRun } from "../exit-code.ts";
import { RunNarrator } from "../runs/progress.ts";
import type { Session } from "../session.ts";
import type { KeyInput } from "./key-input.ts";
import { contextOf, watchScreen } from "./watch-screen.ts";

/** Milliseconds between two pictures. */
const PICTURE = 120;
const KEPT = 50;
const ENDED: ReadonlySet<string> = new Set(["completed", "failed", "cancelled", "rolledBack"]);

/**
 * Paints a run until it has ended or somebody leaves; answers are given in place. Gives the exit code. The terminal is
 * left as it was, whatever ends the watching.
 */
export async function watchRun(
  session: Session,
  run: RunHandle,
  keys: KeyInput | undefined,
): Promise<number> {
  const { output, terminal } = session;
  const paint = createLogUpdate(terminal.stdout as NodeJS.WriteStream);
  const narrator = new RunNarrator({ color: false });
  const leave = new AbortController();
  const signal = AbortSignal.any([terminal.signal, leave.signal]);
  const lines: string[] = [];
  const contexts = new Map<string, { readonly tokens: number; readonly budget: number }>();
  let report: RunReport = await run.report();
  let isChanged = true;
  let chosen = 0;
  let typed: string | undefined;
  let said = "";

  const show = (): void => {
    const { columns = 80, rows = 24 } = terminal.stdout as {
      readonly columns?: number;
      readonly rows?: number;
    };
    const state = {
      report,
      lines,
      contexts,
      chosen,
      typed,
      said,
      now: Date.now(),
      mayDecide: keys !== undefined,
    };
    paint(watchScreen(state, { columns, rows, color: output.color }).join("\n"));
  };
  const tell = (event: RunEvent): void => {
    const context = contextOf(event);
    if (context !== undefined) contexts.set(...context);
    lines.push(...narrator.lines(event).map((line) => line.trimEnd()));
    lines.splice(0, Math.max(0, lines.length - KEPT));
    isChanged = true;
  };
  const decide = async (wait: WaitingFor, act: () => Promise<boolean>): Promise<void> => {
    said = (await act()) ? `${wait.task}: recorded` : `${wait.task}: nothing was waiting for that`;
    isChanged = true;
    // How it ends stands in the journal, which is being watched; that it could not go on does not.
    run.carry({ signal: terminal.signal }).catch((error: unknown) => {
      if (!terminal.signal.aborted) said = error instanceof Error ? error.message : String(error);
    });
  };
  const press = (key: string): void => {
    const wait = report.waiting[chosen];
    if (typed !== undefined) {
      if (key === "escape") typed = undefined;
      else if (key === "return" && wait !== undefined) {
        const text = typed;
        typed = undefined;
        void decide(wait, () => run.answer(wait.task, text));
      } else if (key === "backspace") typed = typed.slice(0, -1);
      else typed += key;
    } else if (key === "q" || key === "ctrl-c") leave.abort(key);
    else if (key === "tab") chosen = (chosen + 1) % Math.max(1, report.waiting.length);
    else if (wait !== undefined && key === "a" && wait.kind !== "question")
      void decide(wait, () => run.approve(wait.task));
    else if (wait !== undefined && key === "t" && wait.kind === "question") typed = "";
    else if (wait !== undefined && key === "d") void decide(wait, () => run.deny(wait.task));
    show();
  };

  const stopKeys = keys?.start(press);
  terminal.stdout.on("resize", show);
  const following = follow(run, signal, tell);
  try {
    while (!signal.aborted) {
      if (isChanged) {
        isChanged = false;
        report = await run.report();
        chosen = Math.min(chosen, Math.max(0, report.waiting.length - 1));
      }
      show();
      if (ENDED.has(report.status)) break;
      await Promise.race([pause(PICTURE, signal), following.then(() => pause(PICTURE, signal))]);
    }
  } finally {
    terminal.stdout.off("resize", show);
    stopKeys?.();
    paint.done();
    leave.abort();
    await following;
  }
  if (terminal.signal.aborted) throw terminal.signal.reason;
  if (leave.signal.reason === "ctrl-c") return 130;
  return ENDED.has(report.status) ? exitCodeOfRun(report.status, report.error) : 0;
}

/** Every event of the run, also those that come after it paused. */
async function follow(run: RunHandle, signal: AbortSignal, tell: (event: RunEvent) => void): Promise<void> {
  let from = 0;
  while (!signal.aborted) {
    try {
      for await (const event of run.events({ from, signal })) {
        from = event.seq;
        tell(event);
        if (event.type === "run.finished") return;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    await pause(PICTURE, signal);
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
  });
}
