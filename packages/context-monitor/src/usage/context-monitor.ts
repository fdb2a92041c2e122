import type { Clock, ContextSection, ModelCatalog, ModelInfo, ModelUsage, TokenCount } from "@mnemosyne/core";
import { MnemosyneError } from "@mnemosyne/core";
import { Fullest } from "./fullest.ts";
import { recommend, type Recommendation } from "./recommend.ts";
import { Sampler, type SamplerOptions } from "./sampler.ts";
import { Signals, type MonitorEvents, type Reading, type ScopeKind } from "./signals.ts";
import { DEFAULT_THRESHOLDS, ThresholdWatch, checkThresholds, stateOf } from "./thresholds.ts";
import { Trend, type Forecast } from "./trend.ts";
import { contextTokens, isModelUsage, type Spent, type UsageInput } from "./usage.ts";

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

/** What a record is about, beside its agent. */
export interface RecordContext {
  readonly task?: string;
  readonly run?: string;
  readonly model?: string;
  /** Tokens of the window, where it is not the model's. */
  readonly window?: number;
  /** What the context was assembled from, for recommendations. */
  readonly sections?: readonly Pick<ContextSection, "name" | "share" | "tokens">[];
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
  readonly spent: readonly ({ readonly scope: "task" | "run"; readonly id: string } & Spent)[];
}

interface AgentGauge {
  readonly id: string;
  readonly slot: number;
  readonly trend: Trend;
  readonly watch: ThresholdWatch;
  readonly cliffWatch: ThresholdWatch;
  readonly account: Account;
  tokens: TokenCount;
  window: number;
  model: ModelInfo | undefined;
  context: RecordContext;
  at: number;
}

interface Account {
  readonly id: string;
  readonly scope: ScopeKind;
  readonly watch: ThresholdWatch;
  limit: number | undefined;
  tokens: number;
  usd: number;
  calls: number;
}

