import { MnemosyneError, type Clock, type ModelCatalog, type TokenCount } from "@mnemosyne/core";
import { AgentGauge } from "./agent-gauge.ts";
import { describeReading } from "./describe.ts";
import { Fullest } from "./fullest.ts";
import { recommend, type Recommendation } from "./recommend.ts";
import { Sampler, type SamplerOptions } from "./sampler.ts";
import { Signals, type MonitorEvents, type Reading, type ScopeKind } from "./signals.ts";
import { SpentAccount } from "./spent-account.ts";
import { DEFAULT_THRESHOLDS, checkThresholds } from "./thresholds.ts";
import { TotalGauge } from "./total-gauge.ts";
import type { Forecast } from "./trend.ts";
import { contextTokens, isModelUsage, type RecordContext, type Spent, type UsageInput } from "./usage.ts";

/** Options of {@link ContextMonitor}. */
export interface ContextMonitorOptions {
  /** Tokens of an agent's context window where neither the record nor the catalog says. Default 200,000. */
  readonly window?: number;
  /** What all agents together may hold, in tokens. Without it `getUsage()` is the fullest agent's share. */
  readonly totalWindow?: number;
  /** Shares at which alerts are raised. Default 0.5, 0.75, 0.9. */
  readonly thresholds?: readonly number[];
  /** Windows and prices of models. */
  readonly catalog?: Pick<ModelCatalog, "get" | "list">;
  /** Reads outside sources at an interval, once started. */
  readonly sampler?: SamplerOptions;
  readonly clock?: Pick<Clock, "now">;
}

/** Everything that a monitor knows, for faces. */
export interface MonitorSnapshot {
  readonly total: Reading;
  readonly agents: readonly (Reading & {
    readonly task?: string;
    readonly run?: string;
    readonly model?: string;
    readonly spent: Spent;
  })[];
  /** Tasks and runs that something was spent for. */
  readonly spent: readonly ({ readonly scope: ScopeKind; readonly id: string } & Spent)[];
}

const EMPTY: TokenCount = Object.freeze({ value: 0, low: 0, high: 0, source: "usage" });

/**
 * Knows how full each agent's context is and what each task and run has spent. Records are pushed and seen at once;
 * an optional sampler reads outside sources. Alerts are edge-triggered with hysteresis: one for each true crossing.
 *
 * @example
 * const monitor = new ContextMonitor({ window: 200_000 });
 * monitor.on("alert", (alert) => report(alert.message));
 * await monitor.start();
 * monitor.record("executor", 151_000);
 * monitor.getUsage(); // 0.755
 * await monitor.stop();
 */
export class ContextMonitor {
  readonly #window: number;
  readonly #thresholds: readonly number[];
  readonly #catalog: Pick<ModelCatalog, "get" | "list"> | undefined;
  readonly #clock: Pick<Clock, "now">;
  readonly #sampler: Sampler | undefined;
  readonly #signals = new Signals();
  readonly #agents = new Map<string, AgentGauge>();
  readonly #spent = { task: new Map<string, SpentAccount>(), run: new Map<string, SpentAccount>() };
  readonly #fullest = new Fullest();
  readonly #total: TotalGauge | undefined;
  #at = 0;

