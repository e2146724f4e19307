import type { Clock } from '../../../base/clock.js';
import { currentContext } from '../../../base/context.js';

/**
 * Who has written a moment ago: their reads must not come from a replica that has yet to hear of it. A writer is known by
 * its request and by its actor, so that a page that is loaded after a form was sent shows what the form changed; callers
 * without either count as one.
 */
export class RecentWriters {
  readonly #clock: Clock;
  readonly #lagMs: number;
  /** Until when, by writer; the oldest first. */
  readonly #until = new Map<string, number>();

  constructor(clock: Clock, lagMs: number) {
    this.#clock = clock;
    this.#lagMs = lagMs;
  }

  note(): void {
    const now = this.#clock.now();
    for (const [name, until] of this.#until) {
      if (until > now) break;
      this.#until.delete(name);
    }
    for (const name of ambientNames()) {
      this.#until.delete(name);
      this.#until.set(name, now + this.#lagMs);
    }
  }

  /** Whether the caller is one of them. */
  get isCaller(): boolean {
    if (this.#until.size === 0) return false;
    const now = this.#clock.now();
    return ambientNames().some((name) => (this.#until.get(name) ?? 0) > now);
  }
}

function ambientNames(): string[] {
  const { requestId, actor } = currentContext();
  const names = [...(requestId === undefined ? [] : [`request ${requestId}`]), ...(actor ? [`actor ${actor.id}`] : [])];
  return names.length === 0 ? [''] : names;
}
