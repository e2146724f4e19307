import type Stripe from 'stripe';
import { NotFoundError } from '../../../base/errors.js';
import type { SessionHandle } from '../../../orm/index.js';
import type { CatalogSync } from '../catalog/catalog-sync.js';
import { BillingPrice, BillingProduct } from '../catalog/entities.js';
import type { Customers } from '../customers/customers.js';
import type { StripeAccess } from '../stripe/stripe-access.js';

export interface CheckoutSessionInput {
  customerId: string;
  priceId: string;
  successUrl: string;
  cancelUrl: string;
  /** Default 1. */
  quantity?: number;
  /** Days that a subscription costs nothing; default 0. */
  trialDays?: number;
  /** The order that is paid, where the price is paid once. */
  orderId?: string;
  /** The buyer is asked for an address in one of these, by two letters. */
  shippingCountries?: readonly string[];
  metadata?: Readonly<Record<string, string>>;
}

type Countries = Stripe.Checkout.SessionCreateParams.ShippingAddressCollection.AllowedCountry[];

interface CheckoutSessionsOptions {
  stripe: StripeAccess;
  catalog: CatalogSync;
  customers: Customers;
  db?: SessionHandle | undefined;
}

/** Stripe’s pages: those on which people pay, and the one on which they change what they have. */
export class CheckoutSessions {
  readonly #options: CheckoutSessionsOptions;
  readonly #on: { db?: SessionHandle };

  constructor(options: CheckoutSessionsOptions) {
    this.#options = options;
    this.#on = options.db ? { db: options.db } : {};
  }

  /** A page on which one price is paid, by a subscription where it recurs. @throws NotFoundError, ConnectionError */
  async create(input: CheckoutSessionInput): Promise<Stripe.Checkout.Session> {
    const { stripe, catalog, customers } = this.#options;
    const price = await BillingPrice.get(input.priceId, this.#on);
    const product = price && (await BillingProduct.get(price.productId, this.#on));
    if (!price || !product) throw new NotFoundError(price ? 'Product not found' : 'Price not found');
    const customer = await customers.ensure(stripe, input.customerId);
    const stripePriceId = await catalog.syncPrice(price.id);
    const { orderId, quantity = 1 } = input;
    const metadata = {
      ...input.metadata,
      local_customer_id: input.customerId,
      local_price_id: price.id,
      product_type: product.productType,
      ...(orderId && { local_order_id: orderId }),
    };
    const params = {
      customer,
      line_items: [{ price: stripePriceId, quantity }],
      success_url: input.successUrl,
      cancel_url: input.cancelUrl,
      metadata,
      ...(price.interval ? subscriptionParams(input, metadata) : paymentParams(input, metadata)),
    };
    const key = orderId ? { idempotencyKey: `app-kernel:order:${orderId}` } : {};
    return stripe.ask((client) => client.checkout.sessions.create(params, key));
  }

  get(id: string): Promise<Stripe.Checkout.Session | null> {
    return this.#options.stripe.find((client) => client.checkout.sessions.retrieve(id));
  }

  /** Where a customer changes cards and plans. `null` where Stripe does not know them. */
  portal(stripeCustomerId: string, returnUrl: string): Promise<Stripe.BillingPortal.Session | null> {
    const params = { customer: stripeCustomerId, return_url: returnUrl };
    return this.#options.stripe.find((client) => client.billingPortal.sessions.create(params));
  }

  /** Closes the customer’s pages on which a subscription could still be paid; one that was paid this moment stays paid. */
  async closeSubscriptions(stripeCustomerId: string): Promise<void> {
    const { stripe } = this.#options;
    const params = { customer: stripeCustomerId, status: 'open', limit: 100 } as const;
    const open = await stripe.find((client) => client.checkout.sessions.list(params));
    for (const { id, mode } of open?.data ?? []) if (mode === 'subscription') await this.#close(id);
  }

  async #close(id: string): Promise<void> {
    try {
      await this.#options.stripe.ask((client) => client.checkout.sessions.expire(id));
    } catch (error) {
      if ((await this.get(id))?.status === 'open') throw error;
    }
  }
}

function subscriptionParams({ trialDays = 0 }: CheckoutSessionInput, metadata: Record<string, string>) {
  return {
    mode: 'subscription' as const,
    subscription_data: { metadata, ...(trialDays > 0 && { trial_period_days: trialDays }) },
  };
}

function paymentParams({ shippingCountries }: CheckoutSessionInput, metadata: Record<string, string>) {
  const allowed_countries = shippingCountries && ([...shippingCountries] as Countries);
  return {
    mode: 'payment' as const,
    payment_intent_data: { metadata },
    ...(allowed_countries && { shipping_address_collection: { allowed_countries } }),
  };
}