  /** Throws `E_INPUT` for a window or threshold that is not above 0. */
  constructor(options: ContextMonitorOptions = {}) {
    this.#window = positive(options.window ?? 200_000, "window");
    this.#thresholds = checkThresholds(options.thresholds ?? DEFAULT_THRESHOLDS);
    this.#catalog = options.catalog;
    this.#clock = options.clock ?? { now: () => Date.now() };
    this.#total =
      options.totalWindow === undefined
        ? undefined
        : new TotalGauge(positive(options.totalWindow, "totalWindow"), this.#thresholds);
    this.#sampler =
      options.sampler === undefined
        ? undefined
        : new Sampler(
            options.sampler,
            (agent, usage) => this.#sampled(agent, usage),
            (error) => this.#signals.emit("fault", { error }),
          );
  }

  /** Starts the sampler, if there is one. Pushed records count before and without it. */
  async start(): Promise<void> {
    this.#sampler?.start();
  }

  /** Stops the sampler. Records still count; it may be started again. */
  async stop(): Promise<void> {
    await this.#sampler?.stop();
  }

  /** Stops, and forgets its listeners. */
  async close(): Promise<void> {
    await this.stop();
    this.#signals.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Calls the listener for each event from now on; gives a function that ends it. */
  on<Name extends keyof MonitorEvents>(
    name: Name,
    listener: (event: MonitorEvents[Name]) => void,
  ): () => void {
    return this.#signals.on(name, listener);
  }

  /**
   * Says how full an agent's context is now. A provider's report of a call is also added to what the agent, its task
   * and its run have spent. `context` holds for later records without one, and is replaced as a whole. Listeners have
   * been called when it returns. Throws `E_INPUT` for a number that is none.
   */
  record(agent: string, usage: UsageInput, context?: RecordContext): void {
    const tokens = contextTokens(usage);
    const gauge = this.#agents.get(agent) ?? this.#addAgent(agent);
    if (context !== undefined && context !== gauge.context) this.#describe(gauge, context);
    this.#at = this.#clock.now();
    this.#total?.change(gauge.tokens, tokens);
    gauge.tokens = tokens;
    gauge.at = this.#at;
    gauge.trend.add(this.#at, tokens.value);
    this.#fullest.set(gauge.slot, gauge.usage);
    if (this.#signals.has("usage")) this.#signals.emit("usage", gauge.reading());
    this.#watch(gauge);
    if (!isModelUsage(usage)) return;
    gauge.spent.add(usage);
    const { task, run } = gauge.context;
    for (const account of [
      task === undefined ? undefined : this.#account("task", task),
      run === undefined ? undefined : this.#account("run", run),
    ]) {
      if (account === undefined) continue;
      account.add(usage);
      this.#watchSpent(account);
    }
  }

  /** Sets how many tokens a task or run may spend in all, so that alerts are raised on the way. */
  setBudget(scope: "task" | "run", id: string, tokens: number): void {
    const account = this.#account(scope, id);
    account.limit = positive(tokens, "tokens");
    this.#watchSpent(account);
  }

  /** An agent's share of its window; without a name the share of the total window, or else of the fullest agent. An unknown agent has 0. */
  getUsage(agent?: string): number {
    if (agent !== undefined) return this.#agents.get(agent)?.usage ?? 0;
    return this.#total?.usage ?? this.#fullest.value;
  }

  /** An agent's reading with source and band, or that of everything. `undefined` for an unknown agent. */
  read(agent?: string): Reading | undefined {
    return agent === undefined ? this.#totalReading() : this.#agents.get(agent)?.reading();
  }

  /** What an agent, task or run has spent, as its provider reported. */
  spent(scope: "agent" | "task" | "run", id: string): Spent {
    const account = scope === "agent" ? this.#agents.get(id)?.spent : this.#spent[scope].get(id);
    return account?.total ?? { tokens: 0, usd: 0, calls: 0 };
  }

  /** When an agent's window will be full, from the linear trend since it last shrank. `undefined` when it does not grow or too little is known. */
  forecast(agent: string): Forecast | undefined {
    const gauge = this.#agents.get(agent);
    return gauge?.trend.forecast(gauge.window);
  }

  /** What to do about an agent's context now; empty when nothing needs doing. */
  recommend(agent: string): readonly Recommendation[] {
    const gauge = this.#agents.get(agent);
    return gauge === undefined ? [] : this.#recommend(gauge);
  }

  /** An agent has ended: its context no longer counts. What its task and run spent stays. */
  forget(agent: string): void {
    const gauge = this.#agents.get(agent);
    if (gauge === undefined) return;
    this.#agents.delete(agent);
    this.#fullest.remove(gauge.slot);
    this.#total?.change(gauge.tokens, EMPTY);
    this.#watchTotal();
  }

  snapshot(): MonitorSnapshot {
    const accounts = [...this.#spent.task.values(), ...this.#spent.run.values()];
    return {
      total: this.#totalReading(),
      agents: Array.from(this.#agents.values(), (gauge) => {
        const { task, run, model } = gauge.context;
        return {
          ...gauge.reading(),
          ...(task === undefined ? {} : { task }),
          ...(run === undefined ? {} : { run }),
          ...(model === undefined ? {} : { model }),
          spent: gauge.spent.total,
        };
      }),
      spent: accounts.map(({ scope, id, total }) => ({ scope, id, ...total })),
    };
  }

  #addAgent(id: string): AgentGauge {
    const gauge = new AgentGauge(id, this.#fullest.add(), this.#window, this.#thresholds);
    this.#agents.set(id, gauge);
    return gauge;
  }

  #describe(gauge: AgentGauge, context: RecordContext): void {
    const { model, window } = context;
    if (model !== gauge.context.model)
      gauge.model = model === undefined ? undefined : this.#catalog?.get(model);
    gauge.window =
      window === undefined ? (gauge.model?.contextTokens ?? this.#window) : positive(window, "window");
    gauge.context = context;
  }

  #account(scope: "task" | "run", id: string): SpentAccount {
    const accounts = this.#spent[scope];
    let account = accounts.get(id);
    if (account === undefined) accounts.set(id, (account = new SpentAccount(scope, id, this.#thresholds)));
    return account;
  }

  #sampled(agent: string, usage: UsageInput): void {
    const known = this.#agents.get(agent)?.tokens;
    const tokens = contextTokens(usage);
    if (known?.value !== tokens.value || known.high !== tokens.high) this.record(agent, tokens);
  }

  #watch(gauge: AgentGauge): void {
    const crossed = gauge.watch.update(gauge.tokens.high / gauge.window);
    if (crossed !== undefined) this.#alert(gauge.reading(), crossed, gauge);
    const above = gauge.model?.prices?.above;
    if (above !== undefined) {
      const near = gauge.cliffWatch.update(gauge.tokens.high / above.tokens);
      if (near !== undefined) this.#cliff(gauge, near);
    }
    this.#watchTotal();
  }

  #watchTotal(): void {
    const crossed = this.#total?.crossed();
    if (crossed !== undefined) this.#alert(this.#totalReading(), crossed);
  }

  #watchSpent(account: SpentAccount): void {
    const crossed = account.crossed();
    if (crossed !== undefined) this.#alert(account.reading(this.#at), crossed);
  }

  #alert(reading: Reading, thresholds: readonly number[], gauge?: AgentGauge): void {
    if (!this.#signals.has("alert")) return;
    const forecast = gauge?.trend.forecast(gauge.window);
    const recommendations = gauge === undefined ? [] : this.#recommend(gauge);
    for (const threshold of thresholds)
      this.#signals.emit("alert", {
        ...reading,
        threshold,
        message: describeReading(reading, threshold),
        ...(forecast === undefined ? {} : { forecast }),
        recommendations,
      });
  }

