import { isMnemosyneError, MnemosyneError, type CoordinationStore } from "@mnemosyne/core";
import { ownKey } from "./shared-state.ts";

/**
 * Accepts a write that carries `token`, unless one with a higher token was accepted for `resource` before
 * (by any process on the same store): then `E_STALE`, and the write must not happen.
 */
export async function guardWrite(store: CoordinationStore, token: number, resource: string): Promise<void> {
  const key = ownKey("fence", resource);
  for (;;) {
    const found = await store.getValue(key);
    const highest = typeof found?.value === "number" ? found.value : 0;
    if (token < highest) {
      throw new MnemosyneError(
        "E_STALE",
        `A later holder has written to ${resource} (token ${highest}); this write (token ${token}) comes too late. ` +
          "Acquire a new lease and begin again.",
        { kind: "conflict", details: { resource, token, highest } },
      );
    }
    if (token === highest) return;
    try {
      await store.setValue(key, token, found?.version ?? 0);
      return;
    } catch (error) {
      // Somebody was faster: look at what they accepted.
      if (!isMnemosyneError(error) || error.code !== "E_VERSION_CONFLICT") throw error;
    }
  }
}
