import { type Clock, systemClock } from '../../../base/clock.js';
import { ConflictError, NotFoundError } from '../../../base/errors.js';
import { type DatabaseHandle, dbContext } from '../../../orm/index.js';
import { type DeliveryAttempt, type DeliveryStatus, KernelWebhookDelivery } from '../entities.js';

/** A delivery, and whose turn it is. */
export interface DueDelivery {
  deliveryId: string;
  webhookId: string;
}

export interface DeliveryQuery {
  /** Default 50. */
  limit?: number | undefined;
  status?: DeliveryStatus | undefined;
  event?: string | undefined;
  /** Only those older than this one. */
  before?: string | undefined;
}

/** What a list shows; the story of each attempt is long. */
const LISTED = [
  ...(['id', 'webhookId', 'event', 'payload', 'requestId', 'status', 'success', 'attempt', 'nextAttemptAt'] as const),
  ...(['responseStatus', 'durationMs', 'error', 'createdAt'] as const),
] as const;
/** How far the clocks of two processes may be apart, ms; far less than a lease is long. */
const CLOCK_SKEW_MS = 2_000;
/** Most attempts whose story is kept. */
const KEPT_ATTEMPTS = 20;
/** Rows per statement. */
const CHUNK = 500;
/** Endpoints that one look for what is overdue answers at most. */
export const OVERDUE_PAGE = 500;

/** A delivery without the story of its attempts. */
export type ListedDelivery = Pick<KernelWebhookDelivery, (typeof LISTED)[number]>;

/** The deliveries, in `kernel_webhook_deliveries`: what there is to send, and what came of it. The truth is here alone. */
export class DeliveryStore {
  readonly #db: DatabaseHandle;
  readonly #clock: Clock;

