import { KernelError } from '../../base/errors.js';
import type { Logger, Metrics } from '../../base/ports.js';
import { ambientService, type ServiceKey, serviceKey } from '../../base/services.js';
import type { RedisClient } from '../../redis/index.js';
import { DeadLetters } from './dead-letters.js';
import { Drain, type DrainLimits } from './drain.js';
import type { EventChannel } from './event-channel.js';
import { type EventCarrier, EventQueue, type KernelEvent, type QueueState } from './event-queue.js';
import { LocalEventQueue } from './local-event-queue.js';
import { Publisher, type PublisherLimits } from './publisher.js';

export interface EventHubOptions extends PublisherLimits, DrainLimits {
  redis: RedisClient;
  /** Prefix of every key. Default none. */
  prefix?: string;
  /** Redis is in the memory of this process, and so is what waits, which ends with it. Default false. */
  volatile?: boolean;
  logger: Logger;
  metrics: Metrics;
}

export const eventHubService: ServiceKey<EventHub> = serviceKey('events');

/** What carries events of the running kernel. @throws KernelError `E_NOT_STARTED` before there is one. */
export function getEventHub(): EventHub {
  const hub = ambientService(eventHubService);
  if (hub) return hub;
  throw new KernelError('E_NOT_STARTED', 'Events are carried by a running kernel; start one first');
}

interface Channel {
  publisher: Publisher<KernelEvent>;
  drain: Drain<KernelEvent>;
  deadLetters: DeadLetters;
  queue: EventCarrier;
}

/** The events of a kernel on their way to their tables: published to Redis, stored in batches by drains. */
export class EventHub {
  readonly #options: EventHubOptions;
  readonly #channels = new Map<string, Channel>();
  #isDraining = false;

  constructor(options: EventHubOptions) {
    this.#options = options;
  }

  /**
   * Registers a channel. @returns where its events are published.
   * @throws KernelError where the channel is registered already.
   */
  open<E extends KernelEvent>(channel: EventChannel<E>): Publisher<E> {
    if (this.#channels.has(channel.key)) {
      throw new KernelError(
        'E_CHANNEL',
        `The channel "${channel.key}" is registered already; give this one another key`,
      );
    }
    const { redis, prefix = '', ...options } = this.#options;
    const queue = options.volatile ? new LocalEventQueue() : new EventQueue(redis, prefix, channel.key);
    const publisher = new Publisher<E>({ ...options, queue, channel });
    const drain = new Drain<E>({ ...options, queue, channel });
    // Only `publisher` below is given events, and only those of the channel come back to its drain.
    const opened = { publisher, drain, queue, deadLetters: new DeadLetters(queue) } as unknown as Channel;
    this.#channels.set(channel.key, opened);
    if (this.#isDraining) drain.start();
    return publisher;
  }

  get channels(): readonly string[] {
    return [...this.#channels.keys()];
  }

  /** @throws KernelError for a channel that is not registered. */
  deadLetters(key: string): DeadLetters {
    return this.#channel(key).deadLetters;
  }

  /** Where the events of a channel are published. @throws KernelError for a channel that is not registered. */
  publisher<E extends KernelEvent>(key: string): Publisher<E> {
    return this.#channel(key).publisher as unknown as Publisher<E>;
  }

  /** What of a channel waits in Redis. @throws KernelError for a channel that is not registered. */
  state(key: string): Promise<QueueState> {
    return this.#channel(key).queue.state();
  }

  /** Says in gauges how much of each channel waits, since when, and what is dead, whoever drains it. */
  async measure(): Promise<void> {
    await Promise.all([...this.#channels].map(([key, { queue }]) => this.#measure(key, queue)));
  }

  /** Stores what is published, in this process. */
  startDrains(): void {
    this.#isDraining = true;
    for (const { drain } of this.#channels.values()) drain.start();
  }

  /** Batches that are being stored are waited for. */
  async stopDrains(): Promise<void> {
    this.#isDraining = false;
    await Promise.all([...this.#channels.values()].map(({ drain }) => drain.stop()));
  }

  /** Pushes what waits in this process, and stores what waits in Redis. @returns how many events were stored. */
  async settle(): Promise<number> {
    await this.flush();
    const stored = await Promise.all([...this.#channels.values()].map(({ drain }) => drain.runOnce()));
    return stored.reduce((sum, count) => sum + count, 0);
  }

  /** Pushes what waits in this process. */
  async flush(): Promise<void> {
    await Promise.all([...this.#channels.values()].map(({ publisher }) => publisher.flush()));
  }

  /** Stops the drains, and takes what waits in this process to Redis or to its table. Idempotent. */
  async close(): Promise<void> {
    await this.stopDrains();
    const channels = [...this.#channels];
    await Promise.all(channels.map(([, { publisher }]) => publisher.close()));
    if (this.#options.volatile) await Promise.all(channels.map(([key, { drain }]) => this.#empty(key, drain)));
  }

  /** The last chance of what waits in memory. */
  async #empty(channel: string, drain: Drain<KernelEvent>): Promise<void> {
    await drain.runOnce();
    const left = await drain.waiting();
    if (left > 0)
      this.#options.logger.error({ channel, events: left }, 'Events are lost with the memory of this process');
  }

  async #measure(channel: string, queue: EventCarrier): Promise<void> {
    const { metrics } = this.#options;
    const { waiting, taken, dead, oldestAt } = await queue.state();
    const lagMs = oldestAt === undefined ? 0 : Math.max(0, Date.now() - oldestAt);
    metrics.gauge('telemetry_events_waiting', waiting + taken, { channel });
    metrics.gauge('telemetry_lag_seconds', lagMs / 1000, { channel });
    metrics.gauge('telemetry_dead_letters', dead, { channel });
  }

  #channel(key: string): Channel {
    const channel = this.#channels.get(key);
    if (channel) return channel;
    throw new KernelError('E_CHANNEL', `No channel "${key}" is registered; there are: ${this.channels.join(', ')}`);
  }
}
