import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Person } from '../../setup/people.js';
import { openShop, type Shop } from './open-billing.js';

const DAY_MS = 86_400_000;

let shop: Shop;
let ann: Person;
afterEach(() => shop.close());

async function openWith(trialDays: number): Promise<void> {
  shop = await openShop({ billing: { redirectUrls: ['https://app.example/'], trialDays } });
  ann = await shop.join('ann');
}

/** Days go by, and Stripe tells of what they bring. */
async function days(count: number): Promise<string[]> {
  const heard = shop.stripe.events.length;
  shop.clock.advance(count * DAY_MS);
  shop.stripe.passTime();
  expect(new Set([200, ...(await shop.stripe.deliver())])).toEqual(new Set([200]));
  return shop.stripe.events.slice(heard).map(({ type }) => type);
}

/** What the service says of it. */
async function life() {
  const [row] = await shop.billing.listSubscriptions();
  const invoices = await shop.billing.listInvoices({ customerId: row?.customerId ?? '' });
  return {
    status: row?.status,
    hasAccess: await shop.billing.userHasFeature(ann.id, 'export'),
    paid: invoices.toReversed().map(({ status, amountPaid }) => [status, amountPaid]),
    mrr: (await shop.billing.getRevenue()).mrr.usd ?? 0,
  };
}
const trial = ['paid', 0];
const month = ['paid', 1_999];

describe('a subscription as time passes', () => {
  beforeEach(() => openWith(0));

  it('is renewed, with an invoice for each period', async () => {
    await shop.subscribed(ann);
    const [before] = await shop.billing.listSubscriptions();
    expect(await days(29)).toEqual([]);
    expect(await days(2)).toEqual(['invoice.payment_succeeded', 'customer.subscription.updated']);
    const [after] = await shop.billing.listSubscriptions();
    expect(after?.currentPeriodStart).toEqual(before?.currentPeriodEnd);
    expect(await life()).toEqual({ status: 'active', hasAccess: true, paid: [month, month], mrr: 1_999 });
    await days(60);
    expect((await life()).paid).toHaveLength(4);
  });

  it('that was cancelled is paid for until its period ends, and not a day longer', async () => {
    const id = await shop.subscribed(ann);
    expect((await shop.post(ann, '/cancel')).body).toMatchObject({ cancel_at_period_end: true });
    await days(29);
    expect(await life()).toMatchObject({ status: 'active', hasAccess: true });
    expect(await days(1)).toEqual(['customer.subscription.deleted']);
    expect(await life()).toEqual({ status: 'cancelled', hasAccess: false, paid: [month], mrr: 0 });
    expect(shop.stripe.store.get('subscription', id).status).toBe('canceled');
  });

  it('whose payment fails keeps its access while Stripe tries, and is paid on where that succeeds', async () => {
    const id = await shop.subscribed(ann);
    shop.stripe.failPayment(id);
    await days(10);
    expect(await life()).toMatchObject({ status: 'past_due', hasAccess: true, paid: [month, ['open', 0]] });
    shop.stripe.recoverPayment(id);
    await days(0);
    expect(await life()).toEqual({ status: 'active', hasAccess: true, paid: [month, month], mrr: 1_999 });
  });

  it('that nobody pays for any more ends, and can be begun anew', async () => {
    shop.stripe.failPayment(await shop.subscribed(ann));
    await days(20);
    expect(await life()).toMatchObject({ status: 'past_due', hasAccess: true });
    expect(await days(1)).toEqual(['customer.subscription.deleted']);
    expect(await life()).toMatchObject({ status: 'cancelled', hasAccess: false, mrr: 0 });
    const { sync } = shop.billing;
    expect(await sync.reconcileAllSubscriptions()).toMatchObject({ repaired: [], missing: [], doubled: [] });
  });

  it('comes to the same where its events come last first, or not at all', async () => {
    const { id: customerId } = await shop.billing.getOrCreateCustomer({ userId: ann.id, email: ann.email });
    await shop.billing.sync.attachPaymentMethod(customerId, 'pm_card_visa');
    const { stripeSubscriptionId: id } = await shop.billing.createSubscription({
      ...{ customerId, priceId: shop.prices.monthly, trialDays: 7 },
    });
    shop.clock.advance(40 * DAY_MS);
    shop.stripe.passTime();
    shop.stripe.failPayment(id);
    shop.stripe.events.reverse();
    await days(0);
    const heard = await life();
    expect(heard).toMatchObject({ status: 'past_due', hasAccess: true, mrr: 1_999 });
    shop.clock.advance(22 * DAY_MS);
    shop.stripe.passTime();
    expect((await shop.billing.sync.reconcileAllSubscriptions()).repaired).toEqual([
      { stripeSubscriptionId: id, status: ['past_due', 'cancelled'] },
    ]);
    expect(await life()).toMatchObject({ status: 'cancelled', hasAccess: false });
  });
});

describe('a trial as time passes', () => {
  beforeEach(() => openWith(7));

  it('is announced, and then paid for', async () => {
    await shop.subscribed(ann);
    expect(await life()).toEqual({ status: 'trialing', hasAccess: true, paid: [trial], mrr: 0 });
    expect(await days(4)).toEqual(['customer.subscription.trial_will_end']);
    expect(await life()).toMatchObject({ status: 'trialing', hasAccess: true });
    await days(3);
    expect(await life()).toEqual({ status: 'active', hasAccess: true, paid: [trial, month], mrr: 1_999 });
  });

  it('without a card ends unpaid', async () => {
    const { id: customerId } = await shop.billing.getOrCreateCustomer({ userId: ann.id, email: ann.email });
    await shop.billing.createSubscription({ customerId, priceId: shop.prices.monthly, trialDays: 3 });
    await days(3);
    expect(await life()).toMatchObject({ status: 'past_due', hasAccess: true });
    await days(21);
    expect(await life()).toMatchObject({ status: 'cancelled', hasAccess: false });
  });

  it('is had once, also where its end was not heard of', async () => {
    const { body } = await shop.post(ann, '/subscribe', { price_id: shop.prices.monthly });
    shop.stripe.cancelSubscription(shop.stripe.pay(body.checkout_url).subscription);
    const again = await shop.post(ann, '/subscribe', { price_id: shop.prices.monthly });
    const { subscription } = shop.stripe.pay(again.body.checkout_url);
    expect(shop.stripe.store.get('subscription', subscription)).toMatchObject({ status: 'active', trial_end: null });
  });
});
