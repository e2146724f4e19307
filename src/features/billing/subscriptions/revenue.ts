import type { SessionHandle } from '../../../orm/index.js';
import { BillingPrice, type PriceInterval } from '../catalog/entities.js';
import { BillingSubscription, LIVE_STATUSES } from './entities.js';

/** How often each recurs in a year. */
const PER_YEAR: Readonly<Record<PriceInterval, number>> = { day: 365, week: 52, month: 12, year: 1 };

/** What a price brings in a month, not rounded. */
function monthlyCents({
  amountCents,
  interval,
  intervalCount,
}: Pick<BillingPrice, 'amountCents' | 'interval' | 'intervalCount'>) {
  return interval ? (amountCents * PER_YEAR[interval]) / (12 * intervalCount) : 0;
}

export interface Revenue {
  activeSubscriptions: number;
  /** By currency: what cannot be added is not added. Trials pay nothing yet. */
  mrr: Record<string, number>;
}

export async function revenueOf(on: { db?: SessionHandle }): Promise<Revenue> {
  const prices = new Map((await BillingPrice.find(on)).map((price) => [price.id, price]));
  const exact: Record<string, number> = {};
  let activeSubscriptions = 0;
  for await (const { priceId, quantity, status } of BillingSubscription.stream({
    where: { status: { in: LIVE_STATUSES } },
    ...on,
  })) {
    activeSubscriptions++;
    const price = priceId ? prices.get(priceId) : undefined;
    if (!price || status === 'trialing') continue;
    exact[price.currency] = (exact[price.currency] ?? 0) + monthlyCents(price) * quantity;
  }
  const mrr = Object.fromEntries(Object.entries(exact).map(([currency, cents]) => [currency, Math.round(cents)]));
  return { activeSubscriptions, mrr };
}
