import type Stripe from 'stripe';
import { NotFoundError } from '../../../base/errors.js';
import type { SessionHandle } from '../../../orm/index.js';
import { askStripe } from '../stripe/ask-stripe.js';
import { settle } from '../stripe/settle.js';
import { BillingSubscription, LIVE_STATUSES, OPEN_STATUSES, type SubscriptionStatus } from './entities.js';
import { SubscriptionMirror } from './subscription-mirror.js';

/** What is subscribed to. Every change is made at Stripe and then copied from there. */
export class Subscriptions {
  readonly mirror: SubscriptionMirror;
  readonly #stripe: Stripe;
  readonly #on: { db?: SessionHandle };

  constructor(options: { stripe: Stripe; db?: SessionHandle | undefined }) {
    this.#stripe = options.stripe;
    this.#on = options.db ? { db: options.db } : {};
    this.mirror = new SubscriptionMirror(options);
  }

  getSubscription(id: string): Promise<BillingSubscription | null> {
    return BillingSubscription.get(id, this.#on);
  }

  /** The newest that gives access. */
  getActiveSubscription(customerId: string): Promise<BillingSubscription | null> {
    return this.#newest(customerId, LIVE_STATUSES);
  }

  /** The newest that has not ended, also where it is unpaid or paused. */
  getOpenSubscription(customerId: string): Promise<BillingSubscription | null> {
    return this.#newest(customerId, OPEN_STATUSES);
  }

  listSubscriptions(filter: { customerId?: string; status?: SubscriptionStatus | undefined } & PageOf = {}) {
    const { customerId, status, limit = 50, offset = 0 } = filter;
    const where = { ...(customerId && { customerId }), ...(status && { status }) };
    return BillingSubscription.find({ where, orderBy: { id: 'desc' }, limit, offset, ...this.#on });
  }

  /** At the end of what is paid, or at once. One that has ended stays as it is. @throws NotFoundError, ConnectionError */
  async cancelSubscription(id: string, { atPeriodEnd = true } = {}): Promise<BillingSubscription> {
    return this.#change(id, (stripeId, { status }) => {
      if (status === 'cancelled') return Promise.resolve();
      return atPeriodEnd
        ? this.#stripe.subscriptions.update(stripeId, { cancel_at_period_end: true })
        : this.#stripe.subscriptions.cancel(stripeId);
    });
  }

  /** Takes back a cancellation that has not come into effect. @throws NotFoundError, ConnectionError */
  async reactivateSubscription(id: string): Promise<BillingSubscription> {
    return this.#change(id, (stripeId) => this.#stripe.subscriptions.update(stripeId, { cancel_at_period_end: false }));
  }

  /** Another price from now on, the difference prorated; a pending cancellation is taken back. */
  async changePrice(id: string, stripePriceId: string, priceId: string): Promise<BillingSubscription> {
    return this.#change(id, async (stripeId) => {
      const { items } = await this.#stripe.subscriptions.retrieve(stripeId);
      const item = items.data[0];
      await this.#stripe.subscriptions.update(stripeId, {
        items: [{ ...(item && { id: item.id }), price: stripePriceId }],
        proration_behavior: 'create_prorations',
        cancel_at_period_end: false,
        metadata: { local_price_id: priceId },
      });
    });
  }

  /** Asks Stripe and copies the answer. */
  refresh(stripeSubscriptionId: string): Promise<BillingSubscription | null> {
    return settle(() => this.mirror.ask(stripeSubscriptionId), this.#on);
  }

  async #change(id: string, change: (stripeId: string, known: BillingSubscription) => Promise<unknown>) {
    const known = await this.getSubscription(id);
    if (!known) throw new NotFoundError('No subscription found');
    await askStripe(() => change(known.stripeSubscriptionId, known));
    return (await this.refresh(known.stripeSubscriptionId)) ?? known;
  }

  #newest(customerId: string, statuses: readonly SubscriptionStatus[]): Promise<BillingSubscription | null> {
    const where = { customerId, status: { in: statuses } };
    return BillingSubscription.findOne({ where, orderBy: { id: 'desc' }, ...this.#on });
  }
}

export interface PageOf {
  limit?: number;
  offset?: number;
}
