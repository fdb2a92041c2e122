// Everything exported here is public API; whatever is not named here is private.
export { createAnthropicModel, type AnthropicModel, type AnthropicModelOptions } from "./anthropic-model.ts";
export { defaultModel } from "./default-model.ts";
export { createModelCatalog, type ModelCatalogOptions } from "./model-catalog.ts";
export { DEFAULT_MODEL, MODEL_TABLE } from "./model-table.ts";
export { nanoUsdOf, usdOf, type TokenUsage } from "./prices.ts";
export type { CircuitOptions } from "./circuit-breaker.ts";
