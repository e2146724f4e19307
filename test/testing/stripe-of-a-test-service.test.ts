import { type BillingService, StripeAccess } from 'app-kernel';
import { createTestService, StripeStandIn } from 'app-kernel/testing';
import { describe, expect, it } from 'vitest';

const seedBilling = async (_db: unknown, billing: BillingService) => {
  const { id: productId } = await billing.createProduct({ name: 'Pro', slug: 'pro', features: ['export'] });
  await billing.createPrice({ productId, amountCents: 900, interval: 'month' });
};

describe('the Stripe of a test service', () => {
  it('is a stand-in whatever the key, and is paid and heard of when the test says so', async () => {
    const billing = { redirectUrls: ['https://app.example/'] };
    await using test = await createTestService({ entities: [], stripeSecretKey: 'sk_live_mine', billing, seedBilling });
    const ada = await test.loginAs('ada');
    const [plan] = (await test.get('/billing/plans')).body;
    const { body } = await ada.post('/billing/subscribe', { price_id: plan.prices[0].id });
    expect(body.checkout_url).toContain('http://127.0.0.1:');
    test.stripe.pay(body.checkout_url);
    expect((await ada.get('/billing/access/export')).body.has_access).toBe(false);
    expect(new Set(await test.stripe.deliver())).toEqual(new Set([200]));
    expect((await ada.get('/billing/access/export')).body.has_access).toBe(true);
    expect(await test.stripe.deliver()).toEqual([]);
  });

  it('is silent where nothing is sold', async () => {
    await using test = await createTestService({ entities: [] });
    expect(await test.stripe.deliver()).toEqual([]);
    const event = test.stripe.emit('payout.paid', { id: 'po_1', object: 'payout', created: 0 });
    expect(() => test.stripe.signed(event)).toThrow('Nobody talks to this Stripe');
  });

  it('alone refuses another key, a key of idempotency for something else, and what it does not know', async () => {
    const stripe = await StripeStandIn.start({ secretKey: 'sk_test_own' });
    const ask = (secretKey: string) => new StripeAccess({ secretKey, apiBase: stripe.url });
    const idempotencyKey = 'once';
    const make = (email: string) =>
      ask('sk_test_own').ask((client) => client.customers.create({ email }, { idempotencyKey }));
    await expect(ask('sk_test_other').ask((client) => client.customers.list())).rejects.toMatchObject({
      code: 'E_CONNECTION',
    });
    expect((await make('a@example.com')).id).toBe((await make('a@example.com')).id);
    await expect(make('b@example.com')).rejects.toMatchObject({ code: 'E_CONFLICT' });
    expect(await ask('sk_test_own').find((client) => client.customers.retrieve('cus_none'))).toBeNull();
    await expect(ask('sk_test_own').ask((client) => client.coupons.create({ percent_off: 5 }))).rejects.toMatchObject({
      code: 'E_STRIPE_REFUSED',
    });
    await stripe.close();
  });
});
