import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { MnemosyneError } from "@mnemosyne/core";

/** Something that a task did outside its workspace. */
export interface Effect {
  /** Order of arrival, from 1. */
  readonly seq: number;
  /** ISO 8601. */
  readonly at: string;
  readonly name: string;
  /** The task's idempotency key: the same for a repeated execution of one attempt. */
  readonly key: string;
  readonly epoch: number;
  /** Process that did it. */
  readonly pid: number;
  readonly data?: string;
}

/** Options of {@link startEffectSink}. */
export interface EffectSinkOptions {
  /** Where effects are kept. Default: a file of its own, removed by `close`. */
  readonly file?: string;
}

/** A process that records effects. */
export interface EffectSink extends AsyncDisposable {
  readonly url: string;
  readonly file: string;
  /** What a task's environment needs: `EFFECT_SINK_URL`. */
  readonly env: Readonly<Record<string, string>>;
  /** A shell line that posts an effect; needs {@link env}. */
  command(name: string): string;
  /** Posts an effect from this process. */
  post(effect: Omit<Effect, "seq" | "at" | "pid">): Promise<void>;
  /** Everything recorded so far, in order of arrival. */
  effects(): Promise<readonly Effect[]>;
  /** Ends the process. May be called twice. */
  readonly close: () => Promise<void>;
}

const SCRIPT = fileURLToPath(new URL("../../bin/effect-sink.mjs", import.meta.url));

/**
 * Starts a process that records what tasks do outside their workspace, so that a test can count effects after it has
 * killed whoever caused them. Each effect is on the disk before its sender gets an answer. The process ends with the
 * one that started it.
 *
 * @example
 * await using sink = await startEffectSink();
 * // a task: run: sink.command("published"), with sink.env in its environment
 * const published = (await sink.effects()).filter((effect) => effect.name === "published");
 */
export async function startEffectSink(options: EffectSinkOptions = {}): Promise<EffectSink> {
  const folder = options.file === undefined ? await mkdtemp(join(tmpdir(), "mnemosyne-effects-")) : undefined;
  const file = options.file ?? join(folder ?? "", "effects.jsonl");
  const child = spawn(process.execPath, [SCRIPT, "serve", file], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const lines = createInterface({ input: child.stdout });
  const url = await Promise.race([
    once(lines, "line").then(([line]) => (JSON.parse(String(line)) as { readonly url: string }).url),
    exited.then(([code]) => {
      throw new MnemosyneError(
        "E_UNAVAILABLE",
        `The effect sink ended with code ${code} before it was ready.`,
        {
          kind: "unavailable",
        },
      );
    }),
  ]);

  const close = async (): Promise<void> => {
    child.stdin.end();
    await exited;
    lines.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  };
  return {
    url,
    file,
    env: { EFFECT_SINK_URL: url },
    command: (name) => [process.execPath, SCRIPT, "post", name].map(quoted).join(" "),
    async post(effect) {
      const answer = await fetch(url, {
        method: "POST",
        body: JSON.stringify({ pid: process.pid, ...effect }),
      });
      if (!answer.ok)
        throw new MnemosyneError("E_UNAVAILABLE", `The effect sink answered with ${answer.status}.`, {
          kind: "unavailable",
        });
    },
    async effects() {
      const text = await readFile(file, "utf8");
      return text
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Effect);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
