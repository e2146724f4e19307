/** Weight of the newest measurement in a mean. */
const WEIGHT = 0.2;
/** Shorter times are noise of the clock, ms. */
const SHORTEST_MS = 0.01;

/**
 * How many jobs to claim beyond those that run: none while handlers take longer than a round trip to Redis, or while few
 * jobs wait, for then others could have them; else as many as handlers finish during one, so that they never wait for
 * the next claim.
 */
export class Prefetch {
  readonly #concurrency: number;
  readonly #most: number;
  #handlerMs: number | undefined;
  #stepMs: number | undefined;
  #amount = 0;

  constructor(concurrency: number, most: number) {
    this.#concurrency = concurrency;
    this.#most = most;
  }

  get amount(): number {
    return this.#amount;
  }

  handlerTook(ms: number): void {
    this.#handlerMs = mean(this.#handlerMs, Math.max(SHORTEST_MS, ms));
  }

  /**
   * A round trip took `ms` and brought all the jobs it asked for, or not. It grows slowly, as the first handlers may not be
   * like the others, and shrinks at once.
   */
  stepTook(ms: number, broughtAll: boolean): void {
    this.#stepMs = mean(this.#stepMs, ms);
    if (this.#handlerMs === undefined || !broughtAll) {
      this.#amount = 0;
      return;
    }
    const useful = this.#handlerMs < this.#stepMs ? (this.#concurrency * this.#stepMs) / this.#handlerMs : 0;
    this.#amount = Math.floor(Math.min(useful, this.#most, Math.max(1, this.#amount * 2)));
  }

  /** Jobs had to wait for others after all: what was measured says nothing of those that run now. */
  forget(): void {
    this.#handlerMs = undefined;
    this.#amount = 0;
  }
}

function mean(before: number | undefined, value: number): number {
  return before === undefined ? value : before + WEIGHT * (value - before);
}
