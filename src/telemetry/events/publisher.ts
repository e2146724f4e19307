import { CircuitBreaker } from '../../base/circuit-breaker.js';
import { type Clock, systemClock } from '../../base/clock.js';
import { KernelError, TimeoutError } from '../../base/errors.js';
import type { Logger, Metrics } from '../../base/ports.js';
import type { EventChannel } from './event-channel.js';
import { type EventCarrier, type EventText, type KernelEvent, textOf } from './event-queue.js';

export interface PublisherLimits {
  /** Most events that wait in this process while Redis is away. Default 10,000. */
  bufferSize?: number;
  /** Most events that wait in Redis; what comes then is stored directly, which slows its publisher down. Default 500,000. */
  queueCapacity?: number;
  /** How long events wait for a Redis that is away before they are stored directly, ms. Default 5 s. */
  directAfterMs?: number;
  /** How long events wait for others to be pushed with them, ms. Default 20. */
  coalesceMs?: number;
}

export interface PublisherOptions<E extends KernelEvent> extends PublisherLimits {
  queue: EventCarrier;
  channel: EventChannel<E>;
  logger: Logger;
  metrics: Metrics;
  clock?: Clock;
}

interface Buffered<E> {
  event: E;
  at: number;
  /** Written once, when it is first sent. */
  text?: EventText;
}

const DEFAULTS = { bufferSize: 10_000, queueCapacity: 500_000, directAfterMs: 5_000, coalesceMs: 20 };
const MOST_PER_PUSH = 500;
const PUSH_TIMEOUT_MS = 2_000;
const RETRY_MS = 250;

/**
 * Takes events of this process to Redis, many in one command. `push` costs its caller nothing but memory: what it is
 * given is written out afterwards, and where Redis is away, it is kept, then stored directly, and only where neither is
 * possible and the buffer is full, refused: that is logged and counted.
 */
export class Publisher<E extends KernelEvent> {
  readonly #options: PublisherOptions<E>;
  readonly #limits: Required<PublisherLimits>;
  readonly #clock: Clock;
  readonly #redis: CircuitBreaker;
  #buffer: Array<Buffered<E>> = [];
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #isClosed = false;
  #refusing = 0;

