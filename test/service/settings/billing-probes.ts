import { type BillingService, type BillingSettings, getBilling, type ServiceOptions } from 'app-kernel';
import { createTestService, StripeStandIn } from 'app-kernel/testing';
import { expect } from 'vitest';
import { openShop, type Shop } from '../../features/billing/open-billing.js';
import { openKernel } from '../setup/fresh-kernel.js';
import { startedService } from '../setup/fresh-service.js';
import type { Probe, Probes } from './probe.js';

type BillingOption = 'stripeSecretKey' | 'stripeWebhookSecret' | 'stripeApiBase' | 'seedBilling' | 'billing';

const stripeSecretKey = 'sk_test_stand_in';
const HOOK = '/billing/webhooks/stripe';

async function withStandIn(probe: (stripe: StripeStandIn) => Promise<void>): Promise<void> {
  const stripe = await StripeStandIn.start();
  try {
    await probe(stripe);
  } finally {
    await stripe.close();
  }
}

const seedBilling = async (_db: unknown, billing: BillingService) =>
  void (await billing.createProduct({ name: 'Pro', slug: 'pro' }));

async function products(options: Partial<ServiceOptions>) {
  const response = await (await startedService(options)).inject('/api/v1/billing/products');
  return { status: response.status, body: await response.json() };
}

export const billingOptionProbes: Record<BillingOption, Probe> = {
  stripeSecretKey: async () => {
    expect((await products({})).status).toBe(404);
    expect((await products({ stripeSecretKey })).status).toBe(200);
  },
  stripeWebhookSecret: async () => {
    const asked = async (options: Partial<ServiceOptions>) =>
      (await (await startedService({ stripeSecretKey, ...options })).inject(`/api/v1${HOOK}`, { method: 'POST' }))
        .status;
    expect([await asked({}), await asked({ stripeWebhookSecret: 'whsec_probed' })]).toEqual([503, 400]);
  },
  stripeApiBase: () =>
    withStandIn(async (stripe) => {
      await startedService({ stripeSecretKey, stripeApiBase: stripe.url, seedBilling });
      expect(stripe.store.all('product')).toMatchObject([{ name: 'Pro' }]);
    }),
  seedBilling: () =>
    withStandIn(async (stripe) => {
      const { body } = await products({ stripeSecretKey, stripeApiBase: stripe.url, seedBilling });
      expect(body).toMatchObject([{ slug: 'pro' }]);
    }),
  billing: async () => {
    const billing = { redirectUrls: ['https://app.example/'], shippingCountries: ['NO'], currency: 'nok' };
    await using test = await createTestService({ stripeSecretKey, billing });
    expect(test.service.kernel.settings.billing).toMatchObject(billing);
  },
};

const kernelBilling = (billing: object) => openKernel({ billing: { secretKey: stripeSecretKey, ...billing } });

/** What somebody who wants to have something is answered, and what Stripe is told of it. */
async function withShop(billing: Partial<BillingSettings>, probe: (shop: Shop) => Promise<void>): Promise<void> {
  const redirectUrls = ['https://app.example/'];
  const shop = await openShop({ billing: { redirectUrls, ...billing } });
  try {
    await probe(shop);
  } finally {
    await shop.close();
  }
}

export const billingProbes: Probes<BillingSettings> = {
  secretKey: async () => {
    expect((await (await openKernel({})).send('/billing/products')).status).toBe(404);
    expect((await (await kernelBilling({})).send('/billing/products')).status).toBe(200);
  },
  webhookSecret: async () => {
    const ask = async (billing: object) =>
      (await (await kernelBilling(billing)).send(HOOK, { method: 'POST', body: '{}' })).status;
    expect([await ask({}), await ask({ webhookSecret: 'whsec_probed' })]).toEqual([503, 400]);
  },
  apiBase: () =>
    withStandIn(async (stripe) => {
      await kernelBilling({ apiBase: stripe.url });
      const { id } = await getBilling().getOrCreateCustomer({ userId: 'u', email: 'u@example.com' });
      expect(await getBilling().sync.syncCustomer(id)).toMatch(/^cus_/);
    }),
  redirectUrls: () =>
    withShop({ redirectUrls: ['https://other.example/shop/'] }, async (shop) => {
      const ann = await shop.join('ann');
      const buy = async (page: string) =>
        (await shop.post(ann, '/purchase', { price_id: shop.prices.book, success_url: page, cancel_url: page })).status;
      expect(await buy('https://app.example/paid')).toBe(422);
      expect(await buy('https://other.example/shop/paid')).toBe(200);
    }),
  currency: async () => {
    await kernelBilling({ currency: 'eur' });
    const { id: productId } = await getBilling().createProduct({ name: 'P', slug: 'p', productType: 'one_time' });
    expect(await getBilling().createPrice({ productId, amountCents: 5 })).toMatchObject({ currency: 'eur' });
  },
  trialDays: () =>
    withShop({ trialDays: 14 }, async (shop) => {
      const ann = await shop.join('ann');
      await shop.subscribed(ann);
      expect(await shop.get(ann, '/subscription')).toMatchObject({ status: 'trialing' });
      expect(await shop.get(ann, '/access/export')).toMatchObject({ has_access: true });
    }),
  shippingCountries: () =>
    withShop({ shippingCountries: ['NO', 'SE'] }, async (shop) => {
      await shop.post(await shop.join('ann'), '/purchase', { price_id: shop.prices.shirt });
      expect(shop.stripe.store.all('checkout.session')).toMatchObject([
        { shipping_address_collection: { allowed_countries: ['NO', 'SE'] } },
      ]);
    }),
  timeoutSeconds: () =>
    withShop({ timeoutSeconds: 1 }, async (shop) => {
      shop.stripe.mode = 'hang';
      const { id } = await shop.billing.getOrCreateCustomer({ userId: 'u', email: 'u@example.com' });
      await expect(shop.billing.sync.syncCustomer(id)).rejects.toMatchObject({ code: 'E_CONNECTION' });
    }),
  reconcileSchedule: async () => {
    const { kernel } = await kernelBilling({ reconcileSchedule: '1 2 * * *' });
    const schedules = await kernel.jobs.schedules();
    expect(schedules).toMatchObject([{ taskName: 'kernel.billing_reconcile', cron: '1 2 * * *' }]);
  },
};
