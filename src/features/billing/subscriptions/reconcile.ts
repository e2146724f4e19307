import type Stripe from 'stripe';
import type { SessionHandle } from '../../../orm/index.js';
import { askStripe } from '../stripe/ask-stripe.js';
import { BillingSubscription, OPEN_STATUSES } from './entities.js';
import type { Subscriptions } from './subscriptions.js';

/** Where this service and Stripe differed. What differed here has been mended. */
export interface DriftReport {
  checked: number;
  repaired: Array<{ stripeSubscriptionId: string; status: [was: string | null, is: string] }>;
  /** Stripe’s subscriptions of customers who are nobody here. */
  unknown: string[];
  /** Customers with more than one open subscription: they pay twice. */
  doubled: string[];
}

/** Compares every open subscription on both sides, and copies what Stripe says. */
export async function reconcile(
  { stripe, subscriptions }: { stripe: Stripe; subscriptions: Subscriptions },
  on: { db?: SessionHandle },
): Promise<DriftReport> {
  const report: DriftReport = { checked: 0, repaired: [], unknown: [], doubled: [] };
  const known = new Map<string, BillingSubscription>();
  for await (const row of BillingSubscription.stream({ where: { status: { in: OPEN_STATUSES } }, ...on }))
    known.set(row.stripeSubscriptionId, row);
  const ids = new Set(known.keys());
  await askStripe(() =>
    stripe.subscriptions.list({ limit: 100 }).autoPagingEach(({ id }) => {
      ids.add(id);
    }),
  );
  const open = new Map<string, number>();
  for (const id of ids) {
    report.checked++;
    const was = known.get(id) ?? (await BillingSubscription.findOne({ where: { stripeSubscriptionId: id }, ...on }));
    const is = await subscriptions.refresh(id);
    if (!is) report.unknown.push(id);
    else if (is.version !== was?.version)
      report.repaired.push({ stripeSubscriptionId: id, status: [was?.status ?? null, is.status] });
    if (is && OPEN_STATUSES.includes(is.status)) open.set(is.customerId, (open.get(is.customerId) ?? 0) + 1);
  }
  report.doubled = [...open].filter(([, count]) => count > 1).map(([customerId]) => customerId);
  return report;
}
