import { BillingOrder } from 'app-kernel';
import type { StandInDelivery } from 'app-kernel/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HOOK, openShop, type Shop } from '../features/billing/open-billing.js';
import type { Person } from '../setup/people.js';

const MANY_LINES = Array.from({ length: 21 }, (_, line) => [`line${line}`, 'x'] as const);

let shop: Shop;
let ann: Person;

async function openFresh(): Promise<void> {
  shop = await openShop();
  ann = await shop.join('ann');
}

const hook = async (delivery: StandInDelivery) => (await shop.inject(HOOK, delivery)).status;

/** Someone has paid, and the event of it is on its way. */
async function paidEvent() {
  const { body } = await shop.post(ann, '/subscribe', { price_id: shop.prices.monthly });
  shop.stripe.pay(body.checkout_url);
  const event = shop.stripe.events.find(({ type }) => type === 'checkout.session.completed');
  if (!event) throw new Error('Stripe says nothing');
  return event;
}

describe('the webhook of Stripe', () => {
  beforeEach(openFresh);
  afterEach(() => shop.close());

  it('takes only what Stripe signed, as it is, within five minutes', async () => {
    const event = await paidEvent();
    const { body, headers } = shop.stripe.signed(event);
    const send = (changes: Partial<StandInDelivery>) => hook({ method: 'POST', body, headers, ...changes });
    const signature = headers['stripe-signature'] ?? '';
    expect(await send({ headers: { 'content-type': 'application/json' } })).toBe(400);
    expect(await send({ headers: { 'stripe-signature': 'nonsense' } })).toBe(400);
    expect(await send({ headers: { 'stripe-signature': signature.replace(/v1=./, 'v1=x') } })).toBe(400);
    expect(await send({ headers: { 'stripe-signature': signature.replace(/t=(\d+)/, 't=1$1') } })).toBe(400);
    expect(await send({ headers: { 'stripe-signature': signature.replace('v1=', 'v0=') } })).toBe(400);
    expect(await send({ body: JSON.stringify(JSON.parse(body)) })).toBe(400);
    expect(await send({ body: body.replace('"paid"', '"PAID"') })).toBe(400);
    expect(await send({ body: '' })).toBe(400);
    expect(await hook(shop.stripe.signed(event, { secret: 'whsec_other' }))).toBe(400);
    expect(await hook(shop.stripe.signed(event, { ageSeconds: 301 }))).toBe(400);
    expect(await shop.billing.listSubscriptions()).toEqual([]);
    expect(await hook(shop.stripe.signed(event, { ageSeconds: 290 }))).toBe(200);
    expect(await shop.billing.listSubscriptions()).toHaveLength(1);
  });

  it('goes by the clock of the service', async () => {
    const delivery = shop.stripe.signed(await paidEvent());
    shop.clock.advance(301_000);
    expect(await hook(delivery)).toBe(400);
  });

  it('asks Stripe for what an event is about, and believes nothing that it carries', async () => {
    const event = await paidEvent();
    const [session] = shop.stripe.store.all('checkout.session');
    const eve = await shop.join('eve');
    const { id: evesId } = await shop.billing.getOrCreateCustomer({ userId: eve.id, email: eve.email });
    const evesCustomer = await shop.billing.sync.syncCustomer(evesId);
    const object = { ...session, customer: evesCustomer, metadata: { local_customer_id: evesId } };
    const forged = { ...event, data: { object: object as typeof event.data.object } };
    expect(await hook(shop.stripe.signed(forged))).toBe(200);
    expect(await shop.get(eve, '/subscription')).toBeNull();
    expect(await shop.get(ann, '/subscription')).toMatchObject({ status: 'active' });
  });

  it('pays no order with the checkout of somebody else', async () => {
    const eve = await shop.join('eve');
    await shop.post(ann, '/purchase', { price_id: shop.prices.book });
    const { body } = await shop.post(eve, '/purchase', { price_id: shop.prices.book });
    const [anns, eves] = shop.stripe.store.all('checkout.session');
    if (!anns || !eves) throw new Error('Nobody buys');
    eves.metadata.local_order_id = anns.metadata.local_order_id;
    await BillingOrder.update(anns.metadata.local_order_id, { stripeCheckoutSessionId: null });
    shop.stripe.pay(body.checkout_url);
    expect(new Set(await shop.stripe.deliver())).toEqual(new Set([200]));
    expect(await shop.get(ann, '/purchased/book')).toMatchObject({ purchased: false });
  });

  it('leaves alone whom it does not know, and what it does not know', async () => {
    const stranger = shop.stripe.store.add('customer', 'cus', { email: 'other@example.com', metadata: {} });
    const price = shop.stripe.store.all('price')[0]?.id ?? '';
    shop.stripe.store.add('subscription', 'sub', {
      customer: stranger.id,
      status: 'active',
      items: { data: [{ price: { id: price }, quantity: 1 }] },
      metadata: {},
    });
    const [subscription] = shop.stripe.store.all('subscription');
    if (!subscription) throw new Error('There is no subscription');
    shop.stripe.emit('customer.subscription.created', subscription);
    shop.stripe.emit('payout.paid', { id: 'po_1', object: 'payout', created: 0 });
    shop.stripe.emit('customer.subscription.updated', { ...subscription, id: 'sub_nowhere' });
    expect(await shop.stripe.deliver()).toEqual([200, 200, 200]);
    expect(await shop.billing.listSubscriptions()).toEqual([]);
  });

  it('is too small a door for large bodies, and a door without a limit of requests', async () => {
    const body = 'x'.repeat(1_100_000);
    expect(await hook({ method: 'POST', body, headers: { 'stripe-signature': 't=1,v1=0' } })).toBe(413);
  });
});

