import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { main } from "@mnemosyne/cli";

const BIN = fileURLToPath(new URL("../bin/mnemosyne.js", import.meta.url));

/** What a call of the command came to. */
export interface Called {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Lines of stdout, parsed. */
  readonly lines: readonly Record<string, unknown>[];
}

/** A folder of its own, in which the command is called: in this process, or in one of its own. */
export class CommandFolder {
  readonly path: string;
  readonly #environment: Readonly<Record<string, string>>;

  private constructor(folder: string, environment: Readonly<Record<string, string>>) {
    this.path = folder;
    this.#environment = environment;
  }

  static async make(environment: Readonly<Record<string, string>> = {}): Promise<CommandFolder> {
    return new CommandFolder(await mkdtemp(path.join(tmpdir(), "mnemosyne-cli-")), environment);
  }

  async write(name: string, text: string): Promise<string> {
    await writeFile(path.join(this.path, name), text);
    return name;
  }

  get #env(): Readonly<Record<string, string | undefined>> {
    return { PATH: process.env["PATH"], HOME: this.path, ...this.#environment };
  }

  /** A process of its own. */
  start(...args: readonly string[]): ChildProcess {
    return spawn(process.execPath, [BIN, ...args], {
      cwd: this.path,
      env: this.#env,
      stdio: ["pipe", "pipe", "pipe"],
    });
  }

  /** Calls the command in a process of its own, and waits for it. */
  async callProcess(...args: readonly string[]): Promise<Called> {
    return await finished(this.start(...args));
  }

  /** Calls the command in this process, which is many times faster. */
  async call(...args: readonly string[]): Promise<Called> {
    return await this.callWith("", ...args);
  }

  /** As {@link call}, with something on standard input. */
  async callWith(input: string, ...args: readonly string[]): Promise<Called> {
    const [stdout, stderr] = [new Collected(), new Collected()];
    const code = await main(args, {
      stdin: Readable.from(input === "" ? [] : [Buffer.from(input)]),
      stdout,
      stderr,
      env: this.#env,
      cwd: this.path,
      signal: new AbortController().signal,
    });
    return called(code, stdout.text, stderr.text);
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** Keeps what is written to it. */
class Collected extends Writable {
  text = "";

  override _write(chunk: Buffer | string, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** Waits for a process and gives what it printed. */
export async function finished(child: ChildProcess, input = ""): Promise<Called> {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin?.end(input);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return called(code, stdout, stderr);
}

function called(code: number | null, stdout: string, stderr: string): Called {
  const lines = stdout.split("\n").flatMap((line) => (line.startsWith("{") ? [parse(line)] : []));
  return { code, stdout, stderr, lines };
}

function parse(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return { unparsed: line };
  }
}

/** Four commands: one, two after it, one after both. */
export const DIAMOND = `
version: 1
name: diamond
tasks:
  - { id: a, run: "echo a >> order.txt" }
  - { id: b, dependsOn: [a], run: "echo b >> order.txt" }
  - { id: c, dependsOn: [a], run: "echo c >> order.txt" }
  - { id: d, dependsOn: [b, c], run: "echo d >> order.txt" }
`;
