// Everything exported here is public API; whatever is not named here is private.
export { openStorage } from "./open-storage.ts";
export type { Storage, StorageOptions } from "./storage.ts";
export { ENGLISH } from "./language/english.ts";
export type { SearchLanguage } from "./language/language.ts";
export type { ReindexOptions, ReindexProgress } from "./vectors/reindex.ts";
export type {
  Evolution,
  EvolutionChange,
  EvolutionJob,
  EvolutionJobReport,
  EvolveOptions,
  Merge,
} from "./evolution/evolution.ts";
export type {
  CheckResult,
  DatabaseStats,
  Maintenance,
  PruneResult,
  Retention,
} from "./maintenance/maintenance.ts";
