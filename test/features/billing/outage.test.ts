import { createStripeClient, ServiceConfig } from 'app-kernel';
import { createTestService, StripeStandIn } from 'app-kernel/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openShop } from './open-billing.js';

let stripe: StripeStandIn;
beforeEach(async () => {
  stripe = await StripeStandIn.start();
});
afterEach(() => stripe.close());

describe('without Stripe', () => {
  it('there is no billing without a key, and no webhook without its secret', async () => {
    const bare = await createTestService();
    expect((await bare.inject('/api/v1/billing/products')).status).toBe(404);
    await bare.close();
    const keyed = await createTestService({ stripeSecretKey: stripe.secretKey, stripeApiBase: stripe.url });
    expect((await keyed.inject('/api/v1/billing/webhooks/stripe', { method: 'POST', body: '{}' })).status).toBe(503);
    expect((await keyed.inject('/api/v1/billing/products')).status).toBe(200);
    await keyed.close();
  });

  it('a service starts all the same, and a job tells it of the catalog later', async () => {
    stripe.mode = 'fail';
    const shop = await openShop({ config: new ServiceConfig({ workerCount: 0 }) }, stripe);
    expect((await shop.send('GET', '/billing/products')).body).toHaveLength(3);
    expect(stripe.store.all('product')).toEqual([]);
    const jobs = await shop.service.kernel.jobs.list();
    expect(JSON.stringify(jobs)).toContain('kernel.billing_sync');
    await shop.close();
  });

  it('that hangs, a checkout ends within its time and nothing else waits', async () => {
    const shop = await openShop({}, stripe);
    const ann = await shop.join('ann');
    stripe.mode = 'hang';
    const client = createStripeClient({ secretKey: stripe.secretKey, apiBase: stripe.url, timeoutMs: 50 });
    await expect(client.products.list()).rejects.toThrow();
    const hanging = shop.post(ann, '/subscribe', { price_id: shop.prices.monthly });
    for (let request = 0; request < 20; request++)
      expect((await shop.send('GET', '/billing/products')).status).toBe(200);
    expect(await shop.get(ann, '/subscription')).toBeNull();
    expect((await ann.send('GET', '/workspaces')).status).toBe(200);
    expect((await hanging).status).toBe(503);
    await shop.close();
  }, 60_000);
});
