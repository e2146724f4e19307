import { KernelError } from '../../base/errors.js';
import type { DeadLetter, EventCarrier } from './event-queue.js';

const MOST_AT_ONCE = 500;

/** The events of a channel that could not be stored: kept until somebody lets them wait again, or drops them. */
export class DeadLetters {
  readonly #queue: EventCarrier;

  constructor(queue: EventCarrier) {
    this.#queue = queue;
  }

  /** Oldest first. */
  async list({ limit = 100, offset = 0 }: { limit?: number; offset?: number } = {}): Promise<DeadLetter[]> {
    for (const [name, value] of Object.entries({ limit, offset })) {
      if (!Number.isSafeInteger(value) || value < 0) {
        throw new KernelError('E_DEAD_LETTERS', `${name}: ${value} is no whole number of 0 or more`);
      }
    }
    return limit === 0 ? [] : this.#queue.dead({ limit, offset });
  }

  async count(): Promise<number> {
    return (await this.#queue.state()).dead;
  }

  /** Lets them wait to be stored again: those of `ids`, else all. @returns how many there were. */
  replay(ids?: readonly string[]): Promise<number> {
    return this.#unbury(ids, true);
  }

  /** Drops them for good: those of `ids`, else all. @returns how many there were. */
  discard(ids?: readonly string[]): Promise<number> {
    return this.#unbury(ids, false);
  }

  async #unbury(ids: readonly string[] | undefined, replay: boolean): Promise<number> {
    if (ids) return this.#inChunks(ids, replay);
    let count = 0;
    for (let left = await this.count(); left > 0; ) {
      const next = await this.#queue.deadIds(Math.min(left, MOST_AT_ONCE));
      if (next.length === 0) break;
      count += await this.#queue.unbury(next, { replay });
      left -= next.length;
    }
    return count;
  }

  async #inChunks(ids: readonly string[], replay: boolean): Promise<number> {
    let count = 0;
    for (let at = 0; at < ids.length; at += MOST_AT_ONCE) {
      count += await this.#queue.unbury(ids.slice(at, at + MOST_AT_ONCE), { replay });
    }
    return count;
  }
}