describe('a checkout refuses', () => {
  beforeAll(openFresh);
  afterAll(() => shop.close());

  it.each([
    ['a page that is not listed', { success_url: 'https://evil.example/' }, 'success_url'],
    ['a page that only looks listed', { cancel_url: 'https://app.example@evil.example/' }, 'cancel_url'],
    ['a name that begins like a listed one', { cancel_url: 'https://app.example.evil.example/' }, 'cancel_url'],
    ['another scheme', { success_url: 'http://app.example/paid' }, 'success_url'],
    ['another port', { success_url: 'https://app.example:8443/paid' }, 'success_url'],
    ['a page without a scheme', { success_url: '//evil.example/' }, 'success_url'],
    ['backslashes', { success_url: 'https://evil.example\\@app.example/' }, 'success_url'],
    ['a line break', { success_url: 'https://app.example/\n' }, 'success_url'],
    ['a user', { success_url: 'https://me:secret@app.example/' }, 'success_url'],
    ['a script', { success_url: 'javascript:alert(1)' }, 'success_url'],
    ['no items', { quantity: 0 }, 'quantity'],
    ['fewer than none', { quantity: -1 }, 'quantity'],
    ['half an item', { quantity: 1.5 }, 'quantity'],
    ['what is no number', { quantity: Number.NaN }, 'quantity'],
    ['a number as text', { quantity: '1' }, 'quantity'],
    ['too many', { quantity: 1_000_000_000 }, 'quantity'],
    ['an address without end', { shipping_address: Object.fromEntries(MANY_LINES) }, 'shipping_address'],
  ])('%s', async (_what, fields, field) => {
    const { status, body } = await shop.post(ann, '/purchase', { price_id: shop.prices.book, ...fields });
    expect(status).toBe(422);
    expect(body.errors.map(({ loc }: { loc: string[] }) => loc.join('.'))).toContain(`body.${field}`);
    expect(shop.stripe.store.all('checkout.session')).toEqual([]);
    expect(await shop.billing.listOrders()).toEqual([]);
    expect(await shop.billing.getCustomerByUser(ann.id)).toBeNull();
  });
});