  #cliff(gauge: AgentGauge, crossed: readonly number[]): void {
    const prices = gauge.model?.prices;
    if (gauge.model === undefined || prices?.above === undefined || !this.#signals.has("cliff")) return;
    const recommendations = this.#recommend(gauge);
    for (const share of crossed)
      this.#signals.emit("cliff", {
        agent: gauge.id,
        model: gauge.model.model,
        phase: share < 1 ? "near" : "crossed",
        tokens: gauge.tokens,
        from: prices.above.tokens,
        inputPrice: { below: prices.input, above: prices.above.input },
        recommendations,
      });
  }

  #recommend(gauge: AgentGauge): readonly Recommendation[] {
    const { task, model, sections } = gauge.context;
    return recommend({
      agent: gauge.id,
      tokens: gauge.tokens,
      window: gauge.window,
      ...(task === undefined ? {} : { task }),
      ...(model === undefined ? {} : { model }),
      ...(sections === undefined ? {} : { sections }),
      ...(this.#catalog === undefined ? {} : { models: this.#catalog.list() }),
    });
  }

  #totalReading(): Reading {
    if (this.#total !== undefined) return this.#total.reading(this.#at);
    let fullest: AgentGauge | undefined;
    for (const gauge of this.#agents.values())
      if (fullest === undefined || gauge.usage > fullest.usage) fullest = gauge;
    const total = { scope: "total", id: "total", at: this.#at } as const;
    return fullest === undefined
      ? { usage: 0, tokens: EMPTY, limit: this.#window, state: "safe", ...total }
      : { ...fullest.reading(), ...total };
  }
}

function positive(value: number, path: string): number {
  if (value > 0 && Number.isFinite(value)) return value;
  throw new MnemosyneError("E_INPUT", `${path} is ${value}; give a number of tokens above 0.`, {
    kind: "input",
    path,
  });
}
