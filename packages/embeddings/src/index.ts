// Everything exported here is public API; whatever is not named here is private.
export { createStaticEmbedder, type StaticEmbedderOptions } from "./static/static-embedder.ts";
export { createSentenceEmbedder } from "./sentence/sentence-embedder.ts";
export { createHostedEmbedder, type HostedEmbedderOptions } from "./hosted/hosted-embedder.ts";
export { createEmbedder, type EmbedCall, type EmbedderOptions } from "./create-embedder.ts";
export { createCachedEmbedder, type CachedEmbedderOptions } from "./cached-embedder.ts";
