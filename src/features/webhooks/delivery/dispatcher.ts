import { type Clock, systemClock } from '../../../base/clock.js';
import { withoutContext } from '../../../base/context.js';
import { uuidv7 } from '../../../base/ids.js';
import type { Logger } from '../../../base/ports.js';
import type { Services } from '../../../base/services.js';
import { sleep } from '../../../base/sleep.js';
import { type JobContext, type JobQueue, type JobRegistry, JobWorker } from '../../../jobs/index.js';
import { type DatabaseHandle, dbContext } from '../../../orm/index.js';
import { tracerService } from '../../../telemetry/index.js';
import type { WebhookStore } from '../endpoints/webhook-store.js';
import { KernelWebhook, type KernelWebhookDelivery } from '../entities.js';
import { type DeliveryStore, type DueDelivery, OVERDUE_PAGE } from './delivery-store.js';
import { messageBody } from './message-body.js';
import { waitAfter } from './retry-schedule.js';
import { type SentMessage, sendMessage, type Transport } from './send-message.js';
import { SendSlots } from './send-slots.js';

export interface DispatcherOptions {
  db: DatabaseHandle;
  queue: JobQueue;
  /** Of that queue; the task of deliveries is put into it. */
  registry: JobRegistry;
  webhooks: WebhookStore;
  deliveries: DeliveryStore;
  transport: Transport;
  /** Days after which deliveries that have ended are forgotten. */
  retentionDays: number;
  services: Services;
  logger: Logger;
  clock?: Clock;
}

export const DELIVERY_TASK = 'kernel.deliver_webhook';
const TEST_EVENT = 'webhook.test';

/** Requests under way in this process, and to one endpoint. */
const SLOTS = { total: 100, perEndpoint: 4 };
/** An answer that takes this long is slow, ms. */
const SLOW_MS = 3_000;
/** How long a delivery may be due before somebody has to look after it, ms. */
const OVERDUE_MS = 10_000;
const LOOK_MS = 10_000;
const PRUNE_MS = 3_600_000;
/** What an attempt may take besides its request, ms. */
const LEASE_MARGIN_MS = 30_000;
const DAY_MS = 86_400_000;

