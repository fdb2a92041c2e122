import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../bin/mnemosyne.js", import.meta.url));

/** What a call of the command came to. */
export interface Called {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Lines of stdout, parsed. */
  readonly lines: readonly Record<string, unknown>[];
}

/** A folder of its own, in which the real command is called as a process. */
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

  start(...args: readonly string[]): ChildProcess {
    return spawn(process.execPath, [BIN, ...args], {
      cwd: this.path,
      env: { PATH: process.env["PATH"], HOME: this.path, ...this.#environment },
      stdio: ["pipe", "pipe", "pipe"],
    });
  }

  async call(...args: readonly string[]): Promise<Called> {
    return await finished(this.start(...args));
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
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
