import type Stripe from 'stripe';
import { NotFoundError } from '../../../base/errors.js';
import type { SessionHandle } from '../../../orm/index.js';
import { settle } from '../stripe/settle.js';
import type { StripeAccess } from '../stripe/stripe-access.js';
import { BillingSubscription, LIVE_STATUSES, OPEN_STATUSES, type SubscriptionStatus } from './entities.js';
import { SubscriptionMirror } from './subscription-mirror.js';

export interface PageOf {
  /** Default 50. */
  limit?: number;
  offset?: number;
}

export interface SubscriptionFilter extends PageOf {
  customerId?: string;
  status?: SubscriptionStatus | undefined;
}

/** What is subscribed to. Every change is made at Stripe and then copied from there. */
export class Subscriptions {
  readonly mirror: SubscriptionMirror;
  readonly #stripe: StripeAccess;
  readonly #on: { db?: SessionHandle };

  constructor(options: { stripe: StripeAccess; db?: SessionHandle | undefined }) {
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

  /** All that give access, the newest first: whoever came to have two has what both give. */
  listLive(customerId: string): Promise<BillingSubscription[]> {
    const where = { customerId, status: { in: LIVE_STATUSES } };
    return BillingSubscription.find({ where, orderBy: { id: 'desc' }, ...this.#on });
  }

  listSubscriptions({ customerId, status, limit = 50, offset = 0 }: SubscriptionFilter = {}) {
    const where = { ...(customerId && { customerId }), ...(status && { status }) };
    return BillingSubscription.find({ where, orderBy: { id: 'desc' }, limit, offset, ...this.#on });
  }

  /**
   * Begins one without a checkout: the card that the customer has left pays, or a trial.
   * @throws KernelError `E_PAYMENT_FAILED` when the card is declined, `E_STRIPE_REFUSED` without one
   */
  async start(params: Stripe.SubscriptionCreateParams): Promise<BillingSubscription> {
    const { id } = await this.#stripe.ask((stripe) =>
      stripe.subscriptions.create({ payment_behavior: 'error_if_incomplete', ...params }),
    );
    const row = await this.refresh(id);
    if (!row) throw new NotFoundError('Customer not found');
    return row;
  }

  /** At the end of what is paid, or at once. One that has ended stays as it is. @throws NotFoundError, ConnectionError */
  cancelSubscription(id: string, { atPeriodEnd = true } = {}): Promise<BillingSubscription> {
    return this.#change(id, async (stripe, stripeId, { status }) => {
      if (status === 'cancelled') return;
      if (atPeriodEnd) await stripe.subscriptions.update(stripeId, { cancel_at_period_end: true });
      else await stripe.subscriptions.cancel(stripeId);
    });
  }

  /** Takes back a cancellation that has not come into effect. @throws NotFoundError, ConnectionError */
  reactivateSubscription(id: string): Promise<BillingSubscription> {
    return this.#change(id, (stripe, stripeId) =>
      stripe.subscriptions.update(stripeId, { cancel_at_period_end: false }),
    );
  }

  /** Another price from now on, the difference prorated; a pending cancellation is taken back. */
  changePrice(id: string, stripePriceId: string, priceId: string): Promise<BillingSubscription> {
    return this.#change(id, async (stripe, stripeId) => {
      const { items } = await stripe.subscriptions.retrieve(stripeId);
      const item = items.data[0];
      await stripe.subscriptions.update(stripeId, {
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

  /** Copies what the customer has at Stripe, ended or not: an event of it may be still on its way. */
  async refreshAllOf(stripeCustomerId: string): Promise<void> {
    const { data } = await this.#stripe.ask((stripe) =>
      stripe.subscriptions.list({ customer: stripeCustomerId, status: 'all', limit: 100 }),
    );
    for (const { id } of data) if (!(await this.#hasEnded(id))) await this.refresh(id);
  }

  /** What has ended never changes again. */
  #hasEnded(stripeSubscriptionId: string): Promise<boolean> {
    return BillingSubscription.exists({ where: { stripeSubscriptionId, status: 'cancelled' }, ...this.#on });
  }

  async #change(
    id: string,
    change: (stripe: Stripe, stripeId: string, known: BillingSubscription) => Promise<unknown>,
  ): Promise<BillingSubscription> {
    const known = await this.getSubscription(id);
    if (!known) throw new NotFoundError('No subscription found');
    await this.#stripe.ask((stripe) => change(stripe, known.stripeSubscriptionId, known));
    return (await this.refresh(known.stripeSubscriptionId)) ?? known;
  }

  #newest(customerId: string, statuses: readonly SubscriptionStatus[]): Promise<BillingSubscription | null> {
    const where = { customerId, status: { in: statuses } };
    return BillingSubscription.findOne({ where, orderBy: { id: 'desc' }, ...this.#on });
  }
}
