import {
  BillingService,
  billingService,
  Checkout,
  createBillingRouter,
  Inbox,
  Redirects,
  StripeAccess,
} from '../../features/billing/index.js';
import { BillingJobs } from '../jobs/billing-jobs.js';
import type { Room, RoomOptions } from './room.js';

/** Without a key of Stripe there is nothing to be paid with. */
export function openBilling(options: RoomOptions): Room | undefined {
  const { settings, services, engines, parts, logger } = options;
  const { secretKey, apiBase, timeoutSeconds, webhookSecret, currency, reconcileSchedule } = settings.billing;
  const { database: db, queue } = engines;
  if (!db || secretKey === null || !settings.auth.enabled) return undefined;
  const { jobRegistry: registry, seedBilling, clock } = parts;
  const stripe = new StripeAccess({ secretKey, apiBase, timeoutMs: timeoutSeconds * 1_000 });
  const onCatalogChange = () => jobs.syncSoon();
  const billing = new BillingService({ stripe, db, currency, clock, onCatalogChange });
  const inbox = new Inbox({ billing, secret: webhookSecret, db, clock, logger });
  const jobs = new BillingJobs({ billing, inbox, queue, registry, services, logger });
  const { trialDays, shippingCountries } = settings.billing;
  const checkout = new Checkout({ billing, redirects: new Redirects(pagesOf(options)), trialDays, shippingCountries });
  services.provide(billingService, billing);
  return {
    mount: (routes, prefix) => routes.mount([createBillingRouter({ billing, checkout, inbox, currency })], prefix),
    start: async () => {
      if (seedBilling) await db.withMigrationLock((handle) => seedBilling(handle, billing));
      await jobs.start(reconcileSchedule);
    },
  };
}

/** The service’s own pages are allowed as well. */
function pagesOf({ settings }: RoomOptions): string[] {
  const { publicUrl } = settings.oauth;
  return [...settings.billing.redirectUrls, ...(publicUrl ? [new URL('/', publicUrl).href] : [])];
}
