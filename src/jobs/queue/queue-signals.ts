import type { Logger } from '../../base/ports.js';
import type { RedisClient } from '../../redis/index.js';

/** Hears one Pub/Sub channel. */
export type Listener = (message: string) => void;

/**
 * The one subscribed client of a queue, opened with the first listener. Signals only hasten what polling would find,
 * so losing some does no harm. ioredis subscribes again when it reconnects, but not to what it was refused before.
 */
export class QueueSignals {
  readonly #open: () => RedisClient;
  readonly #logger: Logger;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #refused = new Set<string>();
  #client: RedisClient | undefined;

  constructor(open: () => RedisClient, logger: Logger) {
    this.#open = open;
    this.#logger = logger;
  }

  /** Resolves with the function that ends it, once the server has taken the subscription or could not be reached. */
  async listen(channel: string, listener: Listener): Promise<() => void> {
    const listeners = this.#listeners.get(channel) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(channel, listeners);
    if (listeners.size === 1) await this.#subscribe(channel);
    return () => listeners.delete(listener);
  }

  close(): void {
    this.#listeners.clear();
    this.#client?.disconnect();
    this.#client = undefined;
  }

  async #subscribe(channel: string): Promise<void> {
    try {
      await this.#subscriber().subscribe(channel);
    } catch (error) {
      this.#refused.add(channel);
      this.#logger.warn({ err: error, channel }, 'Subscribing to a job queue failed; polling goes on meanwhile');
    }
  }

  #subscriber(): RedisClient {
    if (this.#client) return this.#client;
    const client = this.#open();
    client.on('error', (error: Error) =>
      this.#logger.debug({ err: error }, 'The subscribed Redis client lost its connection'),
    );
    client.on('message', (channel: string, message: string) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener(message);
    });
    client.on('ready', () => this.#subscribeRefused());
    this.#client = client;
    return client;
  }

  #subscribeRefused(): void {
    const channels = [...this.#refused];
    this.#refused.clear();
    for (const channel of channels) void this.#subscribe(channel);
  }
}
