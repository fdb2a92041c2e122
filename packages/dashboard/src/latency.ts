/** Times of one operation. Milliseconds. */
export interface LatencyRow {
  readonly operation: string;
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const KEPT = 500;

/** Measures the calls that the page makes of the database; keeps the last 500 times of each operation. */
export class Latency {
  readonly #times = new Map<string, number[]>();
  readonly #counts = new Map<string, number>();

  async measure<Result>(operation: string, work: () => Promise<Result>): Promise<Result> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      const times = this.#times.get(operation) ?? [];
      if (times.length === KEPT) times.shift();
      times.push(performance.now() - start);
      this.#times.set(operation, times);
      this.#counts.set(operation, (this.#counts.get(operation) ?? 0) + 1);
    }
  }

  rows(): readonly LatencyRow[] {
    return [...this.#times].map(([operation, times]) => {
      const sorted = times.toSorted((a, b) => a - b);
      const at = (share: number): number =>
        sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
      return { operation, count: this.#counts.get(operation) ?? 0, p50: at(0.5), p99: at(0.99), max: at(1) };
    });
  }
}
