import { BillingEvent, BillingSubscription } from 'app-kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Person } from '../../setup/people.js';
import { SQL_BACKENDS } from '../../setup/servers.js';
import type { TestDatabase } from '../../setup/sql-backends.js';
import { HOOK, openShop, type Shop } from './open-billing.js';

for (const backend of SQL_BACKENDS) {
  describe(`billing on ${backend.name}`, () => {
    let database: TestDatabase;
    let shop: Shop;
    let ann: Person;
    let root: Person;

    beforeAll(async () => {
      database = await backend.create();
      shop = await openShop({ databaseUrl: database.url, dataDir: database.dataDir });
      ann = await shop.join('ann');
      root = await shop.join('root');
      await shop.service.kernel.userStore.setRole?.(root.id, 'admin');
    });
    afterAll(async () => {
      await shop.close();
      await database.drop();
    });

    it('shows what is on sale, and told Stripe of it at the start', async () => {
      const { body } = await shop.send('GET', '/billing/products');
      expect(body).toMatchObject([
        { slug: 'pro', product_type: 'subscription', prices: [{ amount_cents: 1_999 }, { interval: 'year' }] },
        { slug: 'book', product_type: 'one_time' },
        { slug: 'shirt', shippable: true },
      ]);
      expect(shop.stripe.store.all('price').map(({ unit_amount }) => unit_amount)).toEqual([1_999, 12_000, 500, 2_000]);
      const asked = shop.stripe.requests.length;
      expect(await shop.billing.sync.syncCatalog()).toEqual({ products: 0, prices: 0 });
      expect(shop.stripe.requests.length).toBe(asked);
      expect((await shop.send('GET', '/billing/products/nothing')).status).toBe(404);
    });

    it('sells a subscription, which gives access, and each event has one effect', async () => {
      expect(await shop.get(ann, '/subscription')).toBeNull();
      expect(await shop.get(ann, '/access/export')).toEqual({ feature: 'export', has_access: false });
      expect((await shop.post(ann, '/cancel')).status).toBe(404);
      await shop.subscribed(ann);
      expect(await shop.get(ann, '/subscription')).toMatchObject({
        status: 'active',
        product: { slug: 'pro' },
        price: { amount_cents: 1_999 },
        cancel_at_period_end: false,
      });
      expect(await shop.get(ann, '/access/export')).toMatchObject({ has_access: true });
      expect(await shop.get(ann, '/invoices')).toMatchObject([{ status: 'paid', amount_paid: 1_999 }]);
      const [subscription] = await shop.billing.listSubscriptions();
      const event = shop.stripe.events.find(({ type }) => type === 'customer.subscription.created');
      if (!event) throw new Error('Stripe says nothing');
      const again = await Promise.all([1, 2, 3].map(() => shop.inject(HOOK, shop.stripe.signed(event))));
      expect(again.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(await shop.billing.listSubscriptions()).toMatchObject([{ version: subscription?.version }]);
    });

    it('has one row and one effect where deliveries of one event, and of many, come at once', async () => {
      const cat = await shop.join('cat');
      const { body } = await shop.post(cat, '/subscribe', { price_id: shop.prices.monthly });
      shop.stripe.pay(body.checkout_url);
      const before = await shop.billing.listSubscriptions();
      const events = shop.stripe.events.slice(-3);
      const sent = [...events, ...events, ...events].map((event) => shop.inject(HOOK, shop.stripe.signed(event)));
      expect(new Set((await Promise.all(sent)).map(({ status }) => status))).toEqual(new Set([200]));
      expect(await shop.billing.listSubscriptions()).toHaveLength(before.length + 1);
      const ids = events.map(({ id }) => id);
      expect(await BillingEvent.count({ where: { stripeEventId: { in: ids } } })).toBe(3);
      const id = (await shop.billing.listSubscriptions())[0]?.id ?? '';
      expect((await BillingSubscription.history(id)).length).toBe(1);
      expect((await shop.post(cat, '/cancel', { immediately: true })).body).toMatchObject({ status: 'cancelled' });
      await shop.stripe.deliver();
      expect(await shop.get(cat, '/subscription')).toBeNull();
    });

    it('changes the plan, cancels once and again, and takes that back', async () => {
      const changed = await shop.post(ann, '/subscribe', { price_id: shop.prices.yearly });
      expect(changed.body).toMatchObject({ action: 'plan_changed', checkout_url: null });
      expect((await shop.post(ann, '/subscribe', { price_id: shop.prices.yearly })).body.action).toBe('no_change');
      const cancelled = { status: 'cancelled', cancel_at_period_end: true };
      for (let time = 0; time < 2; time++) expect((await shop.post(ann, '/cancel')).body).toMatchObject(cancelled);
      expect(await shop.get(ann, '/subscription')).toMatchObject({ cancel_at_period_end: true, status: 'active' });
      expect((await shop.post(ann, '/reactivate')).body.status).toBe('reactivated');
      expect(await shop.get(ann, '/subscription')).toMatchObject({
        cancel_at_period_end: false,
        price: { amount_cents: 12_000 },
      });
    });

    it('counts what comes in each month by interval', async () => {
      expect((await root.send('GET', '/billing/admin/revenue')).body).toMatchObject({
        active_subscriptions: 1,
        mrr_cents: 1_000,
      });
    });

    it('follows a payment that failed, and events out of order', async () => {
      const customer = await shop.billing.getCustomerByUser(ann.id);
      const [row] = await shop.billing.listSubscriptions({ customerId: customer?.id ?? '' });
      const id = row?.stripeSubscriptionId ?? '';
      shop.stripe.failPayment(id);
      const early = shop.stripe.events.at(-1);
      shop.stripe.cancelSubscription(id);
      await shop.stripe.deliver();
      expect(await shop.get(ann, '/subscription')).toBeNull();
      if (!early) throw new Error('Stripe says nothing');
      expect((await shop.inject(HOOK, shop.stripe.signed({ ...early, id: 'evt_late' }))).status).toBe(200);
      expect(await shop.get(ann, '/subscription')).toBeNull();
      expect(await shop.get(ann, '/access/export')).toMatchObject({ has_access: false });
      expect((await shop.post(ann, '/cancel', { immediately: true })).status).toBe(404);
    });

    it('sells things once: paid, shipped, delivered, they are the buyer’s until the money is given back', async () => {
      const bought = await shop.post(ann, '/purchase', { price_id: shop.prices.shirt, quantity: 2 });
      expect(await shop.get(ann, '/orders')).toMatchObject([{ status: 'pending', amount_cents: 4_000 }]);
      expect(await shop.get(ann, '/purchased/shirt')).toEqual({ product: 'shirt', purchased: false });
      shop.stripe.pay(bought.body.checkout_url, { name: 'Ann', address: { city: 'Oslo' } });
      await shop.stripe.deliver();
      const [order] = (await shop.get(ann, '/orders')) as Array<{ id: string }>;
      expect(order).toMatchObject({ status: 'paid', shipping_address: { city: 'Oslo' } });
      for (const status of ['shipped', 'delivered']) {
        const path = `/billing/admin/orders/${order?.id}/status`;
        expect((await root.send('POST', path, { status, tracking_number: 'T1' })).status).toBe(200);
        expect(await shop.get(ann, '/purchased/shirt')).toMatchObject({ purchased: true });
      }
      const stored = await shop.billing.getOrder(order?.id ?? '');
      shop.stripe.refund(stored?.stripePaymentIntentId ?? '');
      await shop.stripe.deliver();
      expect(await shop.get(ann, '/purchased/shirt')).toMatchObject({ purchased: false });
    });

    it('reports and mends what differs from Stripe', async () => {
      const bob = await shop.join('bob');
      const { body } = await shop.post(bob, '/subscribe', { price_id: shop.prices.monthly });
      const paid = shop.stripe.pay(body.checkout_url);
      expect(await shop.get(bob, '/subscription')).toBeNull(); // no event came
      expect(await shop.billing.sync.reconcileAllSubscriptions()).toMatchObject({
        repaired: [{ stripeSubscriptionId: paid.subscription, status: [null, 'active'] }],
        orders: [],
        unknown: [],
        missing: [],
        doubled: [],
      });
      expect(await shop.get(bob, '/access/export')).toMatchObject({ has_access: true });
      expect(await shop.billing.sync.reconcileAllSubscriptions()).toMatchObject({ repaired: [], orders: [] });
    });
  });
}
