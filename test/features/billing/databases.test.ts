import {
  BillingCustomer,
  BillingInvoice,
  BillingOrder,
  BillingPaymentMethod,
  BillingPrice,
  BillingProduct,
  BillingSubscription,
} from 'app-kernel';
import { connect, type Database, dbContext } from 'app-kernel/orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openShop, type Shop } from './open-billing.js';

const TABLES = [BillingProduct, BillingPrice, BillingCustomer, BillingPaymentMethod, BillingSubscription] as const;

let shop: Shop;
let db: Database;
beforeEach(async () => {
  shop = await openShop();
  db = await connect('sqlite::memory:', { entities: [...TABLES, BillingInvoice, BillingOrder] });
  await db.migrate();
});
afterEach(async () => {
  await db.close();
  await shop.close();
});

const userId = 'ann';
const email = 'ann@example.com';

describe('billing on the database of one call', () => {
  it('reads and writes there, whatever is asked, and tells the same Stripe', async () => {
    const { billing, stripe } = shop;
    const { sync } = billing;
    const product = await billing.createProduct({ name: 'Side', slug: 'side', features: ['aside'], db });
    const book = await billing.createProduct({ name: 'Tome', slug: 'tome', productType: 'one_time', db });
    const monthly = await billing.createPrice({ productId: product.id, amountCents: 300, interval: 'month', db });
    const once = await billing.createPrice({ productId: book.id, amountCents: 700, db });
    expect(await sync.syncCatalog({ db })).toEqual({ products: 2, prices: 2 });
    expect(await billing.getProductBySlug('side', { db })).toMatchObject({ id: product.id });
    expect(await billing.getProduct(product.id, { db })).toMatchObject({ slug: 'side' });
    expect(await billing.listProducts({ db })).toHaveLength(2);
    expect(await billing.listPrices({ productId: book.id, db })).toMatchObject([{ id: once.id }]);
    expect(await billing.getPrice(once.id, { db })).toMatchObject({ amountCents: 700 });
    expect(await billing.updateProduct(product.id, { name: 'Aside', db })).toMatchObject({ name: 'Aside' });

    const customer = await billing.getOrCreateCustomer({ userId, email, db });
    const customerId = customer.id;
    expect(await billing.getCustomerByUser(userId, { db })).toMatchObject({ id: customerId });
    expect(await billing.updateCustomer(customerId, { name: 'Ann', db })).toMatchObject({ name: 'Ann' });
    expect(await sync.syncCustomer(customerId, { db })).toMatch(/^cus_/);
    await sync.attachPaymentMethod(customerId, 'pm_card_visa', { db });
    expect(await BillingPaymentMethod.count({ db })).toBe(1);

    const { id } = await billing.createSubscription({ customerId, priceId: monthly.id, db });
    expect(await billing.getSubscription(id, { db })).toMatchObject({ status: 'active', priceId: monthly.id });
    expect(await billing.listSubscriptions({ customerId, db })).toHaveLength(1);
    expect(await billing.getActiveSubscription(customerId, { db })).toMatchObject({ id });
    expect(await billing.cancelSubscription(id, { db })).toMatchObject({ cancelAtPeriodEnd: true });
    expect(await billing.reactivateSubscription(id, { db })).toMatchObject({ cancelAtPeriodEnd: false });
    expect(await billing.changeSubscriptionPrice(id, monthly.id, { db })).toMatchObject({ priceId: monthly.id });
    expect(await billing.userHasActiveSubscription(userId, { db })).toBe(true);
    expect(await billing.userHasFeature(userId, 'aside', { db })).toBe(true);
    expect(await billing.getUserPlan(userId, { db })).toMatchObject({ slug: 'side' });
    expect(await billing.getRevenue({ db })).toEqual({ activeSubscriptions: 1, mrr: { usd: 300 }, totalOrders: 0 });

    const order = await billing.createOrder({ customerId, priceId: once.id, db });
    const pages = { successUrl: 'https://app.example/', cancelUrl: 'https://app.example/' };
    const page = await sync.createCheckoutSession({ ...pages, customerId, priceId: once.id, orderId: order.id, db });
    stripe.pay(page.id);
    await sync.processCheckoutSession(page.id, { db });
    expect(await billing.getOrder(order.id, { db })).toMatchObject({ status: 'paid' });
    expect(await billing.updateOrderStatus(order.id, 'shipped', 'T1', { db })).toMatchObject({ status: 'shipped' });
    expect(await billing.listOrders({ customerId, db })).toHaveLength(1);
    expect(await billing.userHasPurchased(userId, 'tome', { db })).toBe(true);
    expect(await billing.listInvoices({ customerId, db })).toEqual([]);

    const stripeId = String(stripe.store.all('subscription')[0]?.id);
    stripe.cancelSubscription(stripeId);
    expect(await sync.reconcileSubscription(stripeId, { db })).toMatchObject({ status: 'cancelled' });
    expect(await sync.reconcileAllSubscriptions({ db })).toMatchObject({ repaired: [], missing: [] });
    expect(await sync.syncSubscription(id, { db })).toMatchObject({ status: 'cancelled' });
    expect(await billing.deactivatePrice(once.id, { db })).toMatchObject({ active: false });
    expect(await billing.deactivateProduct(book.id, { db })).toMatchObject({ active: false });

    expect((await billing.listProducts()).map(({ slug }) => slug)).toEqual(['pro', 'book', 'shirt']);
    expect([await billing.getCustomerByUser(userId), await billing.listSubscriptions()]).toEqual([null, []]);
    expect(await billing.listOrders()).toEqual([]);
  });

  it('is rolled back with the transaction whose handle it is given', async () => {
    const undone = dbContext(
      async (tx) => {
        await shop.billing.createProduct({ name: 'Side', slug: 'side', db: tx });
        throw new Error('on second thoughts');
      },
      { db },
    );
    await expect(undone).rejects.toThrow('on second thoughts');
    expect(await shop.billing.getProductBySlug('side', { db })).toBeNull();
  });
});
