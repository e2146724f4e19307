import { z } from 'zod';
import { createRouter, noRateLimit, type TypedRouter } from '../../../http/index.js';
import type { Inbox } from '../inbox/inbox.js';
import { addAdminRoutes } from './admin-routes.js';
import { addBuyerRoutes, type BuyerRoutesOptions } from './buyer-routes.js';
import { addCatalogRoutes } from './catalog-routes.js';

export interface BillingRouterOptions extends BuyerRoutesOptions {
  /** Default `/billing`. */
  prefix?: string;
  inbox: Inbox;
  /** Of the revenue that is shown in one figure. */
  currency: string;
}

const LARGEST_EVENT = 1024 * 1024;

/** Everything below `/billing`. */
export function createBillingRouter({
  prefix = '/billing',
  currency,
  inbox,
  ...options
}: BillingRouterOptions): TypedRouter {
  const router: TypedRouter = createRouter({ prefix, tags: ['billing'] });
  const { billing } = options;
  addCatalogRoutes(router, billing);
  addBuyerRoutes(router, options);
  addAdminRoutes(router, billing, currency);
  router.post(
    '/webhooks/stripe',
    {
      rawBody: true,
      maxBodySize: LARGEST_EVENT,
      use: [noRateLimit()],
      response: z.object({ received: z.boolean() }),
      summary: 'Where Stripe delivers its events',
      description: 'Answers anything but 200 where an event had no effect, so that Stripe delivers it again.',
    },
    async ({ ctx, rawBody = Buffer.alloc(0) }) => {
      const event = await inbox.verify(rawBody, ctx.get('stripe-signature') || undefined);
      await inbox.receive(event);
      return { received: true };
    },
  );
  return router;
}
