import {
  type BillingCustomer,
  BillingEvent,
  BillingInvoice,
  BillingPaymentMethod,
  BillingSubscription,
} from 'app-kernel';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Person } from '../../setup/people.js';
import { HOOK, openShop, type Shop } from './open-billing.js';

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

async function pay(): Promise<void> {
  shop.stripe.pay((await shop.post(ann, '/subscribe', { price_id: shop.prices.monthly })).body.checkout_url);
}

describe('the inbox', () => {
  it('asks for another delivery where Stripe cannot be asked, and has the effect then', async () => {
    await pay();
    shop.stripe.mode = 'fail';
    expect(new Set(await shop.stripe.deliver())).toEqual(new Set([503]));
    expect(await BillingEvent.count({})).toBe(0);
    expect(await shop.get(ann, '/access/export')).toMatchObject({ has_access: false });
    shop.stripe.mode = 'answer';
    expect(new Set(await shop.stripe.deliver())).toEqual(new Set([200]));
    expect(await shop.get(ann, '/access/export')).toMatchObject({ has_access: true });
  });

  it('keeps nothing of an event whose effect failed half-way', async () => {
    await pay();
    const failing = vi.spyOn(BillingInvoice, 'save').mockRejectedValue(new Error('the disk is full'));
    const event = shop.stripe.events.find(({ type }) => type === 'invoice.payment_succeeded');
    if (!event) throw new Error('Stripe says nothing');
    expect((await shop.inject(HOOK, shop.stripe.signed(event))).status).toBe(500);
    expect(failing).toHaveBeenCalledOnce();
    expect(await BillingEvent.count({})).toBe(0);
    expect(await BillingSubscription.count({})).toBe(0);
    failing.mockRestore();
    expect((await shop.inject(HOOK, shop.stripe.signed(event))).status).toBe(200);
    expect([await BillingEvent.count({}), await BillingSubscription.count({})]).toEqual([1, 1]);
  });

  it('never puts an older answer of Stripe in the place of a newer one', async () => {
    const id = await shop.subscribed(ann);
    const [row] = await shop.billing.listSubscriptions();
    const { stripe } = shop.billing;
    const find = stripe.find.bind(stripe);
    let isFirst = true;
    vi.spyOn(stripe, 'find').mockImplementation(async (call) => {
      const answer = structuredClone(await find(call));
      if (!isFirst) return answer;
      isFirst = false; // while this answer is on its way, the subscription ends and that is heard of
      shop.stripe.cancelSubscription(id);
      await shop.billing.sync.reconcileSubscription(id);
      return Object.assign(answer ?? {}, { cancel_at_period_end: true }) as typeof answer;
    });
    shop.stripe.emit('customer.subscription.updated', shop.stripe.store.get('subscription', id));
    await shop.stripe.deliver();
    expect(await shop.billing.getSubscription(row?.id ?? '')).toMatchObject({ status: 'cancelled' });
  });

  it('writes no version where nothing has changed', async () => {
    const id = await shop.subscribed(ann);
    const [row] = await shop.billing.listSubscriptions();
    for (let time = 0; time < 3; time++)
      shop.stripe.emit('customer.subscription.updated', shop.stripe.store.get('subscription', id));
    await shop.stripe.deliver();
    expect(await shop.billing.getSubscription(row?.id ?? '')).toMatchObject({ version: row?.version });
  });

  it('follows e-mail, name and cards, and what becomes of invoices', async () => {
    const id = await shop.subscribed(ann);
    const { id: customerId, stripeCustomerId } = (await shop.billing.getCustomerByUser(ann.id)) as BillingCustomer;
    const customer = shop.stripe.store.get('customer', stripeCustomerId ?? '');
    Object.assign(customer, { email: 'new@example.com', name: 'Ann B.' });
    shop.stripe.emit('customer.updated', customer);
    await shop.billing.sync.attachPaymentMethod(customerId, 'pm_card_visa');
    shop.stripe.failPayment(id);
    await shop.stripe.deliver();
    expect(await shop.billing.getCustomer(customerId)).toMatchObject({ email: 'new@example.com', name: 'Ann B.' });
    expect(await shop.get(ann, '/subscription')).toMatchObject({ status: 'past_due' });
    expect(await shop.get(ann, '/access/export')).toMatchObject({ has_access: true });
    expect(await shop.get(ann, '/invoices')).toMatchObject([{ status: 'open', amount_paid: 0 }, { status: 'paid' }]);
    const [card] = await BillingPaymentMethod.find({});
    expect(card).toMatchObject({ customerId, cardBrand: 'visa', cardLast4: '4242' });
    shop.stripe.detachCard(card?.stripePaymentMethodId ?? '');
    await shop.stripe.deliver();
    expect(await BillingPaymentMethod.count({})).toBe(0);
  });

  it('is in OpenAPI, as the rest of billing is', async () => {
    const { paths } = (await (await shop.inject('/openapi.json')).json()) as { paths: object };
    expect(paths).toHaveProperty([HOOK, 'post']);
    expect(paths).toHaveProperty(['/api/v1/billing/admin/customers/{id}', 'get']);
  });
});
