import { BillingSubscription } from 'app-kernel';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Person } from '../../setup/people.js';
import { openShop, type Shop } from './open-billing.js';

let shop: Shop;
let ann: Person;
beforeEach(async () => {
  shop = await openShop();
  ann = await shop.join('ann');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await shop.close();
});

const open = () => shop.stripe.store.all('checkout.session').filter(({ status }) => status === 'open');
const subscribe = (price_id = shop.prices.monthly) => shop.post(ann, '/subscribe', { price_id });
const customerOf = async ({ id, email }: Person) => shop.billing.getOrCreateCustomer({ userId: id, email });

describe('nobody comes to pay for two subscriptions', () => {
  it('where two tabs subscribe at once, one page is left to pay on', async () => {
    const begun = await Promise.all([subscribe(), subscribe(shop.prices.yearly)]);
    expect(begun.map(({ status }) => status)).toEqual([200, 200]);
    expect(shop.stripe.store.all('customer')).toHaveLength(1);
    expect(open()).toHaveLength(1);
  });

  it('where they subscribe again before the event of the payment has come', async () => {
    shop.stripe.pay((await subscribe()).body.checkout_url);
    expect((await subscribe()).body).toMatchObject({ action: 'no_change', checkout_url: null });
    expect((await subscribe(shop.prices.yearly)).body).toMatchObject({ action: 'plan_changed' });
    expect(shop.stripe.store.all('subscription')).toHaveLength(1);
    expect(open()).toHaveLength(0);
  });

  it('where a page is paid in the moment in which it is closed', async () => {
    const { body } = await subscribe();
    const { stripe } = shop.billing;
    const find = stripe.find.bind(stripe);
    vi.spyOn(stripe, 'find').mockImplementationOnce(async (call) => {
      const pages = await find(call);
      shop.stripe.pay(body.checkout_url);
      return pages;
    });
    expect((await subscribe()).body).toMatchObject({ action: 'no_change' });
    expect(shop.stripe.store.all('subscription')).toHaveLength(1);
  });

  it('where the first one waits for a payment', async () => {
    const id = await shop.subscribed(ann);
    const subscription = shop.stripe.store.get('subscription', id);
    subscription.status = 'unpaid';
    shop.stripe.emit('customer.subscription.updated', subscription);
    await shop.stripe.deliver();
    expect(await shop.get(ann, '/subscription')).toMatchObject({ status: 'unpaid' });
    expect(await shop.get(ann, '/access/export')).toMatchObject({ has_access: false });
    expect((await subscribe()).status).toBe(409);
  });
});

describe('a trial', () => {
  it('gives access, pays nothing, and is the first subscription’s alone', async () => {
    await shop.close();
    shop = await openShop({ billing: { redirectUrls: ['https://app.example/'], trialDays: 7 } });
    ann = await shop.join('ann');
    const id = await shop.subscribed(ann);
    expect(await shop.get(ann, '/access/export')).toMatchObject({ has_access: true });
    expect(await shop.get(ann, '/subscription')).toMatchObject({ status: 'trialing', trial_end: expect.any(String) });
    expect(await shop.billing.getRevenue()).toMatchObject({ activeSubscriptions: 1, mrr: {} });
    shop.stripe.cancelSubscription(id);
    await shop.stripe.deliver();
    await shop.subscribed(ann);
    expect(await shop.get(ann, '/subscription')).toMatchObject({ status: 'active', trial_end: null });
  });
});

describe('a subscription without a checkout', () => {
  it('is paid by the card that was left, and by no other', async () => {
    const { id: customerId } = await customerOf(ann);
    const begin = (trialDays = 0) =>
      shop.billing.createSubscription({ customerId, priceId: shop.prices.monthly, trialDays });
    await expect(begin()).rejects.toMatchObject({ code: 'E_STRIPE_REFUSED' });
    await shop.billing.sync.attachPaymentMethod(customerId, 'pm_card_chargeDeclined');
    await expect(begin()).rejects.toMatchObject({ code: 'E_PAYMENT_FAILED' });
    expect(await shop.billing.listSubscriptions()).toEqual([]);
    await shop.billing.sync.attachPaymentMethod(customerId, 'pm_card_visa');
    expect(await begin()).toMatchObject({ status: 'active', priceId: shop.prices.monthly, customerId });
  });

  it('begins with a trial where no card is known', async () => {
    const { id: customerId } = await customerOf(ann);
    const { id } = await shop.billing.createSubscription({ customerId, priceId: shop.prices.yearly, trialDays: 3 });
    expect(await shop.billing.getSubscription(id)).toMatchObject({ status: 'trialing' });
    expect(await shop.billing.userHasActiveSubscription(ann.id)).toBe(true);
    expect(await shop.billing.getUserPlan(ann.id)).toMatchObject({ slug: 'pro' });
  });
});

