import { BillingPrice, BillingProduct, BillingService, StripeAccess } from 'app-kernel';
import { dbContext } from 'app-kernel/orm';
import { StripeStandIn } from 'app-kernel/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openShop, type Shop } from './open-billing.js';

let shop: Shop;
beforeEach(async () => {
  shop = await openShop();
});
afterEach(() => shop.close());

const atStripe = (kind: string) => shop.stripe.store.all(kind);

describe('the catalog', () => {
  it('is told to Stripe once, and what changes is told by a job', async () => {
    expect(atStripe('price').map(({ unit_amount }) => unit_amount)).toEqual([1_999, 12_000, 500, 2_000]);
    const asked = shop.stripe.requests.length;
    expect(await shop.billing.sync.syncCatalog()).toEqual({ products: 0, prices: 0 });
    expect(shop.stripe.requests.length).toBe(asked);
    const pro = await shop.billing.getProductBySlug('pro');
    await shop.billing.updateProduct(pro?.id ?? '', { name: 'Pro Plus', description: 'More' });
    await shop.billing.deactivatePrice(shop.prices.yearly);
    await expect.poll(() => atStripe('price')[1]?.active, { timeout: 10_000 }).toBe(false);
    expect(atStripe('product')[0]).toMatchObject({ name: 'Pro Plus', description: 'More' });
  });

  it('of a seed that runs again makes nothing anew', async () => {
    const { id: productId } = await shop.billing.createProduct({ name: 'Pro', slug: 'pro', features: ['export'] });
    const again = await shop.billing.createPrice({ productId, amountCents: 1_999, interval: 'month' });
    expect(again.id).toBe(shop.prices.monthly);
    await shop.billing.sync.syncCatalog();
    expect([atStripe('product').length, atStripe('price').length]).toEqual([3, 4]);
  });

  it('is not made twice where the answer of Stripe got lost', async () => {
    const lost = await shop.billing.createProduct({ name: 'Lost', slug: 'lost', productType: 'one_time' });
    const price = await shop.billing.createPrice({ productId: lost.id, amountCents: 700 });
    await shop.billing.sync.syncPrice(price.id);
    await BillingProduct.update(lost.id, { stripeProductId: null, stripeState: null });
    await BillingPrice.update(price.id, { stripePriceId: null, stripeState: null });
    await shop.billing.sync.syncPrice(price.id);
    expect(atStripe('product').filter(({ name }) => name === 'Lost')).toHaveLength(1);
    expect(atStripe('price').filter(({ unit_amount }) => unit_amount === 700)).toHaveLength(1);
  });

  it('is told anew where the key is that of the other mode, and so are customers', async () => {
    const { id } = await shop.billing.getOrCreateCustomer({ userId: 'u', email: 'u@example.com' });
    const before = await shop.billing.sync.syncCustomer(id);
    const live = await StripeStandIn.start({ secretKey: 'sk_live_stand_in' });
    for (let id = 0; id < 100; id++) live.store.add('filler', 'fill', {}); // so that ids differ, as those of Stripe do
    const stripe = new StripeAccess({ secretKey: live.secretKey, apiBase: live.url });
    const billing = new BillingService({ stripe, db: shop.service.kernel.database });
    expect(await billing.sync.syncCatalog()).toEqual({ products: 3, prices: 4 });
    expect(live.store.all('price')).toHaveLength(4);
    expect(await billing.sync.syncCustomer(id)).not.toBe(before);
    await live.close();
  });

  it('is part of the caller’s transaction', async () => {
    const undone = dbContext(async () => {
      const { id: productId } = await shop.billing.createProduct({ name: 'Plan', slug: 'plan' });
      await shop.billing.createPrice({ productId, amountCents: 1, interval: 'day' });
      throw new Error('on second thoughts');
    });
    await expect(undone).rejects.toThrow('on second thoughts');
    expect(await shop.billing.getProductBySlug('plan')).toBeNull();
    expect(await shop.billing.listPrices()).toHaveLength(4);
  });

  it('leaves it to the caller whether a price suits its product, where that is asked for', async () => {
    const pro = await shop.billing.getProductBySlug('pro');
    const once = { productId: pro?.id ?? '', amountCents: 9_900, skipProductValidation: true };
    await expect(shop.billing.createPrice({ ...once, skipProductValidation: false })).rejects.toMatchObject({
      code: 'E_VALIDATION',
    });
    const price = await shop.billing.createPrice(once);
    expect(price).toMatchObject({ interval: null, amountCents: 9_900 });
    expect(await shop.billing.sync.syncPrice(price.id)).toMatch(/^price_/);
    await expect(shop.billing.createPrice({ ...once, productId: 'none' })).rejects.toMatchObject({
      code: 'E_CONSTRAINT',
    });
  });

  it('names every field that makes no sense', async () => {
    await expect(
      shop.billing.createProduct({ name: ' ', slug: 'No Slug', productType: 'gift' as never }),
    ).rejects.toMatchObject({
      code: 'E_VALIDATION',
      issues: [{ loc: ['body', 'slug'] }, { loc: ['body', 'name'] }, { loc: ['body', 'product_type'] }],
    });
    const pro = await shop.billing.getProductBySlug('pro');
    const price = (fields: object) =>
      shop.billing.createPrice({ productId: pro?.id ?? '', amountCents: 100, interval: 'month', ...fields });
    for (const fields of [
      { amountCents: -1 },
      { amountCents: 1.5 },
      { amountCents: Number.NaN },
      { amountCents: 1e9 },
      { currency: 'dollars' },
      { interval: 'hour' },
      { intervalCount: 0 },
      { intervalCount: 37 },
      { interval: null },
    ])
      await expect(price(fields)).rejects.toMatchObject({ code: 'E_VALIDATION' });
  });
});
