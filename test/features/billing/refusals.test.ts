import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Person } from '../../setup/people.js';
import { openShop, type Shop } from './open-billing.js';

let shop: Shop;
let ann: Person;
beforeEach(async () => {
  shop = await openShop();
  ann = await shop.join('ann');
});
afterEach(() => shop.close());

const WEBHOOK = '/api/v1/billing/webhooks/stripe';
const hook = (init: { body: string; headers: Record<string, string> }) =>
  shop.service.inject(WEBHOOK, { method: 'POST', ...init });

describe('the webhook of Stripe', () => {
  it('takes only what Stripe signed, as it is, within five minutes', async () => {
    await shop.billing.sync.syncCustomer((await shop.billing.getOrCreateCustomer({ userId: 'u', email: 'u@x.io' })).id);
    const [event] = shop.stripe.events;
    if (!event) throw new Error('Stripe says nothing');
    const { body, headers } = shop.stripe.signed(event);
    expect((await hook({ body, headers: { 'content-type': 'application/json' } })).status).toBe(400);
    expect((await hook(shop.stripe.signed(event, { secret: 'whsec_other' }))).status).toBe(400);
    expect((await hook(shop.stripe.signed(event, { ageSeconds: 301 }))).status).toBe(400);
    expect((await hook({ body: JSON.stringify(JSON.parse(body)), headers })).status).toBe(400);
    expect((await hook(shop.stripe.signed(event, { ageSeconds: 290 }))).status).toBe(200);
  });

  it('asks for another delivery where the effect failed, and has it then', async () => {
    const { body } = await shop.post(ann, '/subscribe', { price_id: shop.prices.monthly });
    shop.stripe.pay(body.checkout_url);
    shop.stripe.mode = 'fail';
    for (const status of await shop.deliver()) expect(status === 200 || status >= 500).toBe(true);
    expect(await shop.get(ann, '/access/export')).toMatchObject({ has_access: false });
    shop.stripe.mode = 'answer';
    expect(new Set(await shop.deliver())).toEqual(new Set([200]));
    expect(await shop.get(ann, '/access/export')).toMatchObject({ has_access: true });
  });

  it('ignores what it does not know, and is in OpenAPI', async () => {
    const event = shop.stripe.emit('payout.paid', { id: 'po_1', object: 'payout', created: 0 });
    expect((await hook(shop.stripe.signed(event))).status).toBe(200);
    const { paths } = (await (await shop.service.inject('/openapi.json')).json()) as { paths: object };
    expect(paths).toHaveProperty([WEBHOOK, 'post']);
  });
});

describe('a checkout', () => {
  it.each([
    ['a page that is not listed', { success_url: 'https://evil.example/' }, 'success_url'],
    ['a page that only looks listed', { cancel_url: 'https://app.example@evil.example/' }, 'cancel_url'],
    ['a script', { success_url: 'javascript:alert(1)' }, 'success_url'],
    ['no items', { quantity: 0 }, 'quantity'],
    ['fewer than none', { quantity: -1 }, 'quantity'],
    ['half an item', { quantity: 1.5 }, 'quantity'],
    ['too many', { quantity: 1_000_000 }, 'quantity'],
  ])('refuses %s', async (_what, fields, field) => {
    const { status, body } = await shop.post(ann, '/purchase', { price_id: shop.prices.book, ...fields });
    expect(status).toBe(422);
    expect(body.errors.map(({ loc }: { loc: string[] }) => loc.join('.'))).toContain(`body.${field}`);
    expect(shop.stripe.store.all('checkout.session')).toEqual([]);
  });

  it('is only of what is on sale, and of its kind', async () => {
    const foreign = shop.stripe.store.all('price')[0]?.id;
    expect((await shop.post(ann, '/subscribe', { price_id: foreign })).status).toBe(404);
    expect((await shop.post(ann, '/subscribe', { price_id: shop.prices.book })).status).toBe(422);
    expect((await shop.post(ann, '/purchase', { price_id: shop.prices.monthly })).status).toBe(422);
    await shop.billing.deactivatePrice(shop.prices.book);
    expect((await shop.post(ann, '/purchase', { price_id: shop.prices.book })).status).toBe(404);
  });

  it('of two tabs leads to one subscription', async () => {
    const begun = await Promise.all([1, 2].map(() => shop.post(ann, '/subscribe', { price_id: shop.prices.monthly })));
    expect(begun.map(({ status }) => status)).toEqual([200, 200]);
    expect(shop.stripe.store.all('customer')).toHaveLength(1);
    const open = shop.stripe.store.all('checkout.session').filter(({ status }) => status === 'open');
    expect(open).toHaveLength(1);
  });

  it('and an order are nobody else’s to see', async () => {
    const eve = await shop.join('eve');
    const { body } = await shop.post(ann, '/purchase', { price_id: shop.prices.book });
    const session = body.checkout_url.split('/').at(-1);
    const [order] = await shop.billing.listOrders();
    expect((await eve.send('GET', `/billing/checkout/verify?session_id=${session}`)).status).toBe(404);
    expect((await eve.send('GET', `/billing/orders/${order?.id}`)).status).toBe(404);
    expect((await eve.send('POST', '/billing/portal', {})).status).toBe(404);
    shop.stripe.pay(session);
    expect(await shop.get(ann, `/checkout/verify?session_id=${session}`)).toMatchObject({ payment_status: 'paid' });
    expect(await shop.get(ann, '/access/read')).toMatchObject({ has_access: true });
    expect((await ann.send('POST', '/billing/portal', {})).body.portal_url).toContain('/portal/');
  });

  it.each(['/admin/subscriptions', '/admin/orders', '/admin/customers', '/admin/customers/x', '/admin/revenue'])(
    '%s is for admins',
    async (path) => {
      expect((await ann.send('GET', `/billing${path}`)).status).toBe(403);
      expect((await shop.send('GET', `/billing${path}`)).status).toBe(401);
    },
  );
});
