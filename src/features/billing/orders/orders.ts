import type Stripe from 'stripe';
import { NotFoundError } from '../../../base/errors.js';
import type { SessionHandle } from '../../../orm/index.js';
import { assertQuantity } from '../catalog/check-catalog.js';
import type { BillingPrice, BillingProduct } from '../catalog/entities.js';
import { findAtStripe } from '../stripe/ask-stripe.js';
import { type Apply, StaleAnswerError } from '../stripe/settle.js';
import { idOf } from '../stripe/times.js';
import type { PageOf } from '../subscriptions/subscriptions.js';
import { BillingOrder, type OrderStatus, PURCHASED_STATUSES, type ShippingAddress } from './entities.js';

export interface OrderInput {
  customerId: string;
  price: BillingPrice;
  product: BillingProduct;
  quantity?: number;
  shippingAddress?: ShippingAddress | null;
}

/** What is paid for once. Whether it is paid, Stripe says; that it is on its way, this service does. */
export class Orders {
  readonly #stripe: Stripe;
  readonly #on: { db?: SessionHandle };

  constructor({ stripe, db }: { stripe: Stripe; db?: SessionHandle | undefined }) {
    this.#stripe = stripe;
    this.#on = db ? { db } : {};
  }

  /** @throws ValidationError for a quantity that cannot be */
  createOrder({ customerId, price, product, quantity = 1, shippingAddress = null }: OrderInput): Promise<BillingOrder> {
    assertQuantity(quantity, price.amountCents);
    const row = {
      customerId,
      priceId: price.id,
      productId: product.id,
      quantity,
      amountCents: price.amountCents * quantity,
      currency: price.currency,
      productType: product.productType,
      shippingAddress,
    };
    return BillingOrder.save(row, this.#on);
  }

  getOrder(id: string): Promise<BillingOrder | null> {
    return BillingOrder.get(id, this.#on);
  }

  listOrders(filter: { customerId?: string; status?: OrderStatus | undefined } & PageOf = {}): Promise<BillingOrder[]> {
    const { customerId, status, limit = 50, offset = 0 } = filter;
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
    const now = new Date();
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

  /** Follows a checkout of something that is paid once. Only a pending order can become paid or cancelled. */
  async ask(session: Stripe.Checkout.Session): Promise<Apply> {
    const id = session.metadata?.local_order_id;
    return async () => {
      const order = id ? await BillingOrder.get(id, this.#on) : null;
      if (!order || order.status !== 'pending') return;
      if (order.stripeCheckoutSessionId && order.stripeCheckoutSessionId !== session.id) return;
      const changes = changesOf(session);
      if (changes) await BillingOrder.update(order.id, changes, this.#on);
    };
  }

  /** A charge that was given back whole takes the order with it. */
  async askRefund(chargeId: string): Promise<Apply> {
    const charge = await findAtStripe(() => this.#stripe.charges.retrieve(chargeId));
    const stripePaymentIntentId = idOf(charge?.payment_intent);
    return async () => {
      if (!charge?.refunded || !stripePaymentIntentId) return;
      const order = await BillingOrder.findOne({ where: { stripePaymentIntentId }, ...this.#on });
      // The payment may not have been heard of yet: Stripe delivers this again.
      if (order) await BillingOrder.update(order.id, { status: 'refunded' }, this.#on);
      else if (charge.metadata?.local_order_id) throw new StaleAnswerError('The payment has not arrived yet');
    };
  }
}

function changesOf(session: Stripe.Checkout.Session) {
  if (session.status === 'expired') return { status: 'cancelled' as const };
  if (session.payment_status === 'unpaid') return undefined; // a slow payment; its own event follows
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
