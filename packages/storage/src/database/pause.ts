/**
 * Milliseconds until a lock is asked for again: not the same for all who wait, and short enough to meet the moments for
 * which {@link WriterTurns} leaves the lock to others.
 */
export function pauseTime(): number {
  return 1 + Math.random() * 4;
}

/** Waits that long. */
export function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, pauseTime());
  });
}
