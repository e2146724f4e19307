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

const buy = (price_id: string, more: object = {}) => shop.post(ann, '/purchase', { price_id, ...more });
const statuses = async () => (await shop.billing.listOrders()).map(({ status }) => status);
const owns = async (slug: string) => ((await shop.get(ann, `/purchased/${slug}`)) as { purchased: boolean }).purchased;

describe('an order', () => {
  it('is cancelled where nobody has paid in time, and where Stripe could not be asked for a page', async () => {
    const { body } = await buy(shop.prices.book);
    shop.stripe.expire(body.checkout_url);
    await shop.stripe.deliver();
    shop.stripe.mode = 'fail';
    expect((await buy(shop.prices.book)).status).toBe(503);
    expect(await statuses()).toEqual(['cancelled', 'cancelled']);
    expect(await owns('book')).toBe(false);
  });

  it('that was given up is the buyer’s all the same once they have paid', async () => {
    const { body } = await buy(shop.prices.book);
    const [order] = await shop.billing.listOrders();
    await shop.billing.updateOrderStatus(order?.id ?? '', 'cancelled');
    shop.stripe.pay(body.checkout_url);
    await shop.stripe.deliver();
    expect(await statuses()).toEqual(['paid']);
    expect(await owns('book')).toBe(true);
  });

  it('whose refund is heard of before its payment stays refunded', async () => {
    const { body } = await buy(shop.prices.book);
    const session = shop.stripe.pay(body.checkout_url);
    shop.stripe.refund(session.payment_intent);
    shop.stripe.events.reverse();
    expect(new Set(await shop.stripe.deliver())).toEqual(new Set([200]));
    expect(await statuses()).toEqual(['refunded']);
    expect(await owns('book')).toBe(false);
  });

  it('goes on to be shipped, and a late event of its payment does not take it back', async () => {
    const { body } = await buy(shop.prices.shirt, { quantity: 3 });
    shop.stripe.pay(body.checkout_url, { name: 'Ann', address: { city: 'Oslo', country: 'NO' } });
    const paid = shop.stripe.events.at(-1);
    await shop.stripe.deliver();
    const [order] = await shop.billing.listOrders();
    shop.clock.freeze('2027-01-01T00:00:00Z');
    await shop.billing.updateOrderStatus(order?.id ?? '', 'shipped', 'T-1');
    if (paid) shop.stripe.events.push({ ...paid, id: 'evt_again' });
    expect(await shop.stripe.deliver()).toEqual([200]);
    expect(await shop.billing.getOrder(order?.id ?? '')).toMatchObject({
      status: 'shipped',
      amountCents: 6_000,
      shippingName: 'Ann',
      trackingNumber: 'T-1',
      shippedAt: new Date('2027-01-01T00:00:00Z'),
    });
  });

  it('asks for an address where something is sent and none was given', async () => {
    await buy(shop.prices.shirt);
    await buy(shop.prices.shirt, { shipping_address: { city: 'Oslo' } });
    await buy(shop.prices.book);
    const asked = shop.stripe.store.all('checkout.session').map((session) => session.shipping_address_collection);
    expect(asked).toEqual([{ allowed_countries: ['US'] }, null, null]);
    const [, sent] = await shop.billing.listOrders();
    expect(sent?.shippingAddress).toEqual({ city: 'Oslo' });
  });

  it('is made by code as well, of what exists', async () => {
    const { id: customerId } = await shop.billing.createCustomer({ userId: ann.id, email: ann.email });
    const order = await shop.billing.createOrder({ customerId, priceId: shop.prices.book, quantity: 2 });
    expect(order).toMatchObject({ status: 'pending', amountCents: 1_000, currency: 'usd', productType: 'one_time' });
    await expect(shop.billing.createOrder({ customerId, priceId: 'none' })).rejects.toThrow('Price not found');
    const none = { customerId, priceId: shop.prices.book, quantity: Number.NaN };
    await expect(shop.billing.createOrder(none)).rejects.toMatchObject({ code: 'E_VALIDATION' });
    await expect(shop.billing.createCustomer({ userId: ann.id, email: ann.email })).rejects.toMatchObject({
      code: 'E_CONSTRAINT',
    });
  });
});
