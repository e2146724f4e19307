import type Stripe from 'stripe';
import type { SessionHandle } from '../../../orm/index.js';
import { BillingPrice } from '../catalog/entities.js';
import { BillingCustomer } from '../customers/entities.js';
import { findAtStripe } from '../stripe/ask-stripe.js';
import { type Apply, StaleAnswerError } from '../stripe/settle.js';
import { idOf, timeOf } from '../stripe/times.js';
import { BillingSubscription, SUBSCRIPTION_STATUSES, type SubscriptionStatus } from './entities.js';

/** Copies subscriptions from Stripe, which alone says what they are. */
export class SubscriptionMirror {
  readonly #stripe: Stripe;
  readonly #on: { db?: SessionHandle };

  constructor({ stripe, db }: { stripe: Stripe; db?: SessionHandle | undefined }) {
    this.#stripe = stripe;
    this.#on = db ? { db } : {};
  }

  /** What the write gives: the row; `null` where the customer is nobody here, or there is no such subscription. */
  async ask(stripeSubscriptionId: string): Promise<Apply<BillingSubscription | null>> {
    const before = await this.#find(stripeSubscriptionId);
    const remote = await findAtStripe(() => this.#stripe.subscriptions.retrieve(stripeSubscriptionId));
    return async () => {
      const known = before
        ? await BillingSubscription.get(before.id, this.#on)
        : await this.#find(stripeSubscriptionId);
      if (known?.version !== before?.version) throw new StaleAnswerError('The subscription has changed meanwhile');
      if (!remote) return known;
      const row = await this.#rowOf(remote);
      return row && BillingSubscription.save(row, { matchBy: 'stripeSubscriptionId', ...this.#on });
    };
  }

  async #rowOf(remote: Stripe.Subscription) {
    const stripeCustomerId = idOf(remote.customer);
    if (!stripeCustomerId) return null;
    const customer = await BillingCustomer.findOne({ where: { stripeCustomerId }, ...this.#on });
    if (!customer) return null;
    const { item, price } = await this.#itemOf(remote);
    return {
      stripeSubscriptionId: remote.id,
      customerId: customer.id,
      priceId: price?.id ?? null,
      quantity: item?.quantity ?? 1,
      status: statusOf(remote.status),
      currentPeriodStart: timeOf(item?.current_period_start),
      currentPeriodEnd: timeOf(item?.current_period_end),
      trialEnd: timeOf(remote.trial_end),
      cancelAtPeriodEnd: remote.cancel_at_period_end,
      cancelledAt: timeOf(remote.canceled_at),
      metadata: { ...remote.metadata },
    };
  }

  /** The first item whose price is in the catalog. */
  async #itemOf({ items }: Stripe.Subscription) {
    for (const item of items.data) {
      const price = await BillingPrice.findOne({ where: { stripePriceId: item.price.id }, ...this.#on });
      if (price) return { item, price };
    }
    return { item: items.data[0], price: null };
  }

  #find(stripeSubscriptionId: string): Promise<BillingSubscription | null> {
    return BillingSubscription.findOne({ where: { stripeSubscriptionId }, ...this.#on });
  }
}

/** Stripe writes `canceled`, and has ways to end that are the same here. */
export function statusOf(status: string): SubscriptionStatus {
  if (status === 'canceled' || status === 'incomplete_expired') return 'cancelled';
  return SUBSCRIPTION_STATUSES.find((known) => known === status) ?? 'incomplete';
}
