import type Stripe from 'stripe';
import type { SessionHandle } from '../../../orm/index.js';
import type { Apply } from '../stripe/settle.js';
import type { StripeAccess } from '../stripe/stripe-access.js';
import { idOf } from '../stripe/stripe-values.js';
import { BillingCustomer, BillingPaymentMethod } from './entities.js';

/** Follows what is changed of customers and their cards at Stripe: in its portal, in its dashboard. */
export class CustomerMirror {
  readonly #stripe: StripeAccess;
  readonly #on: { db?: SessionHandle };

  constructor({ stripe, db }: { stripe: StripeAccess; db?: SessionHandle | undefined }) {
    this.#stripe = stripe;
    this.#on = db ? { db } : {};
  }

  async askCustomer(stripeCustomerId: string): Promise<Apply> {
    const before = await BillingCustomer.findOne({ where: { stripeCustomerId }, ...this.#on });
    if (!before) return nothing;
    const remote = await this.#stripe.find((stripe) => stripe.customers.retrieve(stripeCustomerId));
    const values = !remote || remote.deleted ? { stripeCustomerId: null } : detailsOf(remote);
    return async () => {
      await BillingCustomer.update(before.id, values, { expectedVersion: before.version, ...this.#on });
    };
  }

  async askPaymentMethod(stripePaymentMethodId: string): Promise<Apply> {
    const where = { stripePaymentMethodId };
    const before = await BillingPaymentMethod.findOne({ where, ...this.#on });
    const remote = await this.#stripe.find((stripe) => stripe.paymentMethods.retrieve(stripePaymentMethodId));
    const stripeCustomerId = idOf(remote?.customer);
    return async () => {
      const customer =
        stripeCustomerId && (await BillingCustomer.findOne({ where: { stripeCustomerId }, ...this.#on }));
      const versioned = { ...(before && { expectedVersion: before.version }), ...this.#on };
      if (!remote || !customer) {
        if (before) await BillingPaymentMethod.delete(before.id, versioned);
        return;
      }
      const row = {
        stripePaymentMethodId,
        customerId: customer.id,
        type: remote.type,
        cardLast4: remote.card?.last4 ?? null,
        cardBrand: remote.card?.brand ?? null,
      };
      if (!before) await BillingPaymentMethod.save(row, this.#on);
      else await BillingPaymentMethod.update(before.id, row, versioned);
    };
  }
}

/** A customer that is nobody here is nobody’s business here. */
const nothing: Apply = async () => {};

function detailsOf({ email, name }: Stripe.Customer): { email?: string; name?: string } {
  return { ...(email && { email }), ...(name && { name }) };
}
