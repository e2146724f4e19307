import type { BillingService, BillingSettings, ServiceOptions } from 'app-kernel';
import { getBilling } from 'app-kernel';
import { StripeStandIn } from 'app-kernel/testing';
import { expect } from 'vitest';
import { createStripeClient } from '../../../src/features/billing/index.js';
import { openKernel } from '../setup/fresh-kernel.js';
import { startedService } from '../setup/fresh-service.js';
import type { Probe, Probes } from './probe.js';

type BillingOption =
  | 'stripeSecretKey'
  | 'stripeWebhookSecret'
  | 'stripeApiBase'
  | 'seedBilling'
  | 'billingRedirectUrls';

const stripeSecretKey = 'sk_test_stand_in';
const HOOK = '/api/v1/billing/webhooks/stripe';

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
      (await (await startedService({ stripeSecretKey, ...options })).inject(HOOK, { method: 'POST', body: '{}' }))
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
  billingRedirectUrls: () =>
    withStandIn(async (stripe) => {
      const billingRedirectUrls = ['https://app.example/'];
      const service = await startedService({ stripeSecretKey, stripeApiBase: stripe.url, billingRedirectUrls });
      expect(service.kernel.settings.billing.redirectUrls).toEqual(billingRedirectUrls);
    }),
};

const kernelBilling = (billing: object) => openKernel({ billing: { secretKey: stripeSecretKey, ...billing } });

export const billingProbes: Probes<BillingSettings> = {
  secretKey: async () => {
    expect((await (await openKernel({})).send('/billing/products')).status).toBe(404);
    expect((await (await kernelBilling({})).send('/billing/products')).status).toBe(200);
  },
  webhookSecret: async () => {
    const ask = async (billing: object) =>
      (await (await kernelBilling(billing)).send('/billing/webhooks/stripe', { method: 'POST', body: '{}' })).status;
    expect([await ask({}), await ask({ webhookSecret: 'whsec_probed' })]).toEqual([503, 400]);
  },
  apiBase: () =>
    withStandIn(async (stripe) => {
      await kernelBilling({ apiBase: stripe.url });
      const { id } = await getBilling().getOrCreateCustomer({ userId: 'u', email: 'u@example.com' });
      expect(await getBilling().sync.syncCustomer(id)).toMatch(/^cus_/);
    }),
  redirectUrls: async () => {
    await expect(openKernel({ billing: { redirectUrls: ['no page'] } })).rejects.toThrow(/redirectUrls/);
  },
  currency: async () => {
    await kernelBilling({ currency: 'eur' });
    const { id: productId } = await getBilling().createProduct({ name: 'P', slug: 'p', productType: 'one_time' });
    expect(await getBilling().createPrice({ productId, amountCents: 5 })).toMatchObject({ currency: 'eur' });
  },
  trialDays: async () => {
    await expect(openKernel({ billing: { trialDays: -1 } })).rejects.toThrow(/trialDays/);
  },
  shippingCountries: async () => {
    await expect(openKernel({ billing: { shippingCountries: ['Norway'] } })).rejects.toThrow(/shippingCountries/);
  },
  timeoutSeconds: () =>
    withStandIn(async (stripe) => {
      stripe.mode = 'hang';
      const client = createStripeClient({ secretKey: stripeSecretKey, apiBase: stripe.url, timeoutMs: 20 });
      await expect(client.products.list()).rejects.toThrow();
    }),
  reconcileSchedule: async () => {
    await expect(openKernel({ billing: { reconcileSchedule: 'daily' } })).rejects.toThrow(/reconcileSchedule/);
  },
};
