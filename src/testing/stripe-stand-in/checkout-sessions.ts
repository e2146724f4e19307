import { groupOf, metadataOf, type Params, textOf } from './parse-params.js';
import type { Store, Thing } from './store.js';
import { invalid } from './stripe-fault.js';
import type { Emit, StandInSubscriptions } from './subscriptions.js';

/** Checkouts, and what comes of them once somebody has paid. */
export class StandInCheckouts {
  readonly #asked = new Map<string, Params>();

  constructor(
    readonly store: Store,
    readonly emit: Emit,
    readonly subscriptions: StandInSubscriptions,
  ) {}

  create(params: Params, baseUrl: string): Thing {
    const [line] = Object.values(groupOf(params.line_items)).map(groupOf);
    const price = this.store.get('price', textOf(line?.price) ?? '');
    const mode = textOf(params.mode);
    if ((mode === 'subscription') !== Boolean(price.recurring))
      throw invalid('The price does not suit the mode', 'mode');
    if (!price.active) throw invalid('The price specified is inactive.', 'line_items[0][price]');
    const customer = this.store.get('customer', textOf(params.customer) ?? '').id;
    const session = this.store.add('checkout.session', 'cs_test', {
      mode,
      customer,
      status: 'open',
      payment_status: 'unpaid',
      amount_total: price.unit_amount * Number(textOf(line?.quantity) ?? 1),
      currency: price.currency,
      metadata: metadataOf(params),
      success_url: textOf(params.success_url),
      cancel_url: textOf(params.cancel_url),
      subscription: null,
      payment_intent: null,
      collected_information: null,
      shipping_address_collection: addressCollection(params),
    });
    session.url = `${baseUrl}/pay/${session.id}`;
    this.#asked.set(session.id, params);
    return session;
  }

  expire(id: string): Thing {
    const session = this.store.get('checkout.session', id);
    if (session.status !== 'open') throw invalid('Only open sessions can be expired.');
    Object.assign(session, { status: 'expired', url: null });
    this.emit('checkout.session.expired', session);
    return session;
  }

  /** What the buyer does on Stripe's page. */
  pay(id: string, shipping?: { name: string; address: Record<string, string> }): Thing {
    const session = this.store.get('checkout.session', id);
    if (session.status !== 'open') throw invalid('This session is not open.');
    const params = this.#asked.get(id) ?? {};
    const [line] = Object.values(groupOf(params.line_items)).map(groupOf);
    Object.assign(session, { status: 'complete', payment_status: 'paid', url: null });
    if (session.mode === 'subscription') {
      const quantity = Number(textOf(line?.quantity) ?? 1);
      const details = groupOf(params.subscription_data);
      const price = textOf(line?.price) ?? '';
      const card = 'the card of the page';
      session.subscription = this.subscriptions.start(session.customer, price, quantity, details, card).id;
    } else {
      const { metadata } = session;
      session.payment_intent = this.store.add('payment_intent', 'pi', { amount: session.amount_total, metadata }).id;
      const payment_intent = session.payment_intent;
      this.store.add('charge', 'ch', { payment_intent, refunded: false, metadata });
      if (shipping) session.collected_information = { shipping_details: shipping };
    }
    this.emit('checkout.session.completed', session);
    return session;
  }
}

function addressCollection(params: Params): { allowed_countries: unknown[] } | null {
  const countries = Object.values(groupOf(groupOf(params.shipping_address_collection).allowed_countries));
  return countries.length > 0 ? { allowed_countries: countries } : null;
}
