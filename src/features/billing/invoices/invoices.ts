import type Stripe from 'stripe';
import type { SessionHandle } from '../../../orm/index.js';
import { BillingCustomer } from '../customers/entities.js';
import type { Apply } from '../stripe/settle.js';
import type { StripeAccess } from '../stripe/stripe-access.js';
import { idOf, timeOf } from '../stripe/stripe-values.js';
import type { SubscriptionMirror } from '../subscriptions/subscription-mirror.js';
import { BillingInvoice } from './entities.js';

export interface InvoiceFilter {
  customerId: string;
  /** Default 10. */
  limit?: number;
}

interface InvoicesOptions {
  stripe: StripeAccess;
  mirror: SubscriptionMirror;
  db?: SessionHandle | undefined;
}

/** Bills, copied from Stripe. */
export class Invoices {
  readonly #stripe: StripeAccess;
  readonly #mirror: SubscriptionMirror;
  readonly #on: { db?: SessionHandle };

  constructor({ stripe, mirror, db }: InvoicesOptions) {
    this.#stripe = stripe;
    this.#mirror = mirror;
    this.#on = db ? { db } : {};
  }

  getInvoice(id: string): Promise<BillingInvoice | null> {
    return BillingInvoice.get(id, this.#on);
  }

  listInvoices({ customerId, limit = 10 }: InvoiceFilter): Promise<BillingInvoice[]> {
    return BillingInvoice.find({ where: { customerId }, orderBy: { id: 'desc' }, limit, ...this.#on });
  }

  /** The invoice, and the subscription it is of: a payment that failed or came in changes both. */
  async ask(stripeInvoiceId: string): Promise<Apply> {
    const before = await BillingInvoice.findOne({ where: { stripeInvoiceId }, ...this.#on });
    const remote = await this.#stripe.find((stripe) => stripe.invoices.retrieve(stripeInvoiceId));
    const stripeSubscriptionId = idOf(remote?.parent?.subscription_details?.subscription);
    const applySubscription = stripeSubscriptionId ? await this.#mirror.ask(stripeSubscriptionId) : undefined;
    return async () => {
      const subscription = await applySubscription?.();
      const customerId = before?.customerId ?? subscription?.customerId ?? (await this.#customerOf(remote));
      if (!remote || !customerId) return;
      const row = { ...valuesOf(remote, stripeInvoiceId), customerId, subscriptionId: subscription?.id ?? null };
      if (!before) await BillingInvoice.save(row, this.#on);
      else await BillingInvoice.update(before.id, row, { expectedVersion: before.version, ...this.#on });
    };
  }

  async #customerOf(remote: Stripe.Invoice | null): Promise<string | undefined> {
    const stripeCustomerId = idOf(remote?.customer);
    if (!stripeCustomerId) return undefined;
    return (await BillingCustomer.findOne({ where: { stripeCustomerId }, ...this.#on }))?.id;
  }
}

function valuesOf(remote: Stripe.Invoice, stripeInvoiceId: string) {
  return {
    stripeInvoiceId,
    status: remote.status ?? 'draft',
    amountDue: remote.amount_due,
    amountPaid: remote.amount_paid,
    currency: remote.currency,
    invoicePdf: remote.invoice_pdf ?? null,
    hostedInvoiceUrl: remote.hosted_invoice_url ?? null,
    periodStart: timeOf(remote.period_start),
    periodEnd: timeOf(remote.period_end),
  };
}
