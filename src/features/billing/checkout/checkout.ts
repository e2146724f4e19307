import { ConflictError, NotFoundError, ValidationError } from '../../../base/errors.js';
import { withLock } from '../../../reliability/index.js';
import type { BillingService } from '../billing-service.js';
import { assertQuantity } from '../catalog/check-catalog.js';
import type { BillingPrice, BillingProduct } from '../catalog/entities.js';
import type { BillingCustomer } from '../customers/entities.js';
import type { ShippingAddress } from '../orders/entities.js';
import { type BillingSubscription, LIVE_STATUSES } from '../subscriptions/entities.js';
import type { Redirects } from './redirects.js';

export interface Buyer {
  userId: string;
  email: string;
}

export interface CheckoutRequest {
  priceId: string;
  successUrl?: string | undefined;
  cancelUrl?: string | undefined;
}

export interface PurchaseRequest extends CheckoutRequest {
  quantity: number;
  shippingAddress?: ShippingAddress | undefined;
}

export interface Subscribed {
  action: 'checkout' | 'no_change' | 'reactivated' | 'plan_changed';
  checkoutUrl: string | null;
  subscriptionId: string | null;
}

interface CheckoutOptions {
  billing: BillingService;
  redirects: Redirects;
  /** Days that a first subscription costs nothing. */
  trialDays: number;
  /** Where things may be sent, by two letters. */
  shippingCountries: readonly string[];
}

/** How people get to Stripe’s pages. Nothing that a request names but a price of the catalog decides what is paid. */
export class Checkout {
  readonly #options: CheckoutOptions;

  constructor(options: CheckoutOptions) {
    this.#options = options;
  }

  /** Begins a subscription, or changes the one that is there: nobody comes to have two. */
  async subscribe(buyer: Buyer, request: CheckoutRequest): Promise<Subscribed> {
    const { billing } = this.#options;
    const pages = this.#pages(request);
    const { price, product } = await this.#onSale(request.priceId);
    if (!price.interval) throw refused(`"${product.slug}" is paid once: use /purchase`);
    return alone(buyer, async () => {
      const customer = await billing.getOrCreateCustomer(buyer);
      const open = await this.#openOf(customer);
      if (open) return this.#change(open, price);
      const isFirst = (await billing.listSubscriptions({ customerId: customer.id, limit: 1 })).length === 0;
      const trialDays = isFirst ? this.#options.trialDays : 0;
      const session = await billing.sync.createCheckoutSession({
        customerId: customer.id,
        priceId: price.id,
        trialDays,
        ...pages,
      });
      return { action: 'checkout', checkoutUrl: session.url, subscriptionId: null };
    });
  }

  /** @returns where to pay. The order waits until Stripe says that it is paid. */
  async purchase(buyer: Buyer, { quantity, shippingAddress, ...request }: PurchaseRequest): Promise<string> {
    const { billing, shippingCountries } = this.#options;
    const pages = this.#pages(request);
    const { price, product } = await this.#onSale(request.priceId);
    if (price.interval) throw refused(`"${product.slug}" is a subscription: use /subscribe`);
    assertQuantity(quantity, price.amountCents);
    const { id: customerId } = await billing.getOrCreateCustomer(buyer);
    const priceId = price.id;
    const order = await billing.createOrder({
      ...{ customerId, priceId, quantity },
      shippingAddress: shippingAddress ?? null,
    });
    try {
      const session = await billing.sync.createCheckoutSession({
        ...{ customerId, priceId, quantity, orderId: order.id, ...pages },
        ...(product.shippable && !shippingAddress && { shippingCountries }),
      });
      await billing.orders.attachSession(order.id, session.id);
      return session.url ?? '';
    } catch (error) {
      await billing.updateOrderStatus(order.id, 'cancelled');
      throw error;
    }
  }

  /** @throws NotFoundError for who has never bought anything */
  async portal(userId: string, returnUrl?: string): Promise<string> {
    const { billing, redirects } = this.#options;
    const customer = await billing.getCustomerByUser(userId);
    if (!customer?.stripeCustomerId) throw new NotFoundError('No billing account found');
    const session = await billing.sync.createPortalSession(customer.id, redirects.check('return_url', returnUrl));
    return session.url;
  }

  /** Also one that was paid a moment ago, whose event is still on its way. No other can be paid after this. */
  async #openOf({ id, stripeCustomerId }: BillingCustomer): Promise<BillingSubscription | null> {
    const { subscriptions, sync } = this.#options.billing;
    const known = await subscriptions.getOpenSubscription(id);
    if (known || !stripeCustomerId) return known;
    await sync.closeCheckouts(stripeCustomerId);
    return subscriptions.getOpenSubscription(id);
  }

  async #change(open: BillingSubscription, price: BillingPrice): Promise<Subscribed> {
    const { billing } = this.#options;
    const { id: subscriptionId, status } = open;
    if (!LIVE_STATUSES.includes(status))
      throw new ConflictError(`The subscription is ${status}: settle it at /portal first`);
    if (open.priceId !== price.id) {
      const { currency } = (open.priceId && (await billing.getPrice(open.priceId))) || price;
      if (currency !== price.currency)
        throw refused(`The subscription is paid in ${currency}: choose a price in it, or cancel it first`);
      await billing.changeSubscriptionPrice(subscriptionId, price.id);
      return { action: 'plan_changed', checkoutUrl: null, subscriptionId };
    }
    if (!open.cancelAtPeriodEnd) return { action: 'no_change', checkoutUrl: null, subscriptionId };
    await billing.reactivateSubscription(subscriptionId);
    return { action: 'reactivated', checkoutUrl: null, subscriptionId };
  }

  #pages({ successUrl, cancelUrl }: CheckoutRequest): { successUrl: string; cancelUrl: string } {
    const { redirects } = this.#options;
    return {
      successUrl: redirects.check('success_url', successUrl),
      cancelUrl: redirects.check('cancel_url', cancelUrl),
    };
  }

  async #onSale(priceId: string): Promise<{ price: BillingPrice; product: BillingProduct }> {
    const { billing } = this.#options;
    const price = await billing.getPrice(priceId);
    if (!price?.active) throw new NotFoundError('Price not found');
    const product = await billing.getProduct(price.productId);
    if (!product?.active) throw new NotFoundError('Product not found');
    return { price, product };
  }
}

function alone<T>({ userId }: Buyer, work: () => Promise<T>): Promise<T> {
  return withLock(`billing:${userId}`, work, { ttlSeconds: 60, waitSeconds: 20 });
}

function refused(msg: string): ValidationError {
  return new ValidationError([{ loc: ['body', 'price_id'], msg, type: 'billing' }]);
}
