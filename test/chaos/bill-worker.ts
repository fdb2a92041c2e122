import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Where the packages can be imported. */
const HERE = fileURLToPath(new URL("..", import.meta.url));

const WORKER = `
  import { createAnthropicModel } from "@mnemosyne/anthropic";
  import { createCallObserver, createTokenCounter } from "@mnemosyne/context-monitor";
  import { openStorage } from "@mnemosyne/storage";
  const [url, baseURL, name, loops] = process.argv.slice(1);
  const MODEL = "claude-haiku-5-5";
  const storage = await openStorage(url);
  const model = createAnthropicModel({ apiKey: "test", baseURL, model: MODEL, maxRetries: 1, counter: createTokenCounter({ model: MODEL }) });
  const work = async (loop) => {
    const observer = createCallObserver({ ledger: storage.ledger, account: "run/" + name, catalog: model.catalog });
    for (let call = 0; ; call++) {
      const text = "Question " + loop + "." + call + " " + "of some length ".repeat((call * 7 + loop) % 40);
      try {
        await model.generate({ messages: [{ role: "user", content: text }], maxTokens: 60 + (call % 5) * 20 }, { observer });
      } catch (error) {
        if (error.code === "E_BUDGET") return;
        if (!String(error.code).startsWith("E_MODEL")) throw error;
      }
    }
  };
  process.send?.("ready");
  await Promise.all(Array.from({ length: Number(loops) }, (_, loop) => work(loop)));
  await storage.close();
  process.exit(0);
`;

/** A process whose workers call a model until their budget is used up. */
export class BillWorker {
  readonly name: string;
  readonly #args: readonly string[];
  #child: ChildProcess;
  #failure: string | undefined;

  constructor(url: string, baseURL: string, name: string, loops: number) {
    this.name = name;
    this.#args = [url, baseURL, name, String(loops)];
    this.#child = this.#start();
  }

  /** Whether its budget is used up: it ended by itself. */
  get done(): boolean {
    return this.#child.exitCode === 0;
  }

  /** What it ended with, where that was neither a signal nor 0. */
  get failure(): string | undefined {
    return this.#failure;
  }

  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(signal);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  restart(): void {
    this.#child = this.#start();
  }

  #start(): ChildProcess {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", WORKER, "--", ...this.#args], {
      cwd: HERE,
      env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "" },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    child.once("exit", (code) => {
      if (code !== null && code !== 0) this.#failure = `${this.name} ended with ${code}`;
    });
    return child;
  }
}
