import { z } from 'zod';
import { NotFoundError } from '../../../base/errors.js';
import type { TypedRouter } from '../../../http/index.js';
import type { BillingService } from '../billing-service.js';
import { OrderStatusName, SubscriptionStatusName } from './shapes.js';

const page = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  offset: z.coerce.number().int().min(0).default(0),
};
const Row = z.record(z.string(), z.unknown());

/** What everybody has subscribed to and bought. */
export function addAdminRoutes(router: TypedRouter, billing: BillingService, currency: string): void {
  router.get(
    '/admin/subscriptions',
    {
      auth: 'admin',
      query: z.object({ ...page, status: SubscriptionStatusName.optional() }),
      response: z.array(Row),
      summary: 'All subscriptions, newest first',
    },
    ({ query }) => billing.listSubscriptions(query),
  );
  router.get(
    '/admin/orders',
    {
      auth: 'admin',
      query: z.object({ ...page, status: OrderStatusName.optional() }),
      response: z.array(Row),
      summary: 'All orders, newest first',
    },
    ({ query }) => billing.listOrders(query),
  );
  router.post(
    '/admin/orders/:id/status',
    {
      auth: 'admin',
      params: z.object({ id: z.string().max(64) }),
      body: z.object({ status: OrderStatusName, tracking_number: z.string().max(255).optional() }),
      response: Row,
      summary: 'Say that an order is on its way, or has arrived',
    },
    ({ params, body }) => billing.updateOrderStatus(params.id, body.status, body.tracking_number),
  );
  router.get(
    '/admin/customers',
    { auth: 'admin', query: z.object(page), response: z.array(Row), summary: 'All customers, newest first' },
    ({ query }) => billing.customers.listCustomers(query),
  );
  router.get(
    '/admin/customers/:id',
    {
      auth: 'admin',
      params: z.object({ id: z.string().max(64) }),
      response: z.object({ customer: Row, subscriptions: z.array(Row), orders: z.array(Row) }),
      summary: 'One customer, with subscriptions and orders',
    },
    async ({ params }) => {
      const customer = await billing.getCustomer(params.id);
      if (!customer) throw new NotFoundError('Customer not found');
      const filter = { customerId: customer.id, limit: 200 };
      return {
        customer,
        subscriptions: await billing.listSubscriptions(filter),
        orders: await billing.listOrders(filter),
      };
    },
  );
  router.get(
    '/admin/revenue',
    {
      auth: 'admin',
      response: z.object({
        active_subscriptions: z.number(),
        total_orders: z.number(),
        mrr_cents: z.number().describe('In the currency of the settings.'),
        mrr_by_currency: z.record(z.string(), z.number()),
      }),
      summary: 'What comes in each month',
    },
    async () => {
      const { activeSubscriptions, totalOrders, mrr } = await billing.getRevenue();
      return {
        active_subscriptions: activeSubscriptions,
        total_orders: totalOrders,
        mrr_cents: mrr[currency] ?? 0,
        mrr_by_currency: mrr,
      };
    },
  );
}