  constructor(db: DatabaseHandle, clock: Clock = systemClock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** The newest first. */
  async list(webhookId: string, { limit = 50, status, event, before }: DeliveryQuery = {}): Promise<ListedDelivery[]> {
    const where = {
      webhookId,
      ...(status && { status }),
      ...(event && { event }),
      ...(before && { id: { lt: before } }),
    };
    return KernelWebhookDelivery.find({ where, orderBy: { id: 'desc' }, limit, select: LISTED, db: this.#db });
  }

  /** Null where it is no delivery of this endpoint. */
  async get(webhookId: string, id: string): Promise<KernelWebhookDelivery | null> {
    return KernelWebhookDelivery.findOne({ where: { id, webhookId }, db: this.#db });
  }

  /**
   * Takes the delivery for one attempt, if it is due and nobody else has it.
   * @param leaseMs after which whoever took it is taken to have died
   */
  async claim(id: string, leaseMs: number): Promise<KernelWebhookDelivery | null> {
    const now = this.#clock.now();
    const found = await KernelWebhookDelivery.get(id, { db: this.#db });
    if (!found?.nextAttemptAt || found.nextAttemptAt.getTime() > now + CLOCK_SKEW_MS) return null;
    const { attempt, tries, nextAttemptAt } = found;
    const claim = {
      status: 'sending',
      attempt: attempt + 1,
      tries: tries + 1,
      nextAttemptAt: new Date(now + leaseMs),
    } as const;
    const claimed = await KernelWebhookDelivery.updateMany({ id, attempt, nextAttemptAt }, claim, { db: this.#db });
    return claimed === 1 ? Object.assign(found, claim) : null;
  }

  /** Gives a claimed delivery back as if nobody had taken it. */
  async release({ id, attempt, tries }: KernelWebhookDelivery): Promise<void> {
    const back = { status: 'pending', attempt: attempt - 1, tries: tries - 1, nextAttemptAt: this.#now() } as const;
    await KernelWebhookDelivery.updateMany({ id, attempt, status: 'sending' }, back, { db: this.#db });
  }

  /**
   * What came of the attempt, and how it goes on.
   * @param nextAttemptAt null: it is over. @returns false where the delivery is gone, or somebody else's by now
   */
  async record(
    { id, attempt, attempts }: KernelWebhookDelivery,
    story: DeliveryAttempt,
    nextAttemptAt: Date | null,
  ): Promise<boolean> {
    const success = story.error === null;
    const over = success ? 'succeeded' : 'failed';
    const changes = {
      status: nextAttemptAt ? 'pending' : over,
      success,
      deliveredAt: success ? this.#now() : null,
      nextAttemptAt,
      responseStatus: story.status,
      responseBody: story.responseBody,
      durationMs: story.durationMs,
      error: story.error,
      attempts: [...attempts, story].slice(-KEPT_ATTEMPTS),
    } as const;
    const where = { id, attempt, status: 'sending' } as const;
    return (await KernelWebhookDelivery.updateMany(where, changes, { db: this.#db })) === 1;
  }

  /** It ends without a further attempt. */
  async giveUp({ id, attempt, tries }: KernelWebhookDelivery, error: string): Promise<void> {
    const changes = { status: 'failed', attempt: attempt - 1, tries: tries - 1, nextAttemptAt: null, error } as const;
    await KernelWebhookDelivery.updateMany({ id, attempt, status: 'sending' }, changes, { db: this.#db });
  }

  /** Whether anything has reached the endpoint since. */
  async hasSucceededSince(webhookId: string, since: Date): Promise<boolean> {
    const where = { webhookId, success: true, deliveredAt: { gte: since } };
    return KernelWebhookDelivery.exists({ where, db: this.#db });
  }

  /**
   * Tries it anew, at once and then as often as a new one; it keeps its id.
   * @throws NotFoundError, ConflictError while it is being sent
   */
  async redeliver(webhookId: string, id: string): Promise<KernelWebhookDelivery> {
    const found = await this.get(webhookId, id);
    if (!found) throw new NotFoundError('Delivery not found');
    const { attempt } = found;
    const where = { id, attempt, status: { in: ['pending', 'succeeded', 'failed'] } } as const;
    const changed = await KernelWebhookDelivery.updateMany(where, this.#anew(), { db: this.#db });
    if (changed === 0 && found.status !== 'pending') throw new ConflictError('It is being sent right now');
    return (await this.get(webhookId, id)) ?? found;
  }

  /** The same for every failed one that was triggered at `since` or later. @returns how many those are */
  async redeliverFailed(webhookId: string, since: Date): Promise<number> {
    const where = { webhookId, status: 'failed', createdAt: { gte: since } } as const;
    return KernelWebhookDelivery.updateMany(where, this.#anew(), { db: this.#db });
  }

  /** What is due of one endpoint, the oldest first. */
  async dueOf(webhookId: string, limit: number): Promise<DueDelivery[]> {
    const rows = await KernelWebhookDelivery.find({
      where: { webhookId, nextAttemptAt: { lte: this.#now() } },
      orderBy: { nextAttemptAt: 'asc' },
      select: ['id'],
      limit,
      db: this.#db,
    });
    return rows.map(({ id }) => ({ deliveryId: id, webhookId }));
  }

  /**
   * One delivery of each endpoint that has one which has been due for `graceMs`, a page at a time.
   * @param after the last endpoint of the page before: however many never answer, the others have their turn
   */
  async overdue(graceMs: number, after = ''): Promise<DueDelivery[]> {
    const rows = await this.#db.query<{ id: string; webhook_id: string }>(
      `SELECT [webhook_id], MIN([id]) AS [id] FROM [kernel_webhook_deliveries]
       WHERE [next_attempt_at] <= ? AND [webhook_id] > ? GROUP BY [webhook_id] ORDER BY [webhook_id] LIMIT ${OVERDUE_PAGE}`,
      [new Date(this.#clock.now() - graceMs), after],
    );
    return rows.map(({ id, webhook_id: webhookId }) => ({ deliveryId: id, webhookId }));
  }

  /** Removes what has ended and was triggered before `moment`. @returns how many those were */
  async removeBefore(moment: Date): Promise<number> {
    for (let removed = 0; ; ) {
      const where = { nextAttemptAt: { isNull: true }, createdAt: { lt: moment } };
      const rows = await KernelWebhookDelivery.find({ where, select: ['id'], limit: CHUNK, db: this.#db });
      if (rows.length === 0) return removed;
      const ids = rows.map(({ id }) => id);
      removed += await dbContext(() => KernelWebhookDelivery.deleteMany({ id: { in: ids } }), { db: this.#db });
    }
  }

  #anew() {
    return { status: 'pending', success: false, tries: 0, nextAttemptAt: this.#now() } as const;
  }

  #now(): Date {
    return new Date(this.#clock.now());
  }
}
