import { backoffDelay, jittered } from '../../base/backoff.js';
import { isKernelError } from '../../base/errors.js';
import type { Logger, Metrics } from '../../base/ports.js';
import { sleep } from '../../base/sleep.js';
import type { EventChannel } from './event-channel.js';
import { type EventBatch, type EventCarrier, eventOf, type KernelEvent } from './event-queue.js';

export interface DrainLimits {
  /** How long a batch is lent before another drain may take it; renewed while it is being stored. Default 30 s. */
  leaseMs?: number;
  /** How long a queue that had less than a full batch is left to fill, ms. Default 500. */
  pollMs?: number;
  /** Tries before a batch is split, and one event that fails alone becomes a dead letter. Default 5. */
  maxFailures?: number;
  /** The same for batches whose drain died each time. Default 10. */
  maxCrashes?: number;
  /** First wait after a failure, ms; it doubles up to a minute. Default 1 s. */
  retryMs?: number;
  /** Most dead letters kept; beyond, events that cannot be stored go on waiting. Default 100,000. */
  deadCapacity?: number;
}

export interface DrainOptions<E extends KernelEvent> extends DrainLimits {
  queue: EventCarrier;
  channel: EventChannel<E>;
  logger: Logger;
  metrics: Metrics;
}

/** What one batch came to. */
interface Step {
  stored: number;
  /** Whether more is likely to wait. */
  hasMore: boolean;
}

/** What is left of the batch, or its halves, may come next. */
const NOTHING_STORED: Step = { stored: 0, hasMore: true };

const DEFAULTS = {
  leaseMs: 30_000,
  pollMs: 500,
  maxFailures: 5,
  maxCrashes: 10,
  retryMs: 1_000,
  deadCapacity: 100_000,
};
const BATCH_SIZE = 500;
const LONGEST_WAIT_MS = 60_000;
/** The store is away or overloaded: that says nothing about the events. */
const OUTAGES: ReadonlySet<string> = new Set(['E_CONNECTION', 'E_TIMEOUT', 'E_CIRCUIT_OPEN', 'E_MAINTENANCE']);

/**
 * Stores what was published to a channel, a batch at a time; any number of them may work on one channel. A batch stays in
 * Redis until it is stored: one whose drain dies is lent again, and what was stored of it is passed over by its ids.
 */
export class Drain<E extends KernelEvent> {
  readonly #options: DrainOptions<E> & Required<DrainLimits>;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;
  #isAway = false;

  constructor(options: DrainOptions<E>) {
    this.#options = { ...DEFAULTS, ...options };
  }

  /** Works until `stop`. */
  start(): void {
    this.#loop ??= this.#run(this.#stopping.signal);
  }

  /** The batch that is being stored is waited for. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  /** Stores everything that may be taken now. @returns how many events were stored. */
  async runOnce(): Promise<number> {
    let stored = 0;
    for (let step = await this.#step(); step; step = await this.#step()) stored += step.stored;
    return stored;
  }

  /** How many events wait to be stored, those in batches included. */
  async waiting(): Promise<number> {
    const { waiting, taken } = await this.#options.queue.state();
    return waiting + taken;
  }

  /** What trickles in is stored together: batches of a few events each were a third of the CPU of a busy service. */
  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const hasMore = await this.#tryStep();
      if (!hasMore) await sleep(jittered(this.#options.pollMs, 0.2), signal).catch(() => {});
    }
  }

  async #tryStep(): Promise<boolean> {
    try {
      const step = await this.#step();
      this.#isAway = false;
      return step?.hasMore ?? false;
    } catch (error) {
      const { logger, channel } = this.#options;
      if (!this.#isAway) logger.warn({ err: error, channel: channel.key }, 'Events cannot be taken from Redis for now');
      this.#isAway = true;
      return false;
    }
  }

  /** @returns undefined where there was nothing to do */
  async #step(): Promise<Step | undefined> {
    const { queue, channel, leaseMs, maxCrashes } = this.#options;
    const size = channel.batchSize ?? BATCH_SIZE;
    const batch = await queue.take(size, leaseMs);
    if (!batch) return undefined;
    if (batch.taken > maxCrashes) {
      await this.#isolate(batch, `its drain died ${maxCrashes} times`, batch.failures);
      return NOTHING_STORED;
    }
    const events = await this.#read(batch);
    if (!events) return NOTHING_STORED;
    try {
      await this.#whileRenewed(batch, () => channel.save(events));
    } catch (error) {
      await this.#failed(batch, error);
      return NOTHING_STORED;
    }
    await queue.settle(batch);
    this.#options.metrics.increment('telemetry_events_saved_total', { channel: channel.key }, events.length);
    const wasTriedBefore = batch.taken > 1 || batch.failures > 0;
    return { stored: events.length, hasMore: batch.texts.length >= size || wasTriedBefore };
  }

