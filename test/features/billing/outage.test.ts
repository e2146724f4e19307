import { createServer } from 'node:http';
import { StripeAccess } from 'app-kernel';
import { createTestService, StripeStandIn } from 'app-kernel/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOOK, openShop } from './open-billing.js';

let stripe: StripeStandIn;
let keys: { stripeSecretKey: string; stripeApiBase: string };
beforeEach(async () => {
  stripe = await StripeStandIn.start();
  keys = { stripeSecretKey: stripe.secretKey, stripeApiBase: stripe.url };
});
afterEach(() => stripe.close());

describe('without Stripe', () => {
  it('there is no billing without a key, and no webhook without its secret', async () => {
    await using bare = await createTestService();
    expect((await bare.get('/billing/products')).status).toBe(404);
    await using keyed = await createTestService(keys);
    expect((await keyed.inject(HOOK, { method: 'POST', body: '{}' })).status).toBe(503);
    expect((await keyed.get('/billing/products')).status).toBe(200);
  });

  it('a service starts all the same, and a job tells it of the catalog later', async () => {
    stripe.mode = 'fail';
    const shop = await openShop(keys);
    expect((await shop.send('GET', '/billing/products')).body).toHaveLength(3);
    expect(stripe.store.all('product')).toEqual([]);
    stripe.mode = 'answer';
    shop.clock.advance(6_000);
    await expect.poll(() => stripe.store.all('price').length, { timeout: 10_000 }).toBe(4);
    expect(stripe.store.all('product')).toHaveLength(3);
    await shop.close();
  });

  it('that hangs, a checkout ends within its time and nothing else waits', async () => {
    const shop = await openShop({ ...keys, billing: { redirectUrls: ['https://app.example/'], timeoutSeconds: 1 } });
    const ann = await shop.join('ann');
    stripe.mode = 'hang';
    const hanging = shop.post(ann, '/subscribe', { price_id: shop.prices.monthly });
    for (let request = 0; request < 20; request++)
      expect((await shop.send('GET', '/billing/products')).status).toBe(200);
    expect(await shop.get(ann, '/subscription')).toBeNull();
    expect((await ann.send('GET', '/workspaces')).status).toBe(200);
    const { status, headers } = await hanging;
    expect(status).toBe(503);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    await shop.close();
  });

  it('that drips, an answer ends within its time as well', async () => {
    const dripping = createServer((_req, res) => {
      res.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => res.write(' '), 20);
      res.on('close', () => clearInterval(drip));
    });
    await new Promise<void>((resolve) => dripping.listen(0, '127.0.0.1', resolve));
    const { port } = dripping.address() as { port: number };
    const access = new StripeAccess({ secretKey: 'sk_test_x', apiBase: `http://127.0.0.1:${port}`, timeoutMs: 200 });
    await expect(access.ask((client) => client.products.list())).rejects.toMatchObject({ code: 'E_CONNECTION' });
    dripping.closeAllConnections();
    dripping.close();
  });

  it('a key that Stripe does not take is an outage of ours, and no fault of the caller', async () => {
    const access = new StripeAccess({ secretKey: 'sk_test_wrong', apiBase: stripe.url });
    await expect(access.ask((client) => client.products.list())).rejects.toMatchObject({ code: 'E_CONNECTION' });
  });
});
