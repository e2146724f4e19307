import type Stripe from 'stripe';
import type { SessionHandle } from '../../../orm/index.js';
import { findAtStripe } from '../stripe/ask-stripe.js';
import { type Apply, StaleAnswerError } from '../stripe/settle.js';
import { idOf } from '../stripe/times.js';
import { BillingCustomer, BillingPaymentMethod } from './entities.js';

/** Follows what is changed of customers and their cards at Stripe: in its portal, in its dashboard. */
export class CustomerMirror {
  readonly #stripe: Stripe;
  readonly #on: { db?: SessionHandle };

  constructor({ stripe, db }: { stripe: Stripe; db?: SessionHandle | undefined }) {
    this.#stripe = stripe;
    this.#on = db ? { db } : {};
  }

  async askCustomer(stripeCustomerId: string): Promise<Apply> {
    const before = await BillingCustomer.findOne({ where: { stripeCustomerId }, ...this.#on });
    if (!before) return nothing;
    const remote = await findAtStripe(() => this.#stripe.customers.retrieve(stripeCustomerId));
    return async () => {
      const customer = await BillingCustomer.get(before.id, this.#on);
      if (customer?.version !== before.version) throw new StaleAnswerError('The customer has changed meanwhile');
      if (!remote || remote.deleted) await BillingCustomer.update(before.id, { stripeCustomerId: null }, this.#on);
      else await BillingCustomer.update(before.id, detailsOf(remote), this.#on);
    };
  }

  async askPaymentMethod(stripePaymentMethodId: string): Promise<Apply> {
    const before = await this.#method(stripePaymentMethodId);
    const remote = await findAtStripe(() => this.#stripe.paymentMethods.retrieve(stripePaymentMethodId));
    const stripeCustomerId = idOf(remote?.customer);
    return async () => {
      const known = await this.#method(stripePaymentMethodId);
      if (known?.version !== before?.version) throw new StaleAnswerError('The payment method has changed meanwhile');
      const customer =
        stripeCustomerId && (await BillingCustomer.findOne({ where: { stripeCustomerId }, ...this.#on }));
      if (!remote || !customer) {
        await BillingPaymentMethod.deleteMany({ stripePaymentMethodId }, this.#on);
        return;
      }
      await BillingPaymentMethod.save(
        {
          stripePaymentMethodId,
          customerId: customer.id,
          type: remote.type,
          cardLast4: remote.card?.last4 ?? null,
          cardBrand: remote.card?.brand ?? null,
        },
        { matchBy: 'stripePaymentMethodId', ...this.#on },
      );
    };
  }

  #method(stripePaymentMethodId: string): Promise<BillingPaymentMethod | null> {
    return BillingPaymentMethod.findOne({ where: { stripePaymentMethodId }, ...this.#on });
  }
}

/** A customer that is nobody here is nobody’s business here. */
const nothing: Apply = async () => {};

function detailsOf({ email, name }: Stripe.Customer): { email?: string; name?: string } {
  return { ...(email && { email }), ...(name && { name }) };
}
