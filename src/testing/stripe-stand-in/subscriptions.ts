import { groupOf, metadataOf, type Params, textOf } from './parse-params.js';
import type { Store, Thing } from './store.js';
import { invalid } from './stripe-fault.js';

export type Emit = (type: string, object: Thing) => void;
export const DAY = 86_400;
const DAYS: Readonly<Record<string, number>> = { day: 1, week: 7, month: 30, year: 365 };

/** How long one period of a price is, s. Months have 30 days here. */
export function periodOf({ recurring }: Thing): number {
  return (DAYS[recurring.interval] ?? 30) * recurring.interval_count * DAY;
}

/** Subscriptions and their invoices. */
export class StandInSubscriptions {
  constructor(
    readonly store: Store,
    readonly emit: Emit,
  ) {}

  /** @param card what was left on the page of a checkout; without one, the customer's is charged */
  start(customer: string, priceId: string, quantity: number, params: Params, card: string | null = null): Thing {
    const price = this.store.get('price', priceId);
    if (!price.recurring) throw invalid('The price specified is not recurring', 'items[0][price]');
    const now = this.store.seconds;
    const trialDays = Number(textOf(params.trial_period_days) ?? 0);
    const trialEnd = trialDays > 0 ? now + trialDays * DAY : null;
    const item = this.store.add('subscription_item', 'si', {
      price,
      quantity,
      current_period_start: now,
      current_period_end: trialEnd ?? now + periodOf(price),
    });
    const subscription = this.store.add('subscription', 'sub', {
      customer,
      status: trialEnd ? 'trialing' : 'active',
      items: { object: 'list', data: [item], has_more: false },
      trial_end: trialEnd,
      cancel_at_period_end: false,
      canceled_at: null,
      default_payment_method: card,
      metadata: metadataOf(params),
    });
    const invoice = this.bill(subscription, trialEnd ? 0 : price.unit_amount * quantity);
    this.emit('customer.subscription.created', subscription);
    this.emit('invoice.payment_succeeded', invoice);
    return subscription;
  }

  update(id: string, params: Params): Thing {
    const subscription = this.store.get('subscription', id);
    if (subscription.status === 'canceled') throw invalid('A canceled subscription can only update its metadata.');
    const atEnd = textOf(params.cancel_at_period_end);
    if (atEnd !== undefined) {
      subscription.cancel_at_period_end = atEnd === 'true';
      subscription.canceled_at = atEnd === 'true' ? this.store.seconds : null;
    }
    for (const change of Object.values(groupOf(params.items))) {
      const price = textOf(groupOf(change).price);
      if (price) subscription.items.data[0].price = this.#priceIn(subscription.items.data[0].price.currency, price);
    }
    Object.assign(subscription.metadata, metadataOf(params));
    this.emit('customer.subscription.updated', subscription);
    return subscription;
  }

  #priceIn(currency: string, id: string): Thing {
    const price = this.store.get('price', id);
    if (price.currency !== currency) throw invalid('You cannot combine currencies on a single subscription.');
    return price;
  }

  cancel(id: string): Thing {
    const subscription = this.store.get('subscription', id);
    if (subscription.status === 'canceled') throw invalid(`No such subscription: '${id}'`, 'id', 'resource_missing');
    Object.assign(subscription, { status: 'canceled', canceled_at: this.store.seconds });
    this.emit('customer.subscription.deleted', subscription);
    return subscription;
  }

  /** A payment fails: Stripe goes on trying to collect it. */
  failPayment(id: string): void {
    const subscription = this.store.get('subscription', id);
    subscription.status = 'past_due';
    const invoice = this.bill(subscription, amountOf(subscription), 'open');
    this.emit('invoice.payment_failed', invoice);
    this.emit('customer.subscription.updated', subscription);
  }

  /** A payment that had failed comes in. */
  recoverPayment(id: string): void {
    const subscription = this.store.get('subscription', id);
    const invoice = this.openInvoice(subscription);
    if (!invoice) throw invalid('This subscription owes nothing.');
    Object.assign(invoice, { status: 'paid', amount_paid: invoice.amount_due });
    subscription.status = 'active';
    this.emit('invoice.payment_succeeded', invoice);
    this.emit('customer.subscription.updated', subscription);
  }

  openInvoice({ id }: Thing): Thing | undefined {
    const isOf = ({ parent }: Thing): boolean => parent.subscription_details.subscription === id;
    return this.store.all('invoice').find((invoice) => invoice.status === 'open' && isOf(invoice));
  }

  /** An invoice of the period that the subscription is in. */
  bill(subscription: Thing, amount = amountOf(subscription), status = 'paid'): Thing {
    const [item] = subscription.items.data;
    return this.store.add('invoice', 'in', {
      customer: subscription.customer,
      parent: { type: 'subscription_details', subscription_details: { subscription: subscription.id } },
      status,
      amount_due: amount,
      amount_paid: status === 'paid' ? amount : 0,
      currency: item.price.currency,
      invoice_pdf: 'https://stripe.invalid/invoice.pdf',
      hosted_invoice_url: 'https://stripe.invalid/invoice',
      period_start: item.current_period_start,
      period_end: item.current_period_end,
    });
  }
}

function amountOf({ items }: Thing): number {
  const [{ price, quantity }] = items.data;
  return price.unit_amount * quantity;
}