  /** Each event once. What is no event is buried; undefined where nothing is left to store for now. */
  async #read(batch: EventBatch): Promise<E[] | undefined> {
    const events = new Map<string, E>();
    for (const text of batch.texts) {
      const event = eventOf<E>(text);
      if (event) events.set(event.id, event);
      else if (!(await this.#bury(batch, text, 'it is not the JSON of an event with an id'))) return undefined;
    }
    return events.size > 0 ? [...events.values()] : undefined;
  }

  async #whileRenewed(batch: EventBatch, work: () => Promise<void>): Promise<void> {
    const { queue, leaseMs } = this.#options;
    const renew = (): void => void queue.renew(batch, leaseMs).catch(() => {}); // the next one may succeed; else it is lent twice, which does no harm
    const timer = setInterval(renew, leaseMs / 3);
    try {
      await work();
    } finally {
      clearInterval(timer);
    }
  }

  async #failed(batch: EventBatch, error: unknown): Promise<void> {
    const { queue, channel, logger, metrics, maxFailures, retryMs } = this.#options;
    const isOutage = isKernelError(error) && OUTAGES.has(error.code);
    logger.warn({ err: error, channel: channel.key, events: batch.texts.length }, 'A batch of events was not stored');
    metrics.increment('telemetry_batches_failed_total', { channel: channel.key });
    const failures = batch.failures + 1;
    if (!isOutage && failures >= maxFailures) {
      await this.#isolate(batch, error instanceof Error ? error.message : String(error), maxFailures - 1);
      return;
    }
    const wait = { baseMs: retryMs, factor: 2, capMs: LONGEST_WAIT_MS, jitter: 0.2 };
    await queue.release(batch, { delayMs: backoffDelay(failures, wait), failures: isOutage ? 0 : 1 });
  }

  /** Halves the batch, time and again, until what spoils it is alone; that is buried. */
  async #isolate(batch: EventBatch, reason: string, failures: number): Promise<void> {
    const [text] = batch.texts;
    if (batch.texts.length > 1) await this.#options.queue.split(batch, failures);
    else if (text !== undefined) await this.#bury(batch, text, reason);
    else await this.#options.queue.settle(batch);
  }

  /** @returns false where the batch was given back instead: what cannot be kept must not be lost. */
  async #bury(batch: EventBatch, text: string, reason: string): Promise<boolean> {
    const { queue, channel, logger, metrics, deadCapacity } = this.#options;
    const fields = { channel: channel.key, reason };
    if (await queue.bury(batch, text, reason, deadCapacity)) {
      logger.error(fields, 'An event cannot be stored; it is kept as a dead letter');
      metrics.increment('telemetry_events_dead_total', { channel: channel.key });
      return true;
    }
    logger.error(
      fields,
      `An event cannot be stored, and ${deadCapacity} dead letters are kept already; it is tried again`,
    );
    await queue.release(batch, { delayMs: LONGEST_WAIT_MS, failures: 0 });
    return false;
  }
}
