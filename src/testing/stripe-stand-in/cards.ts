import { groupOf, type Params, textOf } from './parse-params.js';
import type { Store, Thing } from './store.js';
import { invalid, StripeFault } from './stripe-fault.js';
import type { Emit } from './subscriptions.js';

/** Stripe’s own test cards; whatever else begins with `pm_card_` is declined. */
const BRANDS: Readonly<Record<string, string>> = { pm_card_visa: 'visa', pm_card_mastercard: 'mastercard' };

/** Cards, and who left them. */
export class StandInCards {
  constructor(
    readonly store: Store,
    readonly emit: Emit,
  ) {}

  attach(id: string, params: Params): Thing {
    const customer = this.store.get('customer', textOf(params.customer) ?? '').id;
    const card = id.startsWith('pm_card_') ? this.#add(id) : this.store.get('payment_method', id);
    card.customer = customer;
    this.emit('payment_method.attached', card);
    return card;
  }

  detach(id: string): Thing {
    const card = this.store.get('payment_method', id);
    card.customer = null;
    this.emit('payment_method.detached', card);
    return card;
  }

  /** A customer who is to pay at once must have left a card that pays. */
  charge(customerId: string): void {
    const customer = this.store.get('customer', customerId);
    const id = textOf(groupOf(customer.invoice_settings).default_payment_method);
    if (!id) throw invalid('This customer has no attached payment source or default payment method.');
    const { card } = this.store.get('payment_method', id);
    if (card.brand === 'declined')
      throw new StripeFault(402, { type: 'card_error', code: 'card_declined', message: 'Your card was declined.' });
  }

  #add(id: string): Thing {
    const card = { brand: BRANDS[id] ?? 'declined', last4: '4242' };
    return this.store.add('payment_method', 'pm', { type: 'card', card, customer: null });
  }
}
