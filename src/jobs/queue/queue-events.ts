import type { RedisClient } from '../../redis/index.js';
import type { QueueKeys } from '../format/queue-keys.js';
import type { QueueSignals } from './queue-signals.js';

export type QueueEventName = 'succeeded' | 'failed' | 'retrying' | 'cancelled' | 'recovered';

/** A job of this queue reached a state, in whatever process. `failed` means dead-lettered. */
export interface QueueEvent {
  event: QueueEventName;
  jobId: string;
}

/** Workers publish events only while somebody listens; listeners say so again within this time. */
const LISTEN_MS = 60_000;

/** Brings the events of all workers to this process. */
export class QueueEvents {
  readonly #redis: RedisClient;
  readonly #signals: QueueSignals;
  readonly #keys: QueueKeys;
  readonly #listeners = new Map<QueueEventName, Set<(event: QueueEvent) => void>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(redis: RedisClient, signals: QueueSignals, keys: QueueKeys) {
    this.#redis = redis;
    this.#signals = signals;
    this.#keys = keys;
  }

  async on(name: QueueEventName, listener: (event: QueueEvent) => void): Promise<() => void> {
    const listeners = this.#listeners.get(name) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(name, listeners);
    await this.#begin();
    return () => listeners.delete(listener);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#listeners.clear();
  }

  async #begin(): Promise<void> {
    if (this.#timer) return;
    this.#timer = setInterval(() => void this.#announce().catch(() => {}), LISTEN_MS / 3).unref();
    await this.#signals.listen(this.#keys.eventChannel, (message) => this.#hear(message));
    await this.#announce();
  }

  async #announce(): Promise<void> {
    const [seconds] = await this.#redis.time();
    await this.#redis.hset(this.#keys.flags, 'listen', Number(seconds) * 1000 + LISTEN_MS);
  }

  #hear(message: string): void {
    for (const line of message.split('\n')) {
      const space = line.indexOf(' ');
      const event = line.slice(0, space) as QueueEventName;
      for (const listener of this.#listeners.get(event) ?? []) listener({ event, jobId: line.slice(space + 1) });
    }
  }
}
