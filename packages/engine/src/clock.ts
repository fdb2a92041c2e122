import type { Clock } from "@mnemosyne/core";
import { setTimeout as delay } from "node:timers/promises";

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(milliseconds, signal) {
    await delay(milliseconds, undefined, signal === undefined ? {} : { signal });
  },
};
