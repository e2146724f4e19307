import { jittered } from '../../../base/backoff.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Waits between attempts, ms: about three days in all, as Standard Webhooks proposes. */
const WAITS = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
] as const;
const JITTER = 0.2;
/** Most that a receiver may ask us to wait. */
const LONGEST_ASKED = 24 * HOUR;

/**
 * The wait after the `tries`-th failed attempt, ms; undefined where that was the last one.
 * @param askedSeconds what the receiver has asked for by `Retry-After`
 */
export function waitAfter(tries: number, askedSeconds = 0, random = Math.random): number | undefined {
  const wait = WAITS[tries - 1];
  if (wait === undefined) return undefined;
  return Math.max(jittered(wait, JITTER, random), Math.min(askedSeconds * SECOND, LONGEST_ASKED));
}
