import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Where the packages can be imported. */
const HERE = fileURLToPath(new URL("..", import.meta.url));

const WORKER = `
  import { OrchestrationEngine } from "@mnemosyne/engine";
  import { openStorage } from "@mnemosyne/storage";
  const [url] = process.argv.slice(1);
  const engine = new OrchestrationEngine({ storage: await openStorage(url) });
  await engine.start();
  process.send?.("ready");
  await engine.work({
    concurrency: 2,
    onReport: (report) => { if ("error" in report) console.error(report.runId, report.error); },
  });
`;

const REPLAY = `
  import { OrchestrationEngine } from "@mnemosyne/engine";
  import { openStorage } from "@mnemosyne/storage";
  const [url, ...runs] = process.argv.slice(1);
  const storage = await openStorage(url);
  const engine = new OrchestrationEngine({ storage });
  await engine.start();
  const digests = {};
  for (const run of runs) digests[run] = (await engine.open(run).report()).digest;
  process.send?.(digests);
  await engine.stop();
  await storage.close();
`;

/** A process with the built packages. */
function start(script: string, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, ["--input-type=module", "--eval", script, "--", ...args], {
    cwd: HERE,
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...env },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
}

/** A worker of a database's runs, in a process of its own. */
export class WorkerProcess {
  readonly #url: string;
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess;
  #stopped = false;
  #ended = false;
  #startedAt = 0;
  #readyAt: number | undefined;

  constructor(url: string, env: Readonly<Record<string, string>>) {
    this.#url = url;
    this.#env = env;
    this.#child = this.#start();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** It has worked for as long as it took to start (4 s at most): one that never comes to anything would show nothing. */
  get busy(): boolean {
    const readyAt = this.#readyAt;
    return readyAt !== undefined && performance.now() - readyAt > Math.min(4000, readyAt - this.#startedAt);
  }

  /** kill -9, and another process in its place. */
  async kill(): Promise<void> {
    await this.end();
    this.#ended = false;
    this.#child = this.#start();
  }

  pause(): void {
    this.#stopped = true;
    this.#child.kill("SIGSTOP");
  }

  resume(): void {
    this.#stopped = false;
    this.#child.kill("SIGCONT");
  }

  async end(): Promise<void> {
    const child = this.#child;
    this.#ended = true;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    this.#stopped = false;
  }

  #start(): ChildProcess {
    this.#startedAt = performance.now();
    this.#readyAt = undefined;
    const child = start(WORKER, [this.#url], this.#env);
    child.on("message", () => {
      this.#readyAt = performance.now();
    });
    // One that ends by itself is replaced as well: it is the runs that are watched.
    child.once("exit", () => {
      if (child === this.#child && !this.#ended) this.#child = this.#start();
    });
    return child;
  }
}

/** Digests of runs as a fresh process folds them. */
export async function replay(
  url: string,
  runs: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const child = start(REPLAY, [url, ...runs], {});
  return await new Promise((resolve, reject) => {
    child.once("message", (digests) => resolve(digests as Readonly<Record<string, string>>));
    child.once("exit", (code) => {
      if (code !== 0) reject(new Error(`The replay ended with ${code}.`));
    });
  });
}
