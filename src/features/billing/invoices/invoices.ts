import type Stripe from 'stripe';
import type { SessionHandle } from '../../../orm/index.js';
import { BillingCustomer } from '../customers/entities.js';
import { findAtStripe } from '../stripe/ask-stripe.js';
import { type Apply, StaleAnswerError } from '../stripe/settle.js';
import { idOf, timeOf } from '../stripe/times.js';
import type { BillingSubscription } from '../subscriptions/entities.js';
import type { SubscriptionMirror } from '../subscriptions/subscription-mirror.js';
import { BillingInvoice } from './entities.js';

/** Bills, copied from Stripe. */
export class Invoices {
  readonly #stripe: Stripe;
  readonly #mirror: SubscriptionMirror;
  readonly #on: { db?: SessionHandle };

  constructor({ stripe, mirror, db }: { stripe: Stripe; mirror: SubscriptionMirror; db?: SessionHandle | undefined }) {
    this.#stripe = stripe;
    this.#mirror = mirror;
    this.#on = db ? { db } : {};
  }

  getInvoice(id: string): Promise<BillingInvoice | null> {
    return BillingInvoice.get(id, this.#on);
  }

  listInvoices({ customerId, limit = 10 }: { customerId: string; limit?: number }): Promise<BillingInvoice[]> {
    return BillingInvoice.find({ where: { customerId }, orderBy: { id: 'desc' }, limit, ...this.#on });
  }

  /** The invoice, and the subscription it is of: a payment that failed or came in changes both. */
  async ask(stripeInvoiceId: string): Promise<Apply> {
    const before = await this.#find(stripeInvoiceId);
    const remote = await findAtStripe(() => this.#stripe.invoices.retrieve(stripeInvoiceId));
    const stripeSubscriptionId = idOf(remote?.parent?.subscription_details?.subscription);
    const applySubscription = stripeSubscriptionId ? await this.#mirror.ask(stripeSubscriptionId) : undefined;
    return async () => {
      const subscription = await applySubscription?.();
      const known = await this.#find(stripeInvoiceId);
      if (known?.version !== before?.version) throw new StaleAnswerError('The invoice has changed meanwhile');
      if (remote) await this.#write(remote, subscription ?? null);
    };
  }

  async #write(remote: Stripe.Invoice, subscription: BillingSubscription | null): Promise<void> {
    const stripeCustomerId = idOf(remote.customer);
    const customer = stripeCustomerId && (await BillingCustomer.findOne({ where: { stripeCustomerId }, ...this.#on }));
    if (!customer || !remote.id) return;
    const row = {
      stripeInvoiceId: remote.id,
      customerId: customer.id,
      subscriptionId: subscription?.id ?? null,
      status: remote.status ?? 'draft',
      amountDue: remote.amount_due,
      amountPaid: remote.amount_paid,
      currency: remote.currency,
      invoicePdf: remote.invoice_pdf ?? null,
      hostedInvoiceUrl: remote.hosted_invoice_url ?? null,
      periodStart: timeOf(remote.period_start),
      periodEnd: timeOf(remote.period_end),
    };
    await BillingInvoice.save(row, { matchBy: 'stripeInvoiceId', ...this.#on });
  }

  #find(stripeInvoiceId: string): Promise<BillingInvoice | null> {
    return BillingInvoice.findOne({ where: { stripeInvoiceId }, ...this.#on });
  }
}
