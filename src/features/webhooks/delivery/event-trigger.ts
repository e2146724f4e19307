import { type Clock, systemClock } from '../../../base/clock.js';
import { currentContext } from '../../../base/context.js';
import { ConstraintError } from '../../../base/errors.js';
import { dbContext, type SessionHandle } from '../../../orm/index.js';
import { KernelWebhook, KernelWebhookDelivery } from '../entities.js';
import { assertEventName, hears } from '../event-names.js';
import type { DueDelivery } from './delivery-store.js';
import { messageBody } from './message-body.js';

export interface WebhookEvent {
  /** What has happened: `deployment.succeeded`. */
  event: string;
  /** Any JSON, of 256 KiB at most. */
  data?: unknown;
}

export interface EventTriggerOptions {
  db?: SessionHandle;
  /** Says that deliveries are due. */
  announce?(due: readonly DueDelivery[]): Promise<void>;
  clock?: Clock;
}

/** Makes deliveries of events. Inside a transaction they are part of it: what is rolled back tells nobody. */
export class EventTrigger {
  readonly #on: { db?: SessionHandle };
  readonly #announce: (due: readonly DueDelivery[]) => Promise<void>;
  readonly #clock: Clock;

  constructor({ db, announce = async () => {}, clock = systemClock }: EventTriggerOptions = {}) {
    this.#on = db ? { db } : {};
    this.#announce = announce;
    this.#clock = clock;
  }

  /**
   * One delivery for each endpoint of the workspace that hears of such events.
   * @returns their ids. @throws ValidationError for a name, or data, that cannot be sent
   */
  async trigger(workspaceId: string, { event, data }: WebhookEvent, on = this.#on): Promise<string[]> {
    assertEventName(event);
    const now = new Date(this.#clock.now());
    const { requestId = null } = currentContext();
    const message = { event, payload: messageBody({ event, data, at: now }), requestId, nextAttemptAt: now };
    try {
      return await this.#put(workspaceId, message, on);
    } catch (error) {
      if (!(error instanceof ConstraintError) || error.kind !== 'foreign_key') throw error;
      return this.#put(workspaceId, message, on); // an endpoint was deleted at that very moment
    }
  }

  async #put(
    workspaceId: string,
    message: Pick<KernelWebhookDelivery, 'event' | 'payload' | 'nextAttemptAt'>,
    on: { db?: SessionHandle },
  ): Promise<string[]> {
    const enabled = await KernelWebhook.find({
      where: { workspaceId, enabled: true },
      select: ['id', 'events'],
      ...on,
    });
    const rows = enabled
      .filter(({ events }) => hears(events, message.event))
      .map(({ id: webhookId }) => ({ webhookId, ...message }));
    if (rows.length === 0) return [];
    return dbContext(async (db) => {
      const deliveries = await KernelWebhookDelivery.saveMany(rows, { db });
      const due = deliveries.map(({ id: deliveryId, webhookId }) => ({ deliveryId, webhookId }));
      db.afterCommit(() => void this.#announce(due)); // a commit does not wait for Redis
      return due.map(({ deliveryId }) => deliveryId);
    }, on);
  }
}
