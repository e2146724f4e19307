/** The time as everything above `base` reads it, so that a test can move it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** A clock that stands still until told otherwise. */
export class FakeClock implements Clock {
  #now: number;

  constructor(start: number | Date = Date.UTC(2026, 0, 1)) {
    this.#now = Number(start);
  }

  now(): number {
    return this.#now;
  }

  /** Moves the time by `ms`; a negative amount moves it back. */
  advance(ms: number): void {
    this.#now += ms;
  }

  set(time: number | Date): void {
    this.#now = Number(time);
  }
}
