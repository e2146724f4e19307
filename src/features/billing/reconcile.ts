import type { SessionHandle } from '../../orm/index.js';
import { BillingOrder } from './orders/entities.js';
import type { StripeAccess } from './stripe/stripe-access.js';
import type { StripeSync } from './stripe-sync.js';
import { BillingSubscription, OPEN_STATUSES } from './subscriptions/entities.js';

/** Where this service and Stripe differed. What differed here has been mended. */
export interface DriftReport {
  /** Subscriptions and orders that were compared. */
  checked: number;
  /** Subscriptions that were not known, or otherwise. */
  repaired: Array<{ stripeSubscriptionId: string; status: [was: string | null, is: string] }>;
  /** Orders whose payment, or whose end, had not been heard of. */
  orders: Array<{ orderId: string; status: [was: string, is: string] }>;
  /** Stripe’s subscriptions of customers who are nobody here. */
  unknown: string[];
  /** Subscriptions that Stripe does not know; they are left as they are. */
  missing: string[];
  /** Customers with more than one open subscription: they pay twice. */
  doubled: string[];
}

interface ReconcileOptions {
  stripe: StripeAccess;
  sync: StripeSync;
  db?: SessionHandle;
}

export async function reconcile({ stripe, sync, db }: ReconcileOptions): Promise<DriftReport> {
  const on = db ? { db } : {};
  const report: DriftReport = { checked: 0, repaired: [], orders: [], unknown: [], missing: [], doubled: [] };
  const atStripe = new Set<string>();
  await stripe.ask(({ subscriptions }) =>
    subscriptions.list({ limit: 100 }).autoPagingEach(({ id }) => void atStripe.add(id)),
  );
  const known = new Map<string, BillingSubscription>();
  for await (const row of BillingSubscription.stream({ where: { status: { in: OPEN_STATUSES } }, ...on }))
    known.set(row.stripeSubscriptionId, row);
  const open = new Map<string, number>();
  for (const id of new Set([...known.keys(), ...atStripe])) {
    report.checked++;
    const was = known.get(id) ?? (await BillingSubscription.findOne({ where: { stripeSubscriptionId: id }, ...on }));
    const is = await sync.reconcileSubscription(id);
    if (!is) report.unknown.push(id);
    else if (is.version !== was?.version)
      report.repaired.push({ stripeSubscriptionId: id, status: [was?.status ?? null, is.status] });
    else if (!atStripe.has(id) && !(await stripe.find((client) => client.subscriptions.retrieve(id))))
      report.missing.push(id);
    if (is && OPEN_STATUSES.includes(is.status)) open.set(is.customerId, (open.get(is.customerId) ?? 0) + 1);
  }
  report.doubled = [...open].filter(([, count]) => count > 1).map(([customerId]) => customerId);
  await reconcileOrders(report, sync, on);
  return report;
}

/** A page on which nobody has paid ends by itself within a day, so that few orders wait. */
async function reconcileOrders(report: DriftReport, sync: StripeSync, on: { db?: SessionHandle }): Promise<void> {
  for await (const { id, stripeCheckoutSessionId } of BillingOrder.stream({ where: { status: 'pending' }, ...on })) {
    if (!stripeCheckoutSessionId) continue;
    report.checked++;
    await sync.processCheckoutSession(stripeCheckoutSessionId);
    const is = await BillingOrder.get(id, on);
    if (is && is.status !== 'pending') report.orders.push({ orderId: id, status: ['pending', is.status] });
  }
}