describe('a subscription that is there', () => {
  it('is changed, ended and taken back by code as well', async () => {
    await shop.subscribed(ann);
    const [row] = await shop.billing.listSubscriptions();
    const id = row?.id ?? '';
    const { sync } = shop.billing;
    expect(await sync.updateSubscriptionPrice(id, shop.prices.yearly)).toMatchObject({ priceId: shop.prices.yearly });
    expect(await sync.cancelSubscriptionInStripe(id)).toMatchObject({ cancelAtPeriodEnd: true, status: 'active' });
    expect(await shop.billing.reactivateSubscription(id)).toMatchObject({ cancelAtPeriodEnd: false });
    shop.stripe.failPayment(row?.stripeSubscriptionId ?? '');
    expect(await sync.syncSubscription(id)).toMatchObject({ status: 'past_due' });
    expect(await sync.cancelSubscriptionInStripe(id, { atPeriodEnd: false })).toMatchObject({ status: 'cancelled' });
    expect(await sync.cancelSubscriptionInStripe(id)).toMatchObject({ status: 'cancelled' });
    await expect(sync.syncSubscription('none')).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
  });

  it('is changed to no price in another currency, which Stripe would refuse', async () => {
    await shop.subscribed(ann);
    const { id: productId } = await shop.billing.createProduct({ name: 'Pro', slug: 'pro' });
    const euros = await shop.billing.createPrice({ productId, amountCents: 1_900, currency: 'eur', interval: 'month' });
    const { status, body } = await subscribe(euros.id);
    expect([status, body.errors?.[0].msg]).toEqual([
      422,
      'The subscription is paid in usd: choose a price in it, or cancel it first',
    ]);
  });

  it('gives what it has beside another that Stripe has begun for the customer', async () => {
    await shop.subscribed(ann);
    const { id: customerId } = await customerOf(ann);
    const { id: productId } = await shop.billing.createProduct({ name: 'Extra', slug: 'extra', features: ['import'] });
    const extra = await shop.billing.createPrice({ productId, amountCents: 100, interval: 'month' });
    await shop.billing.createSubscription({ customerId, priceId: extra.id, trialDays: 1 });
    for (const feature of ['export', 'import'])
      expect(await shop.get(ann, `/access/${feature}`)).toMatchObject({ has_access: true });
    expect(await shop.get(ann, '/access/other')).toMatchObject({ has_access: false });
  });

  it('ends also where its customer was deleted first', async () => {
    const id = await shop.subscribed(ann);
    const customer = shop.stripe.store.all('customer')[0];
    if (!customer) throw new Error('There is no customer');
    customer.deleted = true;
    shop.stripe.emit('customer.deleted', customer);
    await shop.stripe.deliver();
    expect((await shop.post(ann, '/portal', {})).status).toBe(404);
    shop.stripe.cancelSubscription(id);
    await shop.stripe.deliver();
    expect(await shop.get(ann, '/access/export')).toMatchObject({ has_access: false });
    expect((await BillingSubscription.find({})).map(({ status }) => status)).toEqual(['cancelled']);
  });
});

describe('what comes in each month', () => {
  it.each([
    ['day', 1, 100, 3_042],
    ['week', 1, 1_200, 5_200],
    ['week', 2, 1_200, 2_600],
    ['month', 1, 1_999, 1_999],
    ['month', 3, 3_000, 1_000],
    ['year', 1, 12_000, 1_000],
    ['year', 2, 12_000, 500],
  ] as const)('by every %s × %i of %i is %i', async (interval, intervalCount, amountCents, mrr) => {
    const { id: productId } = await shop.billing.createProduct({ name: 'Plan', slug: 'plan' });
    const price = await shop.billing.createPrice({ productId, amountCents, interval, intervalCount, currency: 'eur' });
    await shop.subscribed(ann, price.id);
    expect(await shop.billing.getRevenue()).toEqual({ activeSubscriptions: 1, mrr: { eur: mrr }, totalOrders: 0 });
  });
});
