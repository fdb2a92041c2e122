// Everything exported here is public API; whatever is not named here is private.
export { addAmounts, describeAmount, subtractAmounts, toNanoUsd, toUsd } from "./budget/amount.ts";
export {
  accountChain,
  accountId,
  accountScope,
  budgetLimit,
  openTaskAccounts,
  runAccounts,
  type RunAccounts,
} from "./budget/accounts.ts";
export { callBound, callCost } from "./budget/call-bound.ts";
export {
  createCallObserver,
  isBudgetRefusal,
  type BudgetObservation,
  type CallObserverOptions,
} from "./budget/call-observer.ts";
export { MemoryBudgetLedger, type MemoryBudgetLedgerOptions } from "./budget/memory-budget-ledger.ts";
export { ContextMonitor, type ContextMonitorOptions, type MonitorSnapshot } from "./usage/context-monitor.ts";
export { recommend, type Recommendation, type RecommendationInput } from "./usage/recommend.ts";
export type { SamplerOptions } from "./usage/sampler.ts";
export type {
  ContextAlert,
  MonitorEvents,
  PriceCliff,
  Reading,
  SamplerFault,
  ScopeKind,
} from "./usage/signals.ts";
export { stateOf, type ContextState } from "./usage/thresholds.ts";
export type { Forecast } from "./usage/trend.ts";
export { contextTokens, type RecordContext, type Spent, type UsageInput } from "./usage/usage.ts";
export {
  createTokenCounter,
  type CalibratingCounter,
  type Calibration,
  type TokenCounterOptions,
} from "./usage/token-counter.ts";
