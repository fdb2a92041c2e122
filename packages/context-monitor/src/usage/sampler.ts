import { MnemosyneError } from "@mnemosyne/core";
import type { UsageInput } from "./usage.ts";

/** Reads outside sources at an interval. */
export interface SamplerOptions {
  /** How full each agent's context is now, by agent. Called again only when its last call has ended. */
  readonly sources: () =>
    | Readonly<Record<string, UsageInput>>
    | Promise<Readonly<Record<string, UsageInput>>>;
  /** Milliseconds. Default 10. */
  readonly every?: number;
}

/** Calls sources at an interval and passes on what they say. Does not keep the process alive. */
export class Sampler {
  readonly #options: SamplerOptions;
  readonly #every: number;
  readonly #onSample: (agent: string, usage: UsageInput) => void;
  readonly #onFault: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;
  #faulty = false;

  constructor(
    options: SamplerOptions,
    onSample: (agent: string, usage: UsageInput) => void,
    onFault: (error: unknown) => void,
  ) {
    this.#options = options;
    this.#every = options.every ?? 10;
    this.#onSample = onSample;
    this.#onFault = onFault;
    if (!(this.#every >= 1))
      throw new MnemosyneError("E_INPUT", `sampler.every is ${this.#every}; give milliseconds from 1 up.`, {
        kind: "input",
        path: "sampler.every",
      });
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = undefined;
      });
    }, this.#every);
    this.#timer.unref();
  }

  /** Resolves when no source is being read any more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#reading;
  }

  async #read(): Promise<void> {
    try {
      const samples = await this.#options.sources();
      for (const [agent, usage] of Object.entries(samples)) this.#onSample(agent, usage);
      this.#faulty = false;
    } catch (error) {
      if (!this.#faulty) this.#onFault(error);
      this.#faulty = true;
    }
  }
}
