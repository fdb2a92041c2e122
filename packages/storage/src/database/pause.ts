/** Milliseconds until a lock is asked for again: not the same for all who wait. */
export function pauseTime(): number {
  return 5 + Math.random() * 25;
}

/** Waits that long. */
export function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, pauseTime());
  });
}
