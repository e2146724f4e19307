import type { Clock } from '../base/clock.js';

/** A time: a `Date`, its ISO text, or Unix ms. */
export type Time = Date | string | number;

/** The time of a test service. It runs on like any clock until told otherwise, or stands still from the start. */
export class TestClock implements Clock {
  #ahead = 0;
  #standing: number | undefined;

  /** @param now where it stands still; without it the clock runs on from the real time */
  constructor(now?: Time) {
    if (now !== undefined) this.freeze(now);
  }

  now(): number {
    return this.#standing ?? Date.now() + this.#ahead;
  }

  /** Moves the time by `ms`; whether it runs or stands still stays as it was. */
  advance(ms: number): void {
    this.set(this.now() + ms);
  }

  set(time: Time): void {
    const ms = toMs(time);
    if (this.#standing === undefined) this.#ahead = ms - Date.now();
    else this.#standing = ms;
  }

  /** Stops it, now or at `time`; `set` and `advance` still move it. */
  freeze(time: Time = this.now()): void {
    this.#standing = toMs(time);
  }
}

function toMs(time: Time): number {
  const ms = typeof time === 'number' ? time : +new Date(time);
  if (Number.isFinite(ms)) return ms;
  throw new TypeError(`${String(time)} is no time: write 2026-01-31T12:00:00Z, or pass a Date`);
}
