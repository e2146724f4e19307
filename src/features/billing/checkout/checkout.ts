import type Stripe from 'stripe';
import { ConflictError, NotFoundError, ValidationError } from '../../../base/errors.js';
import { withLock } from '../../../reliability/index.js';
import type { BillingService } from '../billing-service.js';
import type { BillingPrice, BillingProduct } from '../catalog/entities.js';
import type { BillingCustomer } from '../customers/entities.js';
import type { ShippingAddress } from '../orders/entities.js';
import { askStripe } from '../stripe/ask-stripe.js';
import { LIVE_STATUSES } from '../subscriptions/entities.js';
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

  /** One at a time for each user: of two checkouts that are open, the older one is closed. */
  async subscribe(buyer: Buyer, request: CheckoutRequest): Promise<Subscribed> {
    const { billing } = this.#options;
    const pages = this.#pages(request);
    const { price, product } = await this.#onSale(request.priceId);
    if (!price.interval) throw refused(`"${product.slug}" is paid once: use /purchase`);
    return this.#alone(buyer, async () => {
      const customer = await billing.getOrCreateCustomer(buyer);
      const open = await billing.subscriptions.getOpenSubscription(customer.id);
      if (!open) return this.#begin(customer, price, pages);
      if (!LIVE_STATUSES.includes(open.status))
        throw new ConflictError(`The subscription is ${open.status}: settle it at /portal first`);
      const subscriptionId = open.id;
      if (open.priceId !== price.id) {
        await billing.changeSubscriptionPrice(subscriptionId, price.id);
        return { action: 'plan_changed', checkoutUrl: null, subscriptionId };
      }
      if (!open.cancelAtPeriodEnd) return { action: 'no_change', checkoutUrl: null, subscriptionId };
      await billing.reactivateSubscription(subscriptionId);
      return { action: 'reactivated', checkoutUrl: null, subscriptionId };
    });
  }

  async purchase(
    buyer: Buyer,
    request: CheckoutRequest & { quantity?: number; shippingAddress?: ShippingAddress | undefined },
  ): Promise<string> {
    const { billing, shippingCountries } = this.#options;
    const pages = this.#pages(request);
    const { price, product } = await this.#onSale(request.priceId);
    if (price.interval) throw refused(`"${product.slug}" is a subscription: use /subscribe`);
    return this.#alone(buyer, async () => {
      const customer = await billing.getOrCreateCustomer(buyer);
      const stripeCustomerId = await billing.customers.ensureAtStripe(billing.stripe, customer);
      const stripePriceId = await billing.sync.syncPrice(price.id);
      const { quantity = 1, shippingAddress } = request;
      const order = await billing.orders.createOrder({
        ...{ customerId: customer.id, price, product, quantity },
        shippingAddress: shippingAddress ?? null,
      });
      const metadata = { ...metadataOf(customer, price, product), local_order_id: order.id };
      const asksAddress = product.shippable && !shippingAddress;
      const allowed =
        shippingCountries as Stripe.Checkout.SessionCreateParams.ShippingAddressCollection.AllowedCountry[];
      const session = await this.#session(
        {
          mode: 'payment',
          customer: stripeCustomerId,
          line_items: [{ price: stripePriceId, quantity }],
          payment_intent_data: { metadata },
          metadata,
          ...(asksAddress && { shipping_address_collection: { allowed_countries: [...allowed] } }),
          ...pages,
        },
        `app-kernel:order:${order.id}`,
      );
      await billing.orders.attachSession(order.id, session.id);
      return session.url ?? '';
    });
  }

  /** @throws NotFoundError for who has never bought anything */
  async portal(userId: string, returnUrl?: string): Promise<string> {
    const { billing, redirects } = this.#options;
    const customer = await billing.getCustomerByUser(userId);
    if (!customer?.stripeCustomerId) throw new NotFoundError('No billing account found');
    const return_url = redirects.check('return_url', returnUrl);
    const { stripeCustomerId } = customer;
    const session = await askStripe(() =>
      billing.stripe.billingPortal.sessions.create({ customer: stripeCustomerId, return_url }),
    );
    return session.url;
  }

  async #begin(customer: BillingCustomer, price: BillingPrice, pages: Pages): Promise<Subscribed> {
    const { billing, trialDays } = this.#options;
    const stripeCustomerId = await billing.customers.ensureAtStripe(billing.stripe, customer);
    const stripePriceId = await billing.sync.syncPrice(price.id);
    await this.#closeOpen(stripeCustomerId);
    const isFirst = (await billing.listSubscriptions({ customerId: customer.id, limit: 1 })).length === 0;
    const metadata = { local_customer_id: customer.id, local_price_id: price.id, product_type: 'subscription' };
    const session = await this.#session({
      mode: 'subscription',
      customer: stripeCustomerId,
      line_items: [{ price: stripePriceId, quantity: 1 }],
      subscription_data: { metadata, ...(isFirst && trialDays > 0 && { trial_period_days: trialDays }) },
      metadata,
      ...pages,
    });
    return { action: 'checkout', checkoutUrl: session.url, subscriptionId: null };
  }

  /** A second tab must not lead to a second subscription. */
  async #closeOpen(customer: string): Promise<void> {
    const { stripe } = this.#options.billing;
    const open = await askStripe(() => stripe.checkout.sessions.list({ customer, status: 'open', limit: 100 }));
    for (const { id, mode } of open.data)
      if (mode === 'subscription') await askStripe(() => stripe.checkout.sessions.expire(id));
  }

  #session(params: Stripe.Checkout.SessionCreateParams, idempotencyKey?: string) {
    const { stripe } = this.#options.billing;
    return askStripe(() => stripe.checkout.sessions.create(params, idempotencyKey ? { idempotencyKey } : {}));
  }

  #pages({ successUrl, cancelUrl }: CheckoutRequest): Pages {
    const { redirects } = this.#options;
    return {
      success_url: redirects.check('success_url', successUrl),
      cancel_url: redirects.check('cancel_url', cancelUrl),
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

  #alone<T>({ userId }: Buyer, work: () => Promise<T>): Promise<T> {
    return withLock(`billing:${userId}`, work, { ttlSeconds: 60, waitSeconds: 20 });
  }
}

interface Pages {
  success_url: string;
  cancel_url: string;
}

function metadataOf(customer: BillingCustomer, price: BillingPrice, { productType }: BillingProduct) {
  return { local_customer_id: customer.id, local_price_id: price.id, product_type: productType };
}

function refused(msg: string): ValidationError {
  return new ValidationError([{ loc: ['body', 'price_id'], msg, type: 'billing' }]);
}
