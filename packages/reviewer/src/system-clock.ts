import { setTimeout as wait } from "node:timers/promises";
import type { Clock } from "@mnemosyne/core";

/** The machine's time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(milliseconds, signal) {
    await wait(milliseconds, undefined, signal === undefined ? {} : { signal });
  },
};
