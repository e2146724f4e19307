import type Stripe from 'stripe';
import { z } from 'zod';
import { NotFoundError } from '../../../base/errors.js';
import type { TypedRouter } from '../../../http/index.js';
import type { BillingService } from '../billing-service.js';
import type { Checkout, Subscribed } from '../checkout/checkout.js';
import type { BillingCustomer } from '../customers/entities.js';
import { idOf } from '../stripe/stripe-values.js';
import { Invoice, Order, OrderStatusName, orderShape, orderShapes, Subscription, subscriptionShape } from './shapes.js';

const Id = z.string().min(1).max(255);
const Page = z.string().max(2_000);
const Checked = z.object({ price_id: Id, success_url: Page.optional(), cancel_url: Page.optional() });
/** As Stripe writes them. */
const SessionId = z.string().regex(/^cs_\w{1,250}$/);
const MOST_LINES = 20;
const Address = z
  .record(z.string().max(40), z.string().max(500).nullable())
  .refine((lines) => Object.keys(lines).length <= MOST_LINES, `Give at most ${MOST_LINES} lines`);

const MESSAGES: Readonly<Record<Subscribed['action'], string>> = {
  checkout: 'Go to the checkout',
  no_change: 'You have this subscription already',
  reactivated: 'The cancellation was taken back',
  plan_changed: 'The plan was changed',
};

export interface BuyerRoutesOptions {
  billing: BillingService;
  checkout: Checkout;
}

function isOf({ customer }: Stripe.Checkout.Session, { stripeCustomerId }: BillingCustomer): boolean {
  return typeof stripeCustomerId === 'string' && idOf(customer) === stripeCustomerId;
}

