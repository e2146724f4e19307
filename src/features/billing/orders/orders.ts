import type Stripe from 'stripe';
import { type Clock, systemClock } from '../../../base/clock.js';
import { NotFoundError } from '../../../base/errors.js';
import type { SessionHandle } from '../../../orm/index.js';
import { assertQuantity } from '../catalog/check-catalog.js';
import { BillingPrice, BillingProduct } from '../catalog/entities.js';
import { BillingCustomer } from '../customers/entities.js';
import type { Apply } from '../stripe/settle.js';
import type { StripeAccess } from '../stripe/stripe-access.js';
import { idOf } from '../stripe/stripe-values.js';
import type { PageOf } from '../subscriptions/subscriptions.js';
import { BillingOrder, type OrderStatus, PURCHASED_STATUSES, type ShippingAddress } from './entities.js';

export interface OrderInput {
  customerId: string;
  priceId: string;
  /** Default 1. */
  quantity?: number;
  shippingAddress?: ShippingAddress | null;
  metadata?: Readonly<Record<string, string>>;
}

export interface OrderFilter extends PageOf {
  customerId?: string;
  status?: OrderStatus | undefined;
}

interface OrdersOptions {
  stripe: StripeAccess;
  db?: SessionHandle | undefined;
  clock?: Clock | undefined;
}

/** What is paid for once. Whether it is paid, Stripe says; that it is on its way, this service does. */
export class Orders {
  readonly #stripe: StripeAccess;
  readonly #clock: Clock;
  readonly #on: { db?: SessionHandle };

  constructor({ stripe, db, clock = systemClock }: OrdersOptions) {
    this.#stripe = stripe;
    this.#clock = clock;
    this.#on = db ? { db } : {};
  }

  /** One that waits to be paid. @throws ValidationError for a quantity that cannot be; NotFoundError for an unknown price */
  async createOrder({ customerId, priceId, quantity = 1, shippingAddress = null, metadata }: OrderInput) {
    const price = await BillingPrice.get(priceId, this.#on);
    if (!price) throw new NotFoundError('Price not found');
    assertQuantity(quantity, price.amountCents);
    const product = await BillingProduct.get(price.productId, this.#on);
    if (!product) throw new NotFoundError('Product not found');
    const row = {
      customerId,
      priceId,
      productId: product.id,
      quantity,
      amountCents: price.amountCents * quantity,
      currency: price.currency,
      productType: product.productType,
      shippingAddress,
      ...(metadata && { metadata: { ...metadata } }),
    };
    return BillingOrder.save(row, this.#on);
  }

  getOrder(id: string): Promise<BillingOrder | null> {
    return BillingOrder.get(id, this.#on);
  }

  listOrders({ customerId, status, limit = 50, offset = 0 }: OrderFilter = {}): Promise<BillingOrder[]> {
    const where = { ...(customerId && { customerId }), ...(status && { status }) };
    return BillingOrder.find({ where, orderBy: { id: 'desc' }, limit, offset, ...this.#on });
  }

  countPurchased(): Promise<number> {
    return BillingOrder.count({ where: { status: { in: PURCHASED_STATUSES } }, ...this.#on });
  }

  /** The ids of the products that are the customer’s. */
  async purchasedProducts(customerId: string): Promise<string[]> {
    const where = { customerId, status: { in: PURCHASED_STATUSES } };
    const orders = await BillingOrder.find({ where, select: ['productId'], ...this.#on });
    return [...new Set(orders.map(({ productId }) => productId))];
  }

  /** @throws NotFoundError */
  async updateOrderStatus(id: string, status: OrderStatus, trackingNumber?: string): Promise<BillingOrder> {
    const now = new Date(this.#clock.now());
    const changes = {
      status,
      ...(trackingNumber !== undefined && { trackingNumber }),
      ...(status === 'shipped' && { shippedAt: now }),
      ...(status === 'delivered' && { deliveredAt: now }),
    };
    const order = await BillingOrder.update(id, changes, this.#on);
    if (!order) throw new NotFoundError('Order not found');
    return order;
  }

  async attachSession(id: string, stripeCheckoutSessionId: string): Promise<void> {
    await BillingOrder.update(id, { stripeCheckoutSessionId }, this.#on);
  }

  /** Follows a checkout of something that is paid once; of another customer’s it changes nothing. */
  async ask(session: Stripe.Checkout.Session): Promise<Apply> {
    const id = session.metadata?.local_order_id;
    const order = id ? await BillingOrder.get(id, this.#on) : null;
    const buyer = order && (await BillingCustomer.get(order.customerId, this.#on));
    return async () => {
      if (!order || !buyer || buyer.stripeCustomerId !== idOf(session.customer)) return;
      if (order.stripeCheckoutSessionId && order.stripeCheckoutSessionId !== session.id) return;
      const changes = changesOf(session, order.status);
      if (changes) await BillingOrder.update(order.id, changes, { expectedVersion: order.version, ...this.#on });
    };
  }

  /** A charge that was given back whole takes the order with it, also where its payment was not heard of yet. */
  async askRefund(chargeId: string): Promise<Apply> {
    const charge = await this.#stripe.find((stripe) => stripe.charges.retrieve(chargeId));
    const stripePaymentIntentId = idOf(charge?.payment_intent);
    const order = charge?.refunded ? await this.#orderOf(charge, stripePaymentIntentId) : null;
    return async () => {
      if (!order || order.status === 'refunded') return;
      const changes = { status: 'refunded', stripePaymentIntentId } as const;
      await BillingOrder.update(order.id, changes, { expectedVersion: order.version, ...this.#on });
    };
  }

  async #orderOf({ metadata }: Stripe.Charge, stripePaymentIntentId: string | null): Promise<BillingOrder | null> {
    if (!stripePaymentIntentId) return null;
    const known = await BillingOrder.findOne({ where: { stripePaymentIntentId }, ...this.#on });
    return known ?? (metadata.local_order_id ? BillingOrder.get(metadata.local_order_id, this.#on) : null);
  }
}

/** Whoever has paid gets what they have paid for, also where the order was given up meanwhile. */
function changesOf(session: Stripe.Checkout.Session, status: OrderStatus) {
  if (session.status === 'expired') return status === 'pending' ? { status: 'cancelled' as const } : undefined;
  if (session.payment_status === 'unpaid') return undefined; // a slow payment; its own event follows
  if (status !== 'pending' && status !== 'cancelled') return undefined;
  const shipping = session.collected_information?.shipping_details;
  return {
    status: 'paid' as const,
    stripeCheckoutSessionId: session.id,
    stripePaymentIntentId: idOf(session.payment_intent),
    ...(session.amount_total !== null && { amountCents: session.amount_total }),
    ...(session.currency && { currency: session.currency }),
    ...(shipping && { shippingName: shipping.name, shippingAddress: { ...shipping.address } }),
  };
}
