import type { RedisClient } from '../../../redis/index.js';
import type { QueueKeys } from '../../format/queue-keys.js';
import type { OutboxJob } from '../../job-outbox.js';
import type { Schedules } from '../../schedule/schedules.js';
import { EnqueueBatch, type EnqueueRequest } from './enqueue-batch.js';
import { ENQUEUE_COMMITTED } from './enqueue-script.js';

/** What one call of `enqueue` asks for. */
export type Order = { task: string } & ({ request: EnqueueRequest } | { schedule: { id: string; text: string } });

/** Turns orders into texts that a transaction can keep, and takes them in once it is committed, each of them once. */
export class CommittedJobs {
  readonly #batch: EnqueueBatch;
  readonly #schedules: Schedules;

  constructor(redis: RedisClient, keys: QueueKeys, schedules: Schedules) {
    this.#batch = new EnqueueBatch(redis, keys.base, ENQUEUE_COMMITTED);
    this.#schedules = schedules;
  }

  /** A delay counts from now, however long it takes to commit. */
  async pack(order: Order): Promise<OutboxJob> {
    if ('schedule' in order) {
      const { id, text } = order.schedule;
      return { jobId: await this.#schedules.nextJobId(id, text), text: JSON.stringify(order) };
    }
    const { request } = order;
    const due = request.due.startsWith('+') ? String(Date.now() + Number(request.due)) : request.due;
    return { jobId: request.id, text: JSON.stringify({ ...order, request: { ...request, due } }) };
  }

  async take(texts: readonly string[]): Promise<void> {
    const orders = texts.map((text) => JSON.parse(text) as Order);
    await Promise.all(orders.map((order) => this.#takeOne(order)));
  }

  async #takeOne(order: Order): Promise<void> {
    if ('schedule' in order) await this.#schedules.put(order.schedule.id, order.schedule.text);
    else await this.#batch.add(order.request);
  }
}
