import { createHash } from 'node:crypto';
import { uuidv7 } from '../../base/ids.js';
import { type RedisClient, type RedisScript, runScript } from '../../redis/index.js';
import { BURY, MEASURE, PUSH, RELEASE, RENEW, SETTLE, SPLIT, TAKE, UNBURY } from './queue-scripts.js';

/** What waits in Redis to be stored: any JSON with an id of its own, by which those who store it know it again. */
export interface KernelEvent {
  readonly id: string;
}

/** An event as it waits: when it was published, Unix ms in 13 digits so that texts sort by it, and itself as JSON. */
export type EventText = string;

/** Some events on loan to a drain. Whoever does not settle, release or renew it in time has lost it to another. */
export interface EventBatch {
  id: string;
  /** How often it was lent without being settled or released, this time included: each time before, its drain died. */
  taken: number;
  failures: number;
  texts: readonly EventText[];
}

export interface QueueState {
  waiting: number;
  /** Taken and not yet stored. */
  taken: number;
  dead: number;
  /** When the oldest of those that wait or are taken was published, Unix ms. */
  oldestAt: number | undefined;
}

/** An event that could not be stored, kept until somebody replays or drops it. */
export interface DeadLetter {
  id: string;
  /** The event, where it is readable. */
  event: unknown;
  reason: string;
  diedAt: Date;
}

export const textOf = (event: KernelEvent, at: number): EventText =>
  `${at.toFixed(0).padStart(13, '0')} ${JSON.stringify(event)}`;

/** The event of a text; undefined for what is none. */
export function eventOf<E extends KernelEvent>(text: EventText): E | undefined {
  try {
    const event = JSON.parse(text.slice(text.indexOf(' ') + 1));
    return typeof event?.id === 'string' && event.id !== '' ? event : undefined;
  } catch {
    return undefined;
  }
}

/** Holds the events of one channel until they are stored. */
export type EventCarrier = Pick<EventQueue, keyof EventQueue>;

/** The events of one channel in Redis. All of its keys are in one slot of a cluster. */
export class EventQueue {
  readonly #redis: RedisClient;
  readonly #key: string;

  /** @param prefix of the kernel's keys @param name of the channel, such as `audit_events` */
  constructor(redis: RedisClient, prefix: string, name: string) {
    this.#redis = redis;
    this.#key = `${prefix}{admin:${name}}`;
  }

  /** @returns false where more than `capacity` would wait: none of them was taken then. */
  async push(texts: readonly EventText[], capacity: number): Promise<boolean> {
    return Number(await this.#run(PUSH, capacity, ...texts)) >= 0;
  }

  async take(size: number, leaseMs: number): Promise<EventBatch | undefined> {
    const [id, taken, failures, ...texts] = (await this.#run(TAKE, uuidv7(), size, leaseMs)) as string[];
    return id === undefined ? undefined : { id, taken: Number(taken), failures: Number(failures), texts };
  }

  async renew(batch: EventBatch, leaseMs: number): Promise<void> {
    await this.#run(RENEW, batch.id, leaseMs);
  }

  async settle(batch: EventBatch): Promise<void> {
    await this.#run(SETTLE, batch.id);
  }

  /** Gives the batch back, to be taken after `delayMs`. */
  async release(batch: EventBatch, { delayMs, failures }: { delayMs: number; failures: 0 | 1 }): Promise<void> {
    await this.#run(RELEASE, batch.id, delayMs, failures);
  }

  /** Two batches in place of one; both begin with as many `failures`. */
  async split(batch: EventBatch, failures: number): Promise<void> {
    await this.#run(SPLIT, batch.id, uuidv7(), uuidv7(), failures);
  }

  /** Moves an event of the batch to the dead letters. @returns false where `capacity` of those are kept already. */
  async bury(batch: EventBatch, text: EventText, reason: string, capacity: number): Promise<boolean> {
    const id = eventOf(text)?.id ?? createHash('sha256').update(text).digest('hex');
    return Number(await this.#run(BURY, batch.id, text, id, reason, capacity)) === 1;
  }

  /** The dead letters, oldest first. */
  async dead({ limit, offset }: { limit: number; offset: number }): Promise<DeadLetter[]> {
    const found = await this.#redis.zrange(`${this.#key}:x`, offset, offset + limit - 1, 'WITHSCORES');
    const letters: DeadLetter[] = [];
    for (let at = 0; at < found.length; at += 2) {
      const id = String(found[at]);
      const [text, reason] = await Promise.all([
        this.#redis.hget(`${this.#key}:d`, id),
        this.#redis.hget(`${this.#key}:r`, id),
      ]);
      const diedAt = new Date(Number(found[at + 1]));
      letters.push({ id, event: text === null ? undefined : eventOf(text), reason: reason ?? '', diedAt });
    }
    return letters;
  }

  async deadIds(limit: number): Promise<string[]> {
    return this.#redis.zrange(`${this.#key}:x`, 0, limit - 1);
  }

  /** Takes dead letters out, to wait again or for good. @returns how many of them there were. */
  async unbury(ids: readonly string[], { replay }: { replay: boolean }): Promise<number> {
    return ids.length === 0 ? 0 : Number(await this.#run(UNBURY, replay ? '1' : '0', ...ids));
  }

  async state(): Promise<QueueState> {
    const [waiting, taken, dead, oldest] = (await this.#run(MEASURE)) as [number, number, number, string];
    const oldestAt = oldest === '' ? undefined : Number(oldest.slice(0, oldest.indexOf(' ')));
    return { waiting: Number(waiting), taken: Number(taken), dead: Number(dead), oldestAt };
  }

  #run(script: RedisScript, ...args: Array<string | number>): Promise<unknown> {
    return runScript(this.#redis, script, [this.#key], args);
  }
}
