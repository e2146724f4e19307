import type Stripe from 'stripe';
import type { SessionHandle } from '../../../orm/index.js';
import { BillingPrice } from '../catalog/entities.js';
import { BillingCustomer } from '../customers/entities.js';
import type { Apply } from '../stripe/settle.js';
import type { StripeAccess } from '../stripe/stripe-access.js';
import { idOf, timeOf } from '../stripe/stripe-values.js';
import { BillingSubscription, SUBSCRIPTION_STATUSES, type SubscriptionStatus } from './entities.js';

/** Copies subscriptions from Stripe, which alone says what they are. */
export class SubscriptionMirror {
  readonly #stripe: StripeAccess;
  readonly #on: { db?: SessionHandle };

  constructor({ stripe, db }: { stripe: StripeAccess; db?: SessionHandle | undefined }) {
    this.#stripe = stripe;
    this.#on = db ? { db } : {};
  }

  /** What the write gives: the row; `null` where there is none, and its customer is nobody here. */
  async ask(stripeSubscriptionId: string): Promise<Apply<BillingSubscription | null>> {
    const before = await BillingSubscription.findOne({ where: { stripeSubscriptionId }, ...this.#on });
    const remote = await this.#stripe.find((stripe) => stripe.subscriptions.retrieve(stripeSubscriptionId));
    return async () => {
      if (!remote) return before;
      const customerId = before?.customerId ?? (await this.#customerOf(remote));
      if (!customerId) return null;
      const row = { ...(await this.#valuesOf(remote)), customerId };
      if (!before) return BillingSubscription.save(row, this.#on);
      return BillingSubscription.update(before.id, row, { expectedVersion: before.version, ...this.#on });
    };
  }

  async #customerOf(remote: Stripe.Subscription): Promise<string | undefined> {
    const stripeCustomerId = idOf(remote.customer);
    if (!stripeCustomerId) return undefined;
    return (await BillingCustomer.findOne({ where: { stripeCustomerId }, ...this.#on }))?.id;
  }

  async #valuesOf(remote: Stripe.Subscription) {
    const { item, price } = await this.#itemOf(remote);
    return {
      stripeSubscriptionId: remote.id,
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
}

/** Stripe writes `canceled`, and has ways to end that are the same here. */
function statusOf(status: string): SubscriptionStatus {
  if (status === 'canceled' || status === 'incomplete_expired') return 'cancelled';
  return SUBSCRIPTION_STATUSES.find((known) => known === status) ?? 'incomplete';
}
