/** When a context will be full if it goes on growing as it did. */
export interface Forecast {
  /** Tokens a minute. */
  readonly tokensPerMinute: number;
  /** Milliseconds until it is full, counted from its last record. */
  readonly milliseconds: number;
  /** The same for the fastest and slowest growth that the records allow (two standard errors); `latest` is missing when it may not be growing. */
  readonly earliest: number;
  readonly latest?: number;
  /** Records that it was worked out from. */
  readonly samples: number;
}

const CAPACITY = 32;
/** Records closer together than this (milliseconds) count as one, so that a fast sampler does not shorten the view. */
const SPACING = 100;
/** A fall to less than this share begins a new trend: the context was compacted. */
const RESTART = 0.8;

/** A linear trend over the last records since the context last shrank. */
export class Trend {
  readonly #times = new Float64Array(CAPACITY);
  readonly #values = new Float64Array(CAPACITY);
  #length = 0;
  #next = 0;
  #last = 0;

  add(at: number, value: number): void {
    if (value < this.#last * RESTART) this.#length = 0;
    this.#last = value;
    const previous = (this.#next + CAPACITY - 1) % CAPACITY;
    if (this.#length > 1 && at - (this.#times[previous] as number) < SPACING) {
      this.#values[previous] = value;
      return;
    }
    this.#times[this.#next] = at;
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % CAPACITY;
    if (this.#length < CAPACITY) this.#length++;
  }

  /** `undefined` with fewer than three records, or when it does not grow. */
  forecast(limit: number): Forecast | undefined {
    const count = this.#length;
    if (count < 3) return undefined;
    const origin = this.#times[this.#index(0)] as number;
    let sumTime = 0;
    let sumValue = 0;
    for (let i = 0; i < count; i++) {
      sumTime += (this.#times[this.#index(i)] as number) - origin;
      sumValue += this.#values[this.#index(i)] as number;
    }
    const meanTime = sumTime / count;
    const meanValue = sumValue / count;
    let spread = 0;
    let together = 0;
    for (let i = 0; i < count; i++) {
      const time = (this.#times[this.#index(i)] as number) - origin - meanTime;
      spread += time * time;
      together += time * ((this.#values[this.#index(i)] as number) - meanValue);
    }
    const slope = spread === 0 ? 0 : together / spread;
    if (slope <= 0) return undefined;
    let residual = 0;
    for (let i = 0; i < count; i++) {
      const time = (this.#times[this.#index(i)] as number) - origin - meanTime;
      residual += ((this.#values[this.#index(i)] as number) - meanValue - slope * time) ** 2;
    }
    const error = 2 * Math.sqrt(residual / (count - 2) / spread);
    const left = Math.max(0, limit - this.#last);
    return {
      tokensPerMinute: slope * 60_000,
      milliseconds: left / slope,
      earliest: left / (slope + error),
      ...(slope > error ? { latest: left / (slope - error) } : {}),
      samples: count,
    };
  }

  #index(fromOldest: number): number {
    return (this.#next - this.#length + fromOldest + 2 * CAPACITY) % CAPACITY;
  }
}