  constructor(options: PublisherOptions<E>) {
    this.#options = options;
    const { bufferSize, queueCapacity, directAfterMs, coalesceMs } = { ...DEFAULTS, ...given(options) };
    this.#limits = { bufferSize, queueCapacity, directAfterMs, coalesceMs };
    this.#clock = options.clock ?? systemClock;
    const away = { failureThreshold: 1, firstOpenMs: RETRY_MS, openMs: 5_000, probes: 1, clock: this.#clock };
    this.#redis = new CircuitBreaker('Redis', away);
  }

  /** How many events wait in this process. */
  get buffered(): number {
    return this.#buffer.length;
  }

  /** @returns false where the event was refused, which is logged and counted as well. */
  push(event: E): boolean {
    if (this.#isClosed || this.#buffer.length >= this.#limits.bufferSize) {
      this.#refuse(1, this.#isClosed ? 'the publisher is closed' : 'the buffer is full');
      return false;
    }
    this.#buffer.push({ event, at: this.#clock.now() });
    this.#sendAfter(this.#limits.coalesceMs);
    return true;
  }

  /** Sends what waits here. Resolves when it has left, or cannot leave for now. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#sending;
    if (this.#buffer.length > 0) await this.#send();
  }

  /** Takes no more. What can go neither to Redis nor to the store is refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.flush();
    while (this.#buffer.length > 0 && (await this.#saveDirectly(this.#buffer.slice(0, MOST_PER_PUSH))));
    if (this.#buffer.length > 0) this.#refuse(this.#buffer.splice(0).length, 'the process ends');
  }

  #sendAfter(ms: number): void {
    if (this.#timer || this.#sending) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#send();
    }, ms);
    this.#timer.unref();
  }

  #send(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
      if (this.#buffer.length > 0 && !this.#isClosed) this.#sendAfter(RETRY_MS);
    });
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    while (this.#writeFirst()) {
      const chunk = this.#buffer.slice(0, MOST_PER_PUSH);
      const pushed = await this.#pushed(chunk);
      if (pushed === 'yes') continue;
      if (pushed === 'away' && !this.#hasWaitedLong()) return;
      if (!(await this.#saveDirectly(chunk))) return;
    }
  }

  /** Removes the chunk from the buffer where it has gone to Redis. */
  async #pushed(chunk: ReadonlyArray<Buffered<E>>): Promise<'yes' | 'full' | 'away'> {
    const { queue, channel, logger, metrics } = this.#options;
    const texts = chunk.map(({ text = '' }) => text);
    try {
      const work = (): Promise<boolean> => within(queue.push(texts, this.#limits.queueCapacity), PUSH_TIMEOUT_MS);
      if (!(await this.#redis.run(work))) return 'full';
    } catch (error) {
      logger.debug({ err: error, channel: channel.key }, 'Events cannot be pushed for now');
      return 'away';
    }
    metrics.increment('telemetry_events_pushed_total', { channel: channel.key }, texts.length);
    this.#left(chunk.length);
    return 'yes';
  }

  /** Writes the texts of those that are next. What cannot be written as JSON is nothing that anybody could store. */
  #writeFirst(): boolean {
    for (let index = 0; index < Math.min(this.#buffer.length, MOST_PER_PUSH); ) {
      const next = this.#buffer[index];
      if (!next) break;
      try {
        next.text ??= textOf(next.event, next.at);
        index += 1;
      } catch (error) {
        this.#buffer.splice(index, 1);
        this.#refuse(1, 'it cannot be written as JSON', error);
      }
    }
    return this.#buffer.length > 0;
  }

  #hasWaitedLong(): boolean {
    const { bufferSize, directAfterMs } = this.#limits;
    const [oldest] = this.#buffer;
    if (!oldest) return false;
    return this.#buffer.length > bufferSize / 2 || this.#clock.now() - oldest.at >= directAfterMs;
  }

  async #saveDirectly(chunk: ReadonlyArray<Buffered<E>>): Promise<boolean> {
    const { channel, logger, metrics } = this.#options;
    try {
      await channel.save(chunk.map(({ event }) => event));
    } catch (error) {
      logger.error({ err: error, channel: channel.key }, 'Events can go neither to Redis nor to their store for now');
      return false;
    }
    metrics.increment('telemetry_events_direct_total', { channel: channel.key }, chunk.length);
    this.#left(chunk.length);
    return true;
  }

  #left(count: number): void {
    this.#buffer.splice(0, count);
    if (this.#refusing === 0 || this.#isClosed) return;
    const { channel, logger } = this.#options;
    logger.warn({ channel: channel.key, refused: this.#refusing }, 'Events are taken again');
    this.#refusing = 0;
  }

  /** Each is counted; the log has the first of a row, and their number at its end. */
  #refuse(count: number, why: string, error?: unknown): void {
    const { channel, logger, metrics } = this.#options;
    metrics.increment('telemetry_events_refused_total', { channel: channel.key }, count);
    if (this.#refusing === 0) logger.error({ err: error, channel: channel.key, count }, `Events are refused: ${why}`);
    this.#refusing += count;
  }
}

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeoutError(`Redis did not answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function given(limits: PublisherLimits): PublisherLimits {
  for (const name of ['bufferSize', 'queueCapacity', 'directAfterMs', 'coalesceMs'] as const) {
    const value = limits[name];
    if (value !== undefined && !(value >= 0)) {
      throw new KernelError('E_PUBLISHER_OPTION', `${name}: ${value} is no number of 0 or more; leave it out`);
    }
  }
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}
