import { z } from 'zod';
import type { BillingService } from '../billing-service.js';
import { type BillingPrice, type BillingProduct, PRODUCT_TYPES } from '../catalog/entities.js';
import { type BillingOrder, ORDER_STATUSES } from '../orders/entities.js';
import { type BillingSubscription, SUBSCRIPTION_STATUSES } from '../subscriptions/entities.js';

const Moment = z.string().meta({ format: 'date-time' });
const Text = z.string().nullable();
export const OrderStatusName = z.enum(ORDER_STATUSES);
export const SubscriptionStatusName = z.enum(SUBSCRIPTION_STATUSES);
export const ProductTypeName = z.enum(PRODUCT_TYPES);

const Price = z.object({
  id: z.string(),
  amount_cents: z.number(),
  currency: z.string(),
  interval: Text,
  interval_count: z.number(),
  nickname: Text,
});
export const Product = z.object({
  id: z.string(),
  name: z.string(),
  slug: z.string(),
  description: Text,
  features: z.array(z.string()),
  product_type: ProductTypeName,
  shippable: z.boolean(),
  metadata: z.record(z.string(), z.string()),
  prices: z.array(Price),
});
export const Subscription = z.object({
  id: z.string(),
  status: SubscriptionStatusName,
  product: Product.nullable(),
  price: Price.nullable(),
  current_period_end: Moment.nullable(),
  cancel_at_period_end: z.boolean(),
  trial_end: Moment.nullable(),
});
export const Order = z.object({
  id: z.string(),
  status: OrderStatusName,
  product: Product.nullable(),
  price: Price.nullable(),
  quantity: z.number(),
  amount_cents: z.number(),
  currency: z.string(),
  shipping_address: z.record(z.string(), Text).nullable(),
  tracking_number: Text,
  created_at: Moment,
});
export const Invoice = z.object({
  id: z.string(),
  status: z.string(),
  amount_due: z.number(),
  amount_paid: z.number(),
  currency: z.string(),
  invoice_pdf: Text,
  hosted_invoice_url: Text,
});

function priceShape({ id, amountCents, currency, interval, intervalCount, nickname }: BillingPrice) {
  return {
    id,
    amount_cents: amountCents,
    currency,
    interval: interval ?? null,
    interval_count: intervalCount,
    nickname: nickname ?? null,
  };
}

export function productShape(product: BillingProduct, prices: readonly BillingPrice[]) {
  return {
    id: product.id,
    name: product.name,
    slug: product.slug,
    description: product.description ?? null,
    features: product.features,
    product_type: product.productType,
    shippable: product.shippable,
    metadata: product.metadata,
    prices: prices.filter(({ productId }) => productId === product.id).map(priceShape),
  };
}

async function goods(billing: BillingService, priceId: string | null | undefined) {
  const price = priceId ? await billing.getPrice(priceId) : null;
  const product = price && (await billing.getProduct(price.productId));
  return { price: price && priceShape(price), product: product && price && productShape(product, [price]) };
}

export async function subscriptionShape(billing: BillingService, subscription: BillingSubscription) {
  return {
    id: subscription.id,
    status: subscription.status,
    ...(await goods(billing, subscription.priceId)),
    current_period_end: subscription.currentPeriodEnd?.toISOString() ?? null,
    cancel_at_period_end: subscription.cancelAtPeriodEnd,
    trial_end: subscription.trialEnd?.toISOString() ?? null,
  };
}

export async function orderShape(billing: BillingService, order: BillingOrder) {
  return shapeOf(order, await goods(billing, order.priceId));
}

/** What was bought is asked for once, however many orders there are of it. */
export async function orderShapes(billing: BillingService, orders: readonly BillingOrder[]) {
  const bought = new Map<string, ReturnType<typeof goods>>();
  for (const { priceId } of orders) if (!bought.has(priceId)) bought.set(priceId, goods(billing, priceId));
  return Promise.all(orders.map(async (order) => shapeOf(order, await bought.get(order.priceId))));
}

const NOTHING = { price: null, product: null };

function shapeOf(order: BillingOrder, bought: Awaited<ReturnType<typeof goods>> = NOTHING) {
  return {
    id: order.id,
    status: order.status,
    ...bought,
    quantity: order.quantity,
    amount_cents: order.amountCents,
    currency: order.currency,
    shipping_address: order.shippingAddress ? { ...order.shippingAddress } : null,
    tracking_number: order.trackingNumber ?? null,
    created_at: order.createdAt.toISOString(),
  };
}