/** What a user subscribes to and buys. */
export function addBuyerRoutes(router: TypedRouter, { billing, checkout }: BuyerRoutesOptions): void {
  router.get(
    '/subscription',
    { auth: 'user', response: Subscription.nullable(), summary: 'The caller’s subscription' },
    async ({ user }) => {
      const customer = await billing.getCustomerByUser(user.id);
      const open = customer && (await billing.subscriptions.getOpenSubscription(customer.id));
      return open && subscriptionShape(billing, open);
    },
  );

  router.post(
    '/subscribe',
    {
      auth: 'user',
      body: Checked,
      response: z.object({
        checkout_url: z.string().nullable(),
        action: z.string(),
        subscription_id: z.string().nullable(),
        message: z.string(),
      }),
      summary: 'Subscribe, or change to another plan',
    },
    async ({ user, body }) => {
      const { price_id: priceId, success_url: successUrl, cancel_url: cancelUrl } = body;
      const done = await checkout.subscribe({ userId: user.id, email: user.email }, { priceId, successUrl, cancelUrl });
      const { checkoutUrl, action, subscriptionId } = done;
      return { checkout_url: checkoutUrl, action, subscription_id: subscriptionId, message: MESSAGES[action] };
    },
  );

  router.post(
    '/purchase',
    {
      auth: 'user',
      body: Checked.extend({ quantity: z.int().default(1), shipping_address: Address.optional() }),
      response: z.object({ checkout_url: z.string() }),
      summary: 'Buy something once',
    },
    async ({ user, body }) => {
      const url = await checkout.purchase(
        { userId: user.id, email: user.email },
        {
          priceId: body.price_id,
          successUrl: body.success_url,
          cancelUrl: body.cancel_url,
          quantity: body.quantity,
          shippingAddress: body.shipping_address,
        },
      );
      return { checkout_url: url };
    },
  );

  router.get(
    '/checkout/verify',
    {
      auth: 'user',
      query: z.object({ session_id: SessionId }),
      response: z.object({ status: z.string().nullable(), payment_status: z.string(), mode: z.string() }),
      summary: 'What the caller’s checkout has come to',
    },
    async ({ user, query }) => {
      const customer = await billing.getCustomerByUser(user.id);
      const session = customer && (await billing.sync.getCheckoutSession(query.session_id));
      if (!session || !isOf(session, customer)) throw new NotFoundError('Checkout not found');
      await billing.sync.processCheckoutSession(session.id);
      return { status: session.status, payment_status: session.payment_status, mode: session.mode };
    },
  );

  router.post(
    '/portal',
    {
      auth: 'user',
      body: z.object({ return_url: Page.optional() }).default({}),
      response: z.object({ portal_url: z.string() }),
      summary: 'Where the caller changes cards and plans',
    },
    async ({ user, body }) => ({ portal_url: await checkout.portal(user.id, body.return_url) }),
  );

  const openOf = async (userId: string, message: string) => {
    const customer = await billing.getCustomerByUser(userId);
    if (!customer) throw new NotFoundError('No subscription found');
    const subscription = await billing.subscriptions.getOpenSubscription(customer.id);
    if (!subscription) throw new NotFoundError(message);
    return subscription;
  };

  router.post(
    '/cancel',
    {
      auth: 'user',
      body: z.object({ immediately: z.boolean().default(false) }).default({ immediately: false }),
      response: z.object({ status: z.string(), cancel_at_period_end: z.boolean(), subscription_id: z.string() }),
      summary: 'Cancel the subscription at the end of what is paid, or at once',
    },
    async ({ user, body }) => {
      const { id } = await openOf(user.id, 'No active subscription');
      await billing.cancelSubscription(id, { atPeriodEnd: !body.immediately });
      return { status: 'cancelled', cancel_at_period_end: !body.immediately, subscription_id: id };
    },
  );

  router.post(
    '/reactivate',
    {
      auth: 'user',
      response: z.object({ status: z.string(), subscription_id: z.string() }),
      summary: 'Take back a cancellation',
    },
    async ({ user }) => {
      const { id } = await openOf(user.id, 'No active subscription');
      await billing.reactivateSubscription(id);
      return { status: 'reactivated', subscription_id: id };
    },
  );

  router.get(
    '/orders',
    {
      auth: 'user',
      query: z.object({ status: OrderStatusName.optional() }),
      response: z.array(Order),
      summary: 'The caller’s orders, newest first',
    },
    async ({ user, query }) => {
      const customer = await billing.getCustomerByUser(user.id);
      if (!customer) return [];
      const orders = await billing.listOrders({ customerId: customer.id, status: query.status, limit: 200 });
      return orderShapes(billing, orders);
    },
  );

  router.get(
    '/orders/:id',
    { auth: 'user', params: z.object({ id: Id }), response: Order, summary: 'One order of the caller' },
    async ({ user, params }) => {
      const customer = await billing.getCustomerByUser(user.id);
      const order = await billing.getOrder(params.id);
      if (!order || order.customerId !== customer?.id) throw new NotFoundError('Order not found');
      return orderShape(billing, order);
    },
  );

  router.get(
    '/invoices',
    {
      auth: 'user',
      query: z.object({ limit: z.coerce.number().int().min(1).max(100).default(10) }),
      response: z.array(Invoice),
      summary: 'The caller’s invoices, newest first',
    },
    async ({ user, query }) => {
      const customer = await billing.getCustomerByUser(user.id);
      const invoices = customer ? await billing.listInvoices({ customerId: customer.id, limit: query.limit }) : [];
      return invoices.map((invoice) => ({
        id: invoice.id,
        status: invoice.status,
        amount_due: invoice.amountDue,
        amount_paid: invoice.amountPaid,
        currency: invoice.currency,
        invoice_pdf: invoice.invoicePdf ?? null,
        hosted_invoice_url: invoice.hostedInvoiceUrl ?? null,
      }));
    },
  );

  router.get(
    '/access/:feature',
    {
      auth: 'user',
      params: z.object({ feature: z.string().max(100) }),
      response: z.object({ feature: z.string(), has_access: z.boolean() }),
      summary: 'May the caller use this feature?',
    },
    async ({ user, params }) => ({
      feature: params.feature,
      has_access: await billing.userHasFeature(user.id, params.feature),
    }),
  );

  router.get(
    '/purchased/:slug',
    {
      auth: 'user',
      params: z.object({ slug: z.string().max(100) }),
      response: z.object({ product: z.string(), purchased: z.boolean() }),
      summary: 'Has the caller bought this?',
    },
    async ({ user, params }) => ({
      product: params.slug,
      purchased: await billing.userHasPurchased(user.id, params.slug),
    }),
  );
}