describe('a checkout', () => {
  beforeEach(openFresh);
  afterEach(() => shop.close());

  it('sends nobody who comes back from the portal to another page', async () => {
    await shop.subscribed(ann);
    expect((await shop.post(ann, '/portal', { return_url: 'https://evil.example/' })).status).toBe(422);
    expect((await shop.post(ann, '/portal', {})).body.portal_url).toContain('/portal/');
  });

  it('leads to nothing else at Stripe, whatever it is called', async () => {
    await shop.subscribed(ann);
    const asked = shop.stripe.requests.length;
    for (const id of ['.', '..', '/', '../customers', 'cs_%2e%2e', 'cs_a/../b', 'cs_a?expand[]=customer', 'cs_\u0000'])
      expect((await ann.send('GET', `/billing/checkout/verify?session_id=${encodeURIComponent(id)}`)).status).toBe(422);
    expect(shop.stripe.requests.length).toBe(asked);
    expect((await ann.send('GET', '/billing/checkout/verify?session_id=cs_test_none')).status).toBe(404);
  });

  it('is only of what is on sale, and of its kind, at the price of the catalog', async () => {
    const foreign = shop.stripe.store.all('price')[0]?.id;
    expect((await shop.post(ann, '/subscribe', { price_id: foreign })).status).toBe(404);
    expect((await shop.post(ann, '/subscribe', { price_id: shop.prices.book })).status).toBe(422);
    expect((await shop.post(ann, '/purchase', { price_id: shop.prices.monthly })).status).toBe(422);
    const cheap = { price_id: shop.prices.book, amount_cents: 1, currency: 'xxx' };
    await shop.post(ann, '/purchase', cheap);
    expect(shop.stripe.store.all('checkout.session')).toMatchObject([{ amount_total: 500, currency: 'usd' }]);
    await shop.billing.deactivatePrice(shop.prices.book);
    expect((await shop.post(ann, '/purchase', { price_id: shop.prices.book })).status).toBe(404);
  });

  it('and an order, an invoice, a subscription are nobody else’s to see or to end', async () => {
    const eve = await shop.join('eve');
    await shop.subscribed(ann);
    const { body } = await shop.post(ann, '/purchase', { price_id: shop.prices.book });
    const session = body.checkout_url.split('/').at(-1);
    const [order] = await shop.billing.listOrders();
    for (const who of ['', 'with an account']) {
      if (who)
        await shop.billing.sync.syncCustomer(
          (await shop.billing.getOrCreateCustomer({ userId: eve.id, email: eve.email })).id,
        );
      expect((await eve.send('GET', `/billing/checkout/verify?session_id=${session}`)).status).toBe(404);
      expect((await eve.send('GET', `/billing/orders/${order?.id}`)).status).toBe(404);
      expect(await shop.get(eve, '/orders')).toEqual([]);
      expect(await shop.get(eve, '/invoices')).toEqual([]);
      expect(await shop.get(eve, '/subscription')).toBeNull();
      expect((await shop.post(eve, '/cancel')).status).toBe(404);
      expect((await shop.post(eve, '/reactivate')).status).toBe(404);
    }
    shop.stripe.pay(session);
    expect(await shop.get(ann, `/checkout/verify?session_id=${session}`)).toMatchObject({ payment_status: 'paid' });
    expect(await shop.get(ann, '/access/read')).toMatchObject({ has_access: true });
    expect(await shop.get(ann, `/orders/${order?.id}`)).toMatchObject({ status: 'paid' });
  });
});

describe('what is of admins', () => {
  beforeAll(openFresh);
  afterAll(() => shop.close());

  it.each([
    ['GET', '/admin/subscriptions'],
    ['GET', '/admin/orders'],
    ['POST', '/admin/orders/x/status'],
    ['GET', '/admin/customers'],
    ['GET', '/admin/customers/x'],
    ['GET', '/admin/revenue'],
  ])('%s %s is for nobody else', async (method, path) => {
    const body = method === 'POST' ? { status: 'paid' } : undefined;
    expect((await ann.send(method, `/billing${path}`, body)).status).toBe(403);
    expect((await shop.send(method, `/billing${path}`, body)).status).toBe(401);
  });

  it('what is off sale is shown to nobody else', async () => {
    await shop.billing.deactivatePrice(shop.prices.book);
    const shirt = await shop.billing.getProductBySlug('shirt');
    await shop.billing.deactivateProduct(shirt?.id ?? '');
    const listed = async (person?: Person) =>
      (await shop.send('GET', '/billing/products?active_only=false', undefined, person?.token)).body.map(
        ({ slug }: { slug: string }) => slug,
      );
    expect(await listed(ann)).toEqual(['pro', 'book']);
    expect(await listed()).toEqual(['pro', 'book']);
    const root = await shop.join('root');
    await shop.service.kernel.userStore.setRole?.(root.id, 'admin');
    expect(await listed(root)).toEqual(['pro', 'book', 'shirt']);
    expect((await shop.send('GET', '/billing/products/shirt')).status).toBe(404);
  });
});
