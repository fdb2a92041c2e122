// Everything exported here is public API; whatever is not named here is private.
export { openStorage } from "./open-storage.ts";
export type { Storage, StorageOptions } from "./storage.ts";
