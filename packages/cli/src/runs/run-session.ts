import { OrchestrationEngine, type RunHandle } from "@mnemosyne/engine";
import type { RunEvent, RunSignal, WaitingFor } from "@mnemosyne/core";
import { exitCodeOfRun } from "../exit-code.ts";
import type { Session } from "../session.ts";
import { Interrupted } from "../terminal.ts";
import { openModel, type ModelFlags } from "./model-source.ts";
import { RunNarrator } from "./progress.ts";

/** An engine that is wired from flags and config, and how to end it. */
export interface RunSession {
  readonly engine: OrchestrationEngine;
  readonly banner: string | undefined;
  close(): Promise<void>;
}

/** Wires an engine: storage, model, and what the config plugs in. */
export async function openEngine(session: Session, flags: ModelFlags = {}): Promise<RunSession> {
  const { settings, terminal } = session;
  const { agents, gates, tools } = settings.config;
  const storage = await session.storage();
  const source = await openModel(flags, settings, terminal);
  const secrets = ["ANTHROPIC_API_KEY", "TURSO_AUTH_TOKEN"].flatMap((name) => terminal.env[name] ?? []);
  const engine = new OrchestrationEngine({
    storage,
    catalog: source.catalog,
    namespace: settings.namespace,
    environment: terminal.env,
    secrets: secrets.filter((secret) => secret !== ""),
    ...(source.model === undefined ? {} : { model: source.model }),
    ...(agents === undefined ? {} : { agents }),
    ...(gates === undefined ? {} : { gates }),
    ...(tools === undefined ? {} : { tools }),
  });
  await engine.start();
  return {
    engine,
    banner: source.banner,
    async close() {
      await engine.stop();
      await source.close();
    },
  };
}

/** How {@link followRun} carries a run. */
export interface FollowOptions {
  /** Show events after this one. */
  readonly from: number;
  readonly concurrency?: number;
  /** Grant plan approvals without asking. */
  readonly yes?: boolean;
}

/**
 * Carries a run here and shows its events until it has finished or waits: a line of JSON each, or a narration. Gives
 * the exit code. When the process is interrupted the run is left for `resume`.
 */
export async function followRun(session: Session, run: RunHandle, options: FollowOptions): Promise<number> {
  const { output, terminal } = session;
  const narrator = new RunNarrator({ color: output.color });
  const show = (event: RunEvent): void => {
    if (output.json) output.line(JSON.stringify(event));
    else for (const line of narrator.lines(event)) output.line(line);
  };
  let hidden: unknown;
  const shown = (async () => {
    for await (const event of run.events({ from: options.from, signal: terminal.signal })) show(event);
  })().catch((error: unknown) => {
    hidden = error;
  });
  try {
    const result = await run.result({
      signal: terminal.signal,
      ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
      ...(options.yes === true ? { decide: grantApprovals } : {}),
    });
    await shown;
    if (hidden !== undefined) throw hidden;
    return exitCodeOfRun(result.status, result.error);
  } catch (error) {
    await shown;
    const { reason } = terminal.signal;
    if (!(reason instanceof Interrupted)) throw error;
    output.note(`Run ${run.runId} was left; 'mnemosyne resume ${run.runId}' carries it on.`);
    return reason.exitCode;
  }
}

async function grantApprovals(waiting: WaitingFor): Promise<RunSignal | undefined> {
  if (waiting.kind !== "approval") return undefined;
  const { task, attempt, subject } = waiting;
  return await Promise.resolve({
    type: "approval.granted",
    task,
    attempt,
    by: "--yes",
    ...(subject === undefined ? {} : { subject }),
  });
}
