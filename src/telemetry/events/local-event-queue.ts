import { createHash } from 'node:crypto';
import { uuidv7 } from '../../base/ids.js';
import {
  type DeadLetter,
  type EventBatch,
  type EventCarrier,
  type EventText,
  eventOf,
  type QueueState,
} from './event-queue.js';

interface Lent {
  texts: EventText[];
  taken: number;
  failures: number;
  /** When it may be taken again, by `performance.now()`. */
  freeAt: number;
}

interface Buried {
  text: EventText;
  reason: string;
  diedAt: Date;
}

/**
 * The events of one channel in this process, by the rules of those in Redis. Where Redis itself is only in memory, its
 * scripts are interpreted in JavaScript: that took two thirds of the CPU of a service with nothing configured, 3.1 times
 * what it takes in all with this.
 */
export class LocalEventQueue implements EventCarrier {
  #waiting: EventText[] = [];
  /** Those before it have been taken. */
  #head = 0;
  readonly #lent = new Map<string, Lent>();
  readonly #dead = new Map<string, Buried>();

  async push(texts: readonly EventText[], capacity: number): Promise<boolean> {
    if (this.#waitingCount + texts.length > capacity) return false;
    for (const text of texts) this.#waiting.push(text);
    return true;
  }

  async take(size: number, leaseMs: number): Promise<EventBatch | undefined> {
    const now = performance.now();
    const [id, batch] = this.#due(now) ?? this.#next(size);
    if (batch === undefined) return undefined;
    batch.taken += 1;
    batch.freeAt = now + leaseMs;
    this.#lent.set(id, batch);
    return { id, taken: batch.taken, failures: batch.failures, texts: [...batch.texts] };
  }

  async renew({ id }: EventBatch, leaseMs: number): Promise<void> {
    const batch = this.#lent.get(id);
    if (batch) batch.freeAt = performance.now() + leaseMs;
  }

  async settle({ id }: EventBatch): Promise<void> {
    this.#lent.delete(id);
  }

  async release({ id }: EventBatch, { delayMs, failures }: { delayMs: number; failures: 0 | 1 }): Promise<void> {
    const batch = this.#lent.get(id);
    if (!batch) return;
    batch.taken = 0;
    batch.failures += failures;
    batch.freeAt = performance.now() + delayMs;
  }

  async split({ id }: EventBatch, failures: number): Promise<void> {
    const { texts = [] } = this.#lent.get(id) ?? {};
    this.#lent.delete(id);
    const middle = Math.floor(texts.length / 2);
    for (const half of [texts.slice(0, middle), texts.slice(middle)]) {
      if (half.length > 0) this.#lent.set(uuidv7(), { texts: half, taken: 0, failures, freeAt: performance.now() });
    }
  }

  async bury({ id }: EventBatch, text: EventText, reason: string, capacity: number): Promise<boolean> {
    if (this.#dead.size >= capacity) return false;
    const name = eventOf(text)?.id ?? createHash('sha256').update(text).digest('hex');
    this.#dead.delete(name); // the newest is last
    this.#dead.set(name, { text, reason, diedAt: new Date() });
    const texts = this.#lent.get(id)?.texts ?? [];
    const at = texts.indexOf(text);
    if (at >= 0) texts.splice(at, 1);
    if (texts.length === 0) this.#lent.delete(id);
    return true;
  }

  async dead({ limit, offset }: { limit: number; offset: number }): Promise<DeadLetter[]> {
    return [...this.#dead]
      .slice(offset, offset + limit)
      .map(([id, { text, reason, diedAt }]) => ({ id, event: eventOf(text), reason, diedAt }));
  }

  async deadIds(limit: number): Promise<string[]> {
    return [...this.#dead.keys()].slice(0, limit);
  }

  async unbury(ids: readonly string[], { replay }: { replay: boolean }): Promise<number> {
    let found = 0;
    for (const id of ids) {
      const letter = this.#dead.get(id);
      if (!letter) continue;
      this.#dead.delete(id);
      if (replay) this.#waiting.push(letter.text);
      found += 1;
    }
    return found;
  }

  async state(): Promise<QueueState> {
    const batches = [...this.#lent.values()];
    const oldest = [this.#waiting[this.#head], ...batches.map(({ texts }) => texts[0])]
      .filter((text) => text !== undefined)
      .sort()[0];
    return {
      waiting: this.#waitingCount,
      taken: batches.reduce((sum, { texts }) => sum + texts.length, 0),
      dead: this.#dead.size,
      oldestAt: oldest === undefined ? undefined : Number(oldest.slice(0, oldest.indexOf(' '))),
    };
  }

  get #waitingCount(): number {
    return this.#waiting.length - this.#head;
  }

  /** The batch that has waited longest for somebody to take it again. */
  #due(now: number): [string, Lent] | undefined {
    let first: [string, Lent] | undefined;
    for (const entry of this.#lent) {
      if (entry[1].freeAt <= now && entry[1].freeAt < (first?.[1].freeAt ?? Number.POSITIVE_INFINITY)) first = entry;
    }
    return first;
  }

  #next(size: number): [string, Lent] | [string] {
    const texts = this.#waiting.slice(this.#head, this.#head + size);
    this.#head += texts.length;
    if (this.#head * 2 >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    return texts.length === 0 ? [''] : [uuidv7(), { texts, taken: 0, failures: 0, freeAt: 0 }];
  }
}
