import type { Clock } from '../../base/clock.js';

/** How one caller stands in its window; durations in ms. */
export interface WindowState {
  admitted: boolean;
  calls: number;
  waitMs: number;
  resetMs: number;
}

/** Admitted calls, oldest first; those before `head` have left the window. */
interface CallLog {
  times: number[];
  head: number;
}

/** Callers remembered at once; beyond it the one that was quiet longest is forgotten. */
const MAX_CALLERS = 10_000;

/** The sliding window of one process: the same rules as the Redis script, for when there is no Redis. */
export class LocalWindow {
  readonly #clock: Clock;
  readonly #callers = new Map<string, CallLog>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  look(key: string, limit: number, windowMs: number, count: boolean): WindowState {
    const now = this.#clock.now();
    const log = this.#callers.get(key) ?? { times: [], head: 0 };
    dropOld(log, now, windowMs);
    const admitted = log.times.length - log.head < limit;
    if (admitted && count) log.times.push(now);
    this.#remember(key, log);
    const calls = log.times.length - log.head;
    return { admitted, calls, ...waits(log, { limit, windowMs, now, admitted }) };
  }

  forget(key: string): void {
    this.#callers.delete(key);
  }

  #remember(key: string, log: CallLog): void {
    this.#callers.delete(key);
    if (log.times.length === log.head) return;
    this.#callers.set(key, log);
    if (this.#callers.size <= MAX_CALLERS) return;
    const quietest = this.#callers.keys().next().value;
    if (quietest !== undefined) this.#callers.delete(quietest);
  }
}

/** Each call is pushed and dropped once, so that a look costs the same however many calls a window holds. */
function dropOld(log: CallLog, now: number, windowMs: number): void {
  const { times } = log;
  // The clock stepped back: calls from its future count as made now, which bounds the wait by one window.
  for (let index = times.length - 1; index >= log.head && (times[index] ?? 0) > now; index -= 1) times[index] = now;
  while (log.head < times.length && (times[log.head] ?? 0) <= now - windowMs) log.head += 1;
  if (log.head * 2 <= times.length) return;
  times.splice(0, log.head);
  log.head = 0;
}

interface Moment {
  limit: number;
  windowMs: number;
  now: number;
  admitted: boolean;
}

function waits({ times, head }: CallLog, { limit, windowMs, now, admitted }: Moment) {
  const leaves = (index: number): number => (times[index] ?? now) + windowMs - now;
  return {
    waitMs: admitted ? 0 : limit < 1 ? windowMs : leaves(times.length - limit),
    resetMs: times.length === head ? 0 : leaves(times.length - 1),
  };
}
