import {
  MnemosyneError,
  type AgentContext,
  type AgentResult,
  type AgentTask,
  type CommandResult,
} from "@mnemosyne/core";
import { failedWith } from "../failure.ts";
import type { ExecutorSettings } from "../settings.ts";
import { hidingValues, type Redactor } from "../secrets.ts";
import { bothEnds, lastLines, outputEnds } from "../text-cap.ts";
import { timeAllowed, timeoutError } from "../time-limit.ts";
import { completedWith } from "./checked-output.ts";
import { openExchange } from "./exchange.ts";

/** Characters of each stream that a failure carries. */
const TAIL = 4000;
const HEARTBEAT_EVERY = 1000;

/** Runs the author's shell line in the task's workspace. */
export async function runLine(
  line: string,
  task: AgentTask,
  context: AgentContext,
  settings: ExecutorSettings,
): Promise<AgentResult> {
  const { definition } = task;
  const allowed = allowedEnvironment(definition.env, settings.environment);
  const redact = hidingValues(allowed, settings.redact);
  const exchange = await openExchange(task, context.idempotencyKey, settings.temporaryFolder);
  try {
    const timeout = timeAllowed(definition.timeout, context.timeLeft);
    const result = await context.commands.run(
      { line },
      {
        cwd: context.workspace.root,
        env: { ...allowed, ...exchange.environment },
        signal: context.signal,
        sandbox: definition.sandbox,
        // The author's own line, trusted like a package script: it may publish, fetch and call services.
        network: true,
        writable: [exchange.folder],
        outputLimit: settings.outputLimit,
        onOutput: every(HEARTBEAT_EVERY, () => context.heartbeat()),
        ...(timeout === undefined ? {} : { timeout }),
      },
    );
    record(line, task, context, result, redact);
    context.signal.throwIfAborted();
    if (result.timedOut)
      return failedWith(timeoutError(`Command '${shown(line)}'`, timeout ?? result.durationMs), true);
    // A line with gates is judged by them; without any, its exit code is the judge.
    const judged = result.exitCode !== null && task.definition.gates.length > 0;
    if (result.exitCode !== 0 && !judged) return failedWith(commandFailed(line, result, redact), true);
    const written = await exchange.readOutput();
    return completedWith(
      task,
      written ?? {
        exitCode: result.exitCode,
        stdout: redact(result.stdout),
        ...(result.truncated > 0 ? { truncated: result.truncated } : {}),
      },
    );
  } finally {
    await exchange.close();
  }
}

/** The variables that a task names and that are set. */
export function allowedEnvironment(
  names: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const allowed: Record<string, string> = {};
  for (const name of names) {
    const value = environment[name];
    if (value !== undefined) allowed[name] = value;
  }
  return allowed;
}

function record(
  line: string,
  task: AgentTask,
  context: AgentContext,
  result: CommandResult,
  redact: Redactor,
): void {
  context.emit({
    type: "tool.used",
    task: task.definition.id,
    attempt: task.attempt,
    tool: "run",
    input: { line: redact(line) },
    ok: result.exitCode === 0 && !result.timedOut,
    summary: `exit code ${result.exitCode ?? result.signal}\n${outputEnds(result, redact)}`,
    durationMs: result.durationMs,
  });
}

function commandFailed(line: string, result: CommandResult, redact: Redactor): MnemosyneError {
  const stdout = redact(result.stdout);
  const stderr = redact(result.stderr);
  const ended =
    result.exitCode === null
      ? `was ended by ${result.signal ?? "a signal"}`
      : `exited with ${result.exitCode}`;
  const said = lastLines(stderr.trim() === "" ? stdout : stderr, 8, 1200);
  return new MnemosyneError(
    "E_COMMAND_FAILED",
    `Command '${shown(redact(line))}' ${ended}${said === "" ? ", and printed nothing." : `:\n${said}`}`,
    {
      kind: "conflict",
      retryable: true,
      details: {
        exitCode: result.exitCode,
        signal: result.signal,
        stdout: lastLines(stdout, 60, TAIL),
        stderr: lastLines(stderr, 60, TAIL),
      },
    },
  );
}

function shown(line: string): string {
  return bothEnds(line, 200).replaceAll("\n", " ");
}

function every(milliseconds: number, action: () => void): () => void {
  let last = -Infinity;
  return () => {
    const now = performance.now();
    if (now - last < milliseconds) return;
    last = now;
    action();
  };
}
