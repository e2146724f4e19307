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

/** Compares every open subscription of either side, and every order that waits to be paid. */
export async function reconcile(options: ReconcileOptions): Promise<DriftReport> {
  const report: DriftReport = { checked: 0, repaired: [], orders: [], unknown: [], missing: [], doubled: [] };
  await reconcileSubscriptions(report, options);
  await reconcileOrders(report, options);
  return report;
}

async function reconcileSubscriptions(report: DriftReport, options: ReconcileOptions): Promise<void> {
  const { db, stripe } = options;
  const on = db ? { db } : {};
  const listed = new Set<string>();
  await stripe.ask(({ subscriptions }) =>
    subscriptions.list({ limit: 100 }).autoPagingEach(({ id }) => void listed.add(id)),
  );
  const ids = new Set(listed);
  for await (const row of BillingSubscription.stream({ where: { status: { in: OPEN_STATUSES } }, ...on }))
    ids.add(row.stripeSubscriptionId);
  const open = new Map<string, number>();
  for (const id of ids) {
    const is = await compare(id, listed.has(id), report, options);
    if (is && OPEN_STATUSES.includes(is.status)) open.set(is.customerId, (open.get(is.customerId) ?? 0) + 1);
  }
  report.doubled = [...open].filter(([, count]) => count > 1).map(([customerId]) => customerId);
}

/** @returns what the subscription is afterwards */
async function compare(
  stripeSubscriptionId: string,
  isListed: boolean,
  report: DriftReport,
  { stripe, sync, db }: ReconcileOptions,
): Promise<BillingSubscription | null> {
  report.checked++;
  const was = await BillingSubscription.findOne({ where: { stripeSubscriptionId }, ...(db && { db }) });
  const is = await sync.reconcileSubscription(stripeSubscriptionId);
  if (!is) report.unknown.push(stripeSubscriptionId);
  else if (is.version !== was?.version)
    report.repaired.push({ stripeSubscriptionId, status: [was?.status ?? null, is.status] });
  else if (!isListed && !(await stripe.find((client) => client.subscriptions.retrieve(stripeSubscriptionId))))
    report.missing.push(stripeSubscriptionId);
  return is;
}

/** A page on which nobody has paid ends by itself within a day, so that few orders wait. */
async function reconcileOrders(report: DriftReport, { sync, db }: ReconcileOptions): Promise<void> {
  const on = db ? { db } : {};
  for await (const { id, stripeCheckoutSessionId } of BillingOrder.stream({ where: { status: 'pending' }, ...on })) {
    if (!stripeCheckoutSessionId) continue;
    report.checked++;
    await sync.processCheckoutSession(stripeCheckoutSessionId);
    const is = await BillingOrder.get(id, on);
    if (is && is.status !== 'pending') report.orders.push({ orderId: id, status: ['pending', is.status] });
  }
}
