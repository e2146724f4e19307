import type Stripe from 'stripe';
import type { Clock } from '../../base/clock.js';
import { NotFoundError } from '../../base/errors.js';
import type { SessionHandle } from '../../orm/index.js';
import { CatalogSync } from './catalog/catalog-sync.js';
import { type CheckoutSessionInput, CheckoutSessions } from './checkout/checkout-sessions.js';
import { CustomerMirror } from './customers/customer-mirror.js';
import { Customers } from './customers/customers.js';
import type { OnDatabase } from './on-database.js';
import { Orders } from './orders/orders.js';
import { type DriftReport, reconcile } from './reconcile.js';
import { type Apply, settle } from './stripe/settle.js';
import type { StripeAccess } from './stripe/stripe-access.js';
import { idOf } from './stripe/stripe-values.js';
import type { BillingSubscription } from './subscriptions/entities.js';
import { Subscriptions } from './subscriptions/subscriptions.js';

export interface StripeSyncOptions {
  stripe: StripeAccess;
  /** Default the ambient or the newest open database. */
  db?: SessionHandle | undefined;
  clock?: Clock | undefined;
}

/** Keeps Stripe and this service in step: the catalog and customers go there; what was paid comes from there. */
export class StripeSync extends CatalogSync {
  readonly #options: StripeSyncOptions;
  readonly #stripe: StripeAccess;
  readonly #on: { db?: SessionHandle };
  readonly #customers: Customers;
  readonly #subscriptions: Subscriptions;
  readonly #orders: Orders;
  readonly #sessions: CheckoutSessions;

  constructor(options: StripeSyncOptions) {
    super(options);
    this.#options = options;
    this.#stripe = options.stripe;
    this.#on = options.db ? { db: options.db } : {};
    this.#customers = new Customers(options);
    this.#subscriptions = new Subscriptions(options);
    this.#orders = new Orders(options);
    this.#sessions = new CheckoutSessions({ ...options, catalog: this, customers: this.#customers });
  }

  /** The same on the database of one call. */
  #at(db: SessionHandle | undefined): StripeSync {
    return db && db !== this.#options.db ? new StripeSync({ ...this.#options, db }) : this;
  }

  /** @returns Stripe’s id of the customer. @throws NotFoundError, ConnectionError */
  syncCustomer(id: string, { db }: OnDatabase = {}): Promise<string> {
    return this.#at(db).#customers.sync(this.#stripe, id);
  }

  /** Copies one subscription from Stripe, by its id here. @throws NotFoundError, ConnectionError */
  async syncSubscription(id: string, { db }: OnDatabase = {}): Promise<BillingSubscription> {
    const subscriptions = this.#at(db).#subscriptions;
    const known = await subscriptions.getSubscription(id);
    if (!known) throw new NotFoundError('No subscription found');
    return (await subscriptions.refresh(known.stripeSubscriptionId)) ?? known;
  }

  /** @throws NotFoundError, ConnectionError */
  cancelSubscriptionInStripe(
    id: string,
    { db, ...options }: { atPeriodEnd?: boolean } & OnDatabase = {},
  ): Promise<BillingSubscription> {
    return this.#at(db).#subscriptions.cancelSubscription(id, options);
  }

  /** Another price from now on, the difference prorated. @throws NotFoundError, ConnectionError */
  async updateSubscriptionPrice(id: string, priceId: string, { db }: OnDatabase = {}): Promise<BillingSubscription> {
    const sync = this.#at(db);
    return sync.#subscriptions.changePrice(id, await sync.syncPrice(priceId), priceId);
  }

  /** @param stripePaymentMethodId as the browser got it from Stripe. @throws NotFoundError, ConnectionError */
  async attachPaymentMethod(
    customerId: string,
    stripePaymentMethodId: string,
    { isDefault = true, db }: { isDefault?: boolean } & OnDatabase = {},
  ): Promise<void> {
    const sync = this.#at(db);
    const customer = await sync.#customers.ensure(this.#stripe, customerId);
    const { id } = await this.#stripe.ask((stripe) =>
      stripe.paymentMethods.attach(stripePaymentMethodId, { customer }),
    );
    const settings = { invoice_settings: { default_payment_method: id } };
    if (isDefault) await this.#stripe.ask((stripe) => stripe.customers.update(customer, settings));
    const mirror = new CustomerMirror({ stripe: this.#stripe, ...sync.#on });
    await settle(() => mirror.askPaymentMethod(id), sync.#on);
  }

  /** A page on which one price is paid. Who may be sent where afterwards is for the caller to check. */
  createCheckoutSession({ db, ...input }: CheckoutSessionInput & OnDatabase): Promise<Stripe.Checkout.Session> {
    return this.#at(db).#sessions.create(input);
  }

  getCheckoutSession(stripeSessionId: string): Promise<Stripe.Checkout.Session | null> {
    return this.#sessions.get(stripeSessionId);
  }

  /** @throws NotFoundError for who is not known to Stripe */
  async createPortalSession(
    customerId: string,
    returnUrl: string,
    { db }: OnDatabase = {},
  ): Promise<Stripe.BillingPortal.Session> {
    const id = (await this.#at(db).#customers.getCustomer(customerId))?.stripeCustomerId;
    const session = id && (await this.#sessions.portal(id, returnUrl));
    if (!session) throw new NotFoundError('No billing account found');
    return session;
  }

  /** No subscription can be paid any more on the pages that are open; one that was paid is known here afterwards. */
  async closeCheckouts(stripeCustomerId: string): Promise<void> {
    await this.#sessions.closeSubscriptions(stripeCustomerId);
    await this.#subscriptions.refreshAllOf(stripeCustomerId);
  }

  /** What a checkout has led to, a subscription or an order, is known here afterwards. */
  async processCheckoutSession(stripeSessionId: string, { db }: OnDatabase = {}): Promise<void> {
    const sync = this.#at(db);
    await settle(() => sync.askCheckoutSession(stripeSessionId), sync.#on);
  }

  /** The same for a transaction of the caller’s. */
  async askCheckoutSession(stripeSessionId: string): Promise<Apply> {
    const session = await this.getCheckoutSession(stripeSessionId);
    if (!session) return async () => {};
    const subscription = idOf(session.subscription);
    return subscription ? this.#subscriptions.mirror.ask(subscription) : this.#orders.ask(session);
  }

  /** Copies one subscription from Stripe, by its id there; `null` where its customer is nobody here. */
  reconcileSubscription(stripeSubscriptionId: string, { db }: OnDatabase = {}): Promise<BillingSubscription | null> {
    return this.#at(db).#subscriptions.refresh(stripeSubscriptionId);
  }

  /** Compares every open subscription, and every order that waits to be paid, with Stripe, and copies what Stripe says. */
  reconcileAllSubscriptions({ db }: OnDatabase = {}): Promise<DriftReport> {
    const sync = this.#at(db);
    return reconcile({ stripe: this.#stripe, sync, ...sync.#on });
  }
}
