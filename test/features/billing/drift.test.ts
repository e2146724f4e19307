import { BillingEvent, BillingSubscription, getJobClient } from 'app-kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeptLog } from '../../service/setup/kept-log.js';
import type { Person } from '../../setup/people.js';
import { openShop, type Shop } from './open-billing.js';

let shop: Shop;
let ann: Person;
let log: KeptLog;
beforeEach(async () => {
  log = new KeptLog();
  shop = await openShop({ logger: log });
  ann = await shop.join('ann');
});
afterEach(() => shop.close());

describe('the drift report', () => {
  it('names what differed, and mends what can be mended', async () => {
    const { sync } = shop.billing;
    const { body } = await shop.post(ann, '/subscribe', { price_id: shop.prices.monthly });
    const unheard = shop.stripe.pay(body.checkout_url).subscription;
    const bought = await shop.post(ann, '/purchase', { price_id: shop.prices.book });
    shop.stripe.pay(bought.body.checkout_url);
    const customer = shop.stripe.store.all('customer')[0]?.id ?? '';
    const price = shop.stripe.store.all('price')[0];
    const second = shop.stripe.store.add('subscription', 'sub', {
      ...{ customer, status: 'active', metadata: {} },
      items: { data: [{ price, quantity: 1 }] },
    });
    const stranger = shop.stripe.store.add('subscription', 'sub', {
      ...{ customer: 'cus_stranger', status: 'active', metadata: {} },
      items: { data: [] },
    });
    const { id: customerId } = (await shop.billing.getCustomerByUser(ann.id)) ?? { id: '' };
    await BillingSubscription.save({ customerId, status: 'active', stripeSubscriptionId: 'sub_gone' });
    const [order] = await shop.billing.listOrders();
    const report = await sync.reconcileAllSubscriptions();
    expect(report).toEqual({
      checked: 5,
      repaired: expect.arrayContaining([
        { stripeSubscriptionId: unheard, status: [null, 'active'] },
        { stripeSubscriptionId: second.id, status: [null, 'active'] },
      ]),
      orders: [{ orderId: order?.id, status: ['pending', 'paid'] }],
      unknown: [stranger.id],
      missing: ['sub_gone'],
      doubled: [customerId],
    });
    expect(await shop.get(ann, '/access/read')).toMatchObject({ has_access: true });
  });

  it('is the result of a job, and in the log; the job forgets old events as well', async () => {
    const id = await shop.subscribed(ann);
    expect(await BillingEvent.count({})).toBeGreaterThan(0);
    shop.clock.advance(31 * 86_400_000);
    shop.stripe.failPayment(id);
    const { jobId } = await getJobClient().enqueue('kernel.billing_reconcile', {});
    await expect.poll(async () => (await getJobClient().get(jobId))?.status, { timeout: 10_000 }).toBe('succeeded');
    const job = await getJobClient().get(jobId);
    expect(job?.result).toMatchObject({ repaired: [{ stripeSubscriptionId: id, status: ['active', 'past_due'] }] });
    expect(log.text).toContain('Billing and Stripe differed');
    expect(await BillingEvent.count({})).toBe(0);
  });
});
