import {
  BillingService,
  billingService,
  Checkout,
  createBillingRouter,
  createStripeClient,
  Inbox,
  Redirects,
} from '../../features/billing/index.js';
import { BillingJobs } from '../billing-jobs.js';
import type { Room, RoomOptions } from './room.js';

/** Without a key of Stripe there is nothing to be paid with. */
export function openBilling(options: RoomOptions): Room | undefined {
  const { settings, services, engines, parts, logger } = options;
  const { secretKey, apiBase, timeoutSeconds, webhookSecret, currency, trialDays, shippingCountries } =
    settings.billing;
  const { database: db, queue } = engines;
  if (!db || secretKey === null) return undefined;
  const stripe = createStripeClient({ secretKey, apiBase, timeoutMs: timeoutSeconds * 1_000 });
  const jobs = new BillingJobs({ queue, registry: parts.jobRegistry, logger });
  const billing = new BillingService({ stripe, db, currency, onCatalogChange: () => jobs.syncSoon() });
  services.provide(billingService, billing);
  const inbox = new Inbox({ billing, secret: webhookSecret, db, logger });
  const redirects = new Redirects(pagesOf(options));
  const checkout = new Checkout({ billing, redirects, trialDays, shippingCountries });
  return {
    mount: (routes, prefix) => routes.mount([createBillingRouter({ billing, checkout, inbox, currency })], prefix),
    start: async () => {
      const { seedBilling } = parts;
      if (seedBilling) await db.withMigrationLock((handle) => seedBilling(handle, billing));
      await jobs.start(billing, settings.billing.reconcileSchedule);
    },
  };
}

/** The service’s own pages are allowed as well. */
function pagesOf({ settings }: RoomOptions): string[] {
  const { publicUrl } = settings.oauth;
  return [...settings.billing.redirectUrls, ...(publicUrl ? [new URL('/', publicUrl).href] : [])];
}