const EMPTY: TokenCount = Object.freeze({ value: 0, low: 0, high: 0, source: "usage" });
const NO_CONTEXT: RecordContext = Object.freeze({});
const NEAR_CLIFF = 0.9;

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
  readonly #totalWindow: number | undefined;
  readonly #thresholds: readonly number[];
  readonly #catalog: Pick<ModelCatalog, "get" | "list"> | undefined;
  readonly #clock: Pick<Clock, "now">;
  readonly #sampler: Sampler | undefined;
  readonly #signals = new Signals();
  readonly #agents = new Map<string, AgentGauge>();
  readonly #tasks = new Map<string, Account>();
  readonly #runs = new Map<string, Account>();
  readonly #fullest = new Fullest();
  readonly #totalWatch: ThresholdWatch;
  #value = 0;
  #low = 0;
  #high = 0;
  #estimates = 0;
  #at = 0;

  /** Throws `E_INPUT` for a window or threshold that is not above 0. */
  constructor(options: ContextMonitorOptions = {}) {
    this.#window = positive(options.window ?? 200_000, "window");
    this.#totalWindow =
      options.totalWindow === undefined ? undefined : positive(options.totalWindow, "totalWindow");
    this.#thresholds = checkThresholds(options.thresholds ?? DEFAULT_THRESHOLDS);
    this.#catalog = options.catalog;
    this.#clock = options.clock ?? { now: () => Date.now() };
    this.#totalWatch = new ThresholdWatch(this.#thresholds);
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
   * and its run have spent. Listeners have been called when it returns. Throws `E_INPUT` for a number that is none.
   */
  record(agent: string, usage: UsageInput, context: RecordContext = NO_CONTEXT): void {
    const tokens = contextTokens(usage);
    const gauge = this.#agents.get(agent) ?? this.#addAgent(agent);
    const now = this.#clock.now();
    this.#at = now;
    this.#value += tokens.value - gauge.tokens.value;
    this.#low += tokens.low - gauge.tokens.low;
    this.#high += tokens.high - gauge.tokens.high;
    this.#estimates += Number(tokens.source === "estimate") - Number(gauge.tokens.source === "estimate");
    gauge.tokens = tokens;
    gauge.at = now;
    if (context !== gauge.context) this.#describe(gauge, context);
    gauge.trend.add(now, tokens.value);
    this.#fullest.set(gauge.slot, tokens.value / gauge.window);
    if (isModelUsage(usage)) this.#spend(gauge, usage);
    this.#watch(gauge);
  }

  /** Sets how many tokens a task or run may spend in all, so that alerts are raised on the way. */
  setBudget(scope: "task" | "run", id: string, tokens: number): void {
    const account = this.#account(scope, id);
    account.limit = positive(tokens, "tokens");
    this.#watchAccount(account);
  }

  /** An agent's share of its window; without a name the share of the total window, or else of the fullest agent. An unknown agent has 0. */
  getUsage(agent?: string): number {
    if (agent !== undefined) {
      const gauge = this.#agents.get(agent);
      return gauge === undefined ? 0 : gauge.tokens.value / gauge.window;
    }
    return this.#totalWindow === undefined ? this.#fullest.value : this.#value / this.#totalWindow;
  }

  /** An agent's reading with source and band, or that of everything. `undefined` for an unknown agent. */
  read(agent?: string): Reading | undefined {
    if (agent === undefined) return this.#totalReading();
    const gauge = this.#agents.get(agent);
    return gauge === undefined ? undefined : agentReading(gauge);
  }

  /** What an agent, task or run has spent, as its provider reported. */
  spent(scope: "agent" | "task" | "run", id: string): Spent {
    const account =
      scope === "agent"
        ? this.#agents.get(id)?.account
        : (scope === "task" ? this.#tasks : this.#runs).get(id);
    return { tokens: account?.tokens ?? 0, usd: account?.usd ?? 0, calls: account?.calls ?? 0 };
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
    this.#value -= gauge.tokens.value;
    this.#low -= gauge.tokens.low;
    this.#high -= gauge.tokens.high;
    this.#estimates -= Number(gauge.tokens.source === "estimate");
    this.#watchTotal();
  }

  snapshot(): MonitorSnapshot {
    return {
      total: this.#totalReading(),
      agents: Array.from(this.#agents.values(), (gauge) => ({
        ...agentReading(gauge),
        ...(gauge.context.task === undefined ? {} : { task: gauge.context.task }),
        ...(gauge.context.run === undefined ? {} : { run: gauge.context.run }),
        ...(gauge.context.model === undefined ? {} : { model: gauge.context.model }),
        spent: this.spent("agent", gauge.id),
      })),
      spent: [
        ...Array.from(this.#tasks.keys(), (id) => ({
          scope: "task" as const,
          id,
          ...this.spent("task", id),
        })),
        ...Array.from(this.#runs.keys(), (id) => ({ scope: "run" as const, id, ...this.spent("run", id) })),
      ],
    };
  }

  #addAgent(id: string): AgentGauge {
    const gauge: AgentGauge = {
      id,
      slot: this.#fullest.add(),
      trend: new Trend(),
      watch: new ThresholdWatch(this.#thresholds),
      cliffWatch: new ThresholdWatch([NEAR_CLIFF, 1]),
      account: newAccount("agent", id, this.#thresholds),
      tokens: EMPTY,
      window: this.#window,
      model: undefined,
      context: NO_CONTEXT,
      at: 0,
    };
    this.#agents.set(id, gauge);
    return gauge;
  }

  #describe(gauge: AgentGauge, context: RecordContext): void {
    const { model } = context;
    if (model !== gauge.model?.model)
      gauge.model = model === undefined ? undefined : this.#catalog?.get(model);
    gauge.window =
      context.window === undefined
        ? (gauge.model?.contextTokens ?? this.#window)
        : positive(context.window, "window");
    gauge.context = context;
  }

  #account(scope: "task" | "run", id: string): Account {
    const accounts = scope === "task" ? this.#tasks : this.#runs;
    let account = accounts.get(id);
    if (account === undefined) accounts.set(id, (account = newAccount(scope, id, this.#thresholds)));
    return account;
  }

  #spend(gauge: AgentGauge, usage: ModelUsage): void {
    const tokens = usage.inputTokens + usage.outputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
    charge(gauge.account, tokens, usage.usd);
    const { task, run } = gauge.context;
    if (task !== undefined) {
      const account = this.#account("task", task);
      charge(account, tokens, usage.usd);
      this.#watchAccount(account);
    }
    if (run !== undefined) {
      const account = this.#account("run", run);
      charge(account, tokens, usage.usd);
      this.#watchAccount(account);
    }
  }

  #sampled(agent: string, usage: UsageInput): void {
    const gauge = this.#agents.get(agent);
    const tokens = contextTokens(usage);
    if (gauge?.tokens.value === tokens.value && gauge.tokens.high === tokens.high) return;
    this.record(agent, tokens, gauge?.context);
  }

  #watch(gauge: AgentGauge): void {
    if (this.#signals.has("usage")) this.#signals.emit("usage", agentReading(gauge));
    const crossed = gauge.watch.update(gauge.tokens.high / gauge.window);
    if (crossed !== undefined) this.#alert(agentReading(gauge), crossed, gauge);
    const above = gauge.model?.prices?.above;
    if (above !== undefined) {
      const near = gauge.cliffWatch.update(gauge.tokens.high / above.tokens);
      if (near !== undefined) this.#cliff(gauge, near);
    }
    this.#watchTotal();
  }

  #watchTotal(): void {
    if (this.#totalWindow === undefined) return;
    const crossed = this.#totalWatch.update(this.#high / this.#totalWindow);
    if (crossed !== undefined) this.#alert(this.#totalReading(), crossed);
  }

  #watchAccount(account: Account): void {
    if (account.limit === undefined) return;
    const crossed = account.watch.update(account.tokens / account.limit);
    if (crossed === undefined) return;
    const share = account.tokens / account.limit;
    this.#alert(
      {
        scope: account.scope,
        id: account.id,
        usage: share,
        tokens: { value: account.tokens, low: account.tokens, high: account.tokens, source: "usage" },
        limit: account.limit,
        state: stateOf(share),
        at: this.#at,
      },
      crossed,
    );
  }

  #alert(reading: Reading, thresholds: readonly number[], gauge?: AgentGauge): void {
    if (!this.#signals.has("alert")) return;
    const forecast = gauge?.trend.forecast(gauge.window);
    const recommendations = gauge === undefined ? [] : this.#recommend(gauge);
    for (const threshold of thresholds)
      this.#signals.emit("alert", {
        ...reading,
        threshold,
        message: describe(reading, threshold),
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
    const base = { scope: "total" as const, id: "total", at: this.#at };
    if (this.#totalWindow !== undefined) {
      const tokens: TokenCount = {
        value: this.#value,
        low: this.#low,
        high: this.#high,
        source: this.#estimates > 0 ? "estimate" : "usage",
      };
      return {
        ...base,
        usage: this.#value / this.#totalWindow,
        tokens,
        limit: this.#totalWindow,
        state: stateOf(this.#high / this.#totalWindow),
      };
    }
    let fullest: AgentGauge | undefined;
    for (const gauge of this.#agents.values())
      if (fullest === undefined || gauge.tokens.value / gauge.window > fullest.tokens.value / fullest.window)
        fullest = gauge;
    return fullest === undefined
      ? { ...base, usage: 0, tokens: EMPTY, limit: this.#window, state: "safe" }
      : { ...agentReading(fullest), ...base };
  }
}

function newAccount(scope: ScopeKind, id: string, thresholds: readonly number[]): Account {
  return {
    id,
    scope,
    watch: new ThresholdWatch(thresholds),
    limit: undefined,
    tokens: 0,
    usd: 0,
    calls: 0,
  };
}

function charge(account: Account, tokens: number, usd: number): void {
  account.tokens += tokens;
  account.usd += usd;
  account.calls++;
}

function agentReading(gauge: AgentGauge): Reading {
  return {
    scope: "agent",
    id: gauge.id,
    usage: gauge.tokens.value / gauge.window,
    tokens: gauge.tokens,
    limit: gauge.window,
    state: stateOf(gauge.tokens.high / gauge.window),
    at: gauge.at,
  };
}

function describe(reading: Reading, threshold: number): string {
  const { low, high, value, source } = reading.tokens;
  const band = low === high ? "" : `, between ${Math.round(low)} and ${Math.round(high)}`;
  const amount = `${Math.round(value)} of ${reading.limit} tokens (${source}${band})`;
  const reached = `${Math.round(threshold * 100)} % reached.`;
  if (reading.scope === "total") return `All agents together hold ${amount}: ${reached}`;
  if (reading.scope === "agent") return `The context of '${reading.id}' holds ${amount}: ${reached}`;
  return `The ${reading.scope} '${reading.id}' has spent ${amount}: ${reached}`;
}

function positive(value: number, path: string): number {
  if (value > 0 && Number.isFinite(value)) return value;
  throw new MnemosyneError("E_INPUT", `${path} is ${value}; give a number of tokens above 0.`, {
    kind: "input",
    path,
  });
}
