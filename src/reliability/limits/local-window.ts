import type { Clock } from '../../base/clock.js';

/** How one caller stands in its window; durations in ms. */
export interface WindowState {
  admitted: boolean;
  calls: number;
  waitMs: number;
  resetMs: number;
}

/** Callers remembered at once; beyond it the one that was quiet longest is forgotten. */
const MAX_CALLERS = 10_000;

/** The sliding window of one process: the same rules as the Redis script, for when there is no Redis. */
export class LocalWindow {
  readonly #clock: Clock;
  readonly #calls = new Map<string, number[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  look(key: string, limit: number, windowMs: number, count: boolean): WindowState {
    const now = this.#clock.now();
    const times = (this.#calls.get(key) ?? []).map((at) => Math.min(at, now)).filter((at) => at > now - windowMs);
    const admitted = times.length < limit;
    if (admitted && count) times.push(now);
    this.#remember(key, times);
    return { admitted, calls: times.length, ...waits(times, limit, windowMs, now, admitted) };
  }

  forget(key: string): void {
    this.#calls.delete(key);
  }

  #remember(key: string, times: number[]): void {
    this.#calls.delete(key);
    if (times.length === 0) return;
    this.#calls.set(key, times);
    if (this.#calls.size <= MAX_CALLERS) return;
    const quietest = this.#calls.keys().next().value;
    if (quietest !== undefined) this.#calls.delete(quietest);
  }
}

function waits(times: readonly number[], limit: number, windowMs: number, now: number, admitted: boolean) {
  const leaves = (index: number): number => (times[index] ?? now) + windowMs - now;
  return {
    waitMs: admitted ? 0 : limit < 1 ? windowMs : leaves(times.length - limit),
    resetMs: times.length === 0 ? 0 : leaves(times.length - 1),
  };
}