/**
 * Sends what is due. A delivery is a row in the database; a job only says that it is due, so that a lost job is one that comes
 * late: whatever is overdue is looked for. The jobs have a queue of their own, as a request that hangs must not take the place
 * of other work, and they run in whatever process knows the room, also where the service has no tasks.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #clock: Clock;
  readonly #slots = new SendSlots(SLOTS);
  readonly #stop = new AbortController();
  readonly #leaseMs: number;
  #worker: Promise<JobWorker> | undefined;
  #looking: Promise<void> = Promise.resolve();
  #prunedAt = Number.NEGATIVE_INFINITY;
  /** The endpoint up to which the last look came. */
  #lookedUntil = '';

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#leaseMs = options.transport.timeoutSeconds * 1_000 + LEASE_MARGIN_MS;
    const deliver = (due: DueDelivery, context: JobContext): Promise<void> => this.#deliver(due, context);
    options.registry.register(DELIVERY_TASK, deliver, { timeoutMs: this.#leaseMs });
  }

  /** Begins to look for what is due. A worker runs from the first endpoint on: who has none pays for none. */
  start(): void {
    this.#looking = this.#lookAgain();
  }

  /** Lets requests under way end, for `timeoutMs` at most; what does not is sent again by somebody else. */
  async stop({ timeoutMs }: { timeoutMs: number }): Promise<void> {
    this.#stop.abort();
    await this.#looking;
    const worker = await this.#worker?.catch(() => undefined);
    await worker?.stop({ timeoutMs });
    this.#options.queue.close();
  }

  /** There is an endpoint now: begins to take deliveries, if that has not happened. */
  expectWork(): void {
    this.#work().catch((error: unknown) => {
      this.#options.logger.warn({ err: error }, 'Webhooks cannot be sent yet; trying again');
    });
  }

  /** Says that deliveries are due. Where the queue cannot be reached they are sent a little later. */
  async announce(due: readonly DueDelivery[], delayMs = 0): Promise<void> {
    if (due.length === 0) return;
    try {
      await this.#work();
      await this.#options.queue.enqueueMany(due.map((data) => ({ task: DELIVERY_TASK, data, delayMs })));
    } catch (error) {
      this.#options.logger.warn(
        { err: error, deliveries: due.length },
        'Webhooks could not be put in line; sent later',
      );
    }
  }

  /** What is due of one endpoint, as far as it may be sent now: of other requests than the one that is gone on from. */
  async goOnWith(webhookId: string): Promise<void> {
    const free = this.#slots.freeFor(webhookId);
    if (free <= 0) return;
    await withoutContext(async () => this.announce(await this.#options.deliveries.dueOf(webhookId, free)));
  }

  /** Looks once for what is overdue, and for what may be forgotten. */
  async look(): Promise<void> {
    const { webhooks, deliveries, retentionDays } = this.#options;
    if (!this.#worker && (await webhooks.hasAny())) await this.#work();
    if (!this.#worker) return;
    const overdue = await deliveries.overdue(OVERDUE_MS, this.#lookedUntil);
    this.#lookedUntil = overdue.length < OVERDUE_PAGE ? '' : (overdue.at(-1)?.webhookId ?? '');
    await this.announce(overdue);
    const now = this.#clock.now();
    if (now - this.#prunedAt < PRUNE_MS) return;
    this.#prunedAt = now;
    await deliveries.removeBefore(new Date(now - retentionDays * DAY_MS));
  }

  /** Sends a test message at once, and answers what came of it. It is in no log, and changes nothing. */
  sendTest(webhook: KernelWebhook, data: unknown, signal: AbortSignal): Promise<SentMessage> {
    const now = this.#clock.now();
    const body = messageBody({ event: TEST_EVENT, data, at: new Date(now) });
    const secrets = this.#options.webhooks.secretsOf(webhook);
    const message = { id: uuidv7(), event: TEST_EVENT, body, url: webhook.url, secrets, now };
    return sendMessage(message, this.#options.transport, signal);
  }

  async #lookAgain(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.look().catch((error: unknown) => {
        if (!signal.aborted) this.#options.logger.warn({ err: error }, 'Looking for webhooks failed; trying again');
      });
      await sleep(LOOK_MS, signal).catch(() => {}); // it stops
    }
  }

  /** The worker, started when it is needed first. */
  async #work(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#worker ??= this.#startWorker().catch((error: unknown) => {
      this.#worker = undefined;
      throw error;
    });
    await this.#worker;
  }

  async #startWorker(): Promise<JobWorker> {
    const { queue, registry, services, logger } = this.#options;
    const worker = new JobWorker({ queue, registry, concurrency: SLOTS.total, leaseThread: false, services, logger });
    await withoutContext(() => worker.start()); // whoever is the first to need it may be inside a transaction
    return worker;
  }

  /** Whoever finds no slot leaves: those who have one go on with what is due when they are done. */
  async #deliver({ deliveryId, webhookId }: DueDelivery, context: JobContext): Promise<void> {
    const giveBack = this.#slots.take(webhookId);
    if (!giveBack) return;
    const began = performance.now();
    try {
      const attempt = (): Promise<void> => this.#attempt(deliveryId, context.signal);
      const tracer = this.#options.services.get(tracerService);
      await (tracer ? tracer.runJob(context, attempt) : attempt());
    } finally {
      giveBack(performance.now() - began >= SLOW_MS);
    }
    await this.goOnWith(webhookId);
    const next = this.#slots.nextWaiting();
    if (next !== undefined) await this.goOnWith(next);
  }

  async #attempt(deliveryId: string, signal: AbortSignal): Promise<void> {
    const { deliveries, webhooks, transport, db } = this.#options;
    const delivery = await deliveries.claim(deliveryId, this.#leaseMs);
    if (!delivery) return;
    const webhook = await KernelWebhook.get(delivery.webhookId, { db });
    if (!webhook?.enabled) return deliveries.giveUp(delivery, 'The endpoint is switched off');
    const { id, event, payload: body } = delivery;
    const message = { id, event, body, url: webhook.url, secrets: webhooks.secretsOf(webhook), now: this.#clock.now() };
    const sent = await sendMessage(message, transport, signal).catch(async (error: unknown) => {
      await deliveries.release(delivery);
      throw error;
    });
    await this.#conclude(delivery, sent);
  }

  async #conclude(delivery: KernelWebhookDelivery, { retryAfterSeconds, ...sent }: SentMessage): Promise<void> {
    const { deliveries, webhooks, logger, db } = this.#options;
    const { id: deliveryId, webhookId, tries, attempt } = delivery;
    const isGone = sent.status === 410;
    const waitMs = sent.error === null || isGone ? undefined : waitAfter(tries, retryAfterSeconds);
    const next = waitMs === undefined ? null : new Date(this.#clock.now() + waitMs);
    const disabled = await dbContext(
      async () => {
        if (!(await deliveries.record(delivery, { number: attempt, ...sent }, next))) return null;
        if (sent.error === null || next) return null;
        const reason = isGone ? 'gone' : 'failing';
        if (!isGone && (await this.#hasWorkedMeanwhile(delivery))) return null;
        return (await webhooks.disable(webhookId, reason)) ? reason : null;
      },
      { db },
    );
    if (disabled) logger.warn({ webhookId, reason: disabled }, 'A webhook endpoint was switched off');
    if (waitMs !== undefined) await this.announce([{ deliveryId, webhookId }], waitMs);
  }

  /** Whether others got through in the days in which this one was tried. */
  async #hasWorkedMeanwhile({ webhookId, tries, attempts, createdAt }: KernelWebhookDelivery): Promise<boolean> {
    const first = attempts.at(-(tries - 1))?.at;
    return this.#options.deliveries.hasSucceededSince(webhookId, first ? new Date(first) : createdAt);
  }
}
