import type { Clock } from '../../base/clock.js';
import { KernelError, NotFoundError } from '../../base/errors.js';
import { ambientService, type ServiceKey, serviceKey } from '../../base/services.js';
import type { SessionHandle } from '../../orm/index.js';
import {
  Catalog,
  type PriceFilter,
  type PriceInput,
  type ProductChanges,
  type ProductFilter,
  type ProductInput,
} from './catalog/catalog.js';
import type { BillingProduct } from './catalog/entities.js';
import { type CustomerChanges, type CustomerInput, Customers } from './customers/customers.js';
import { type InvoiceFilter, Invoices } from './invoices/invoices.js';
import type { OnDatabase } from './on-database.js';
import type { OrderStatus } from './orders/entities.js';
import { type OrderFilter, type OrderInput, Orders } from './orders/orders.js';
import type { StripeAccess } from './stripe/stripe-access.js';
import { StripeSync } from './stripe-sync.js';
import { revenueOf } from './subscriptions/revenue.js';
import { type SubscriptionFilter, Subscriptions } from './subscriptions/subscriptions.js';

export const billingService: ServiceKey<BillingService> = serviceKey('billing');

/** The billing of the running kernel. @throws KernelError where there is none */
export function getBilling(): BillingService {
  const billing = ambientService(billingService);
  if (!billing) throw new KernelError('E_NOT_STARTED', 'There is no billing: give createService a stripeSecretKey');
  return billing;
}

export interface BillingServiceOptions {
  stripe: StripeAccess;
  /** Default the ambient or the newest open database. */
  db?: SessionHandle | undefined;
  /** Of prices that name none; default `usd`. */
  currency?: string;
  clock?: Clock | undefined;
  /** Called once a change of the catalog is committed. */
  onCatalogChange?: () => void;
}

export interface SubscriptionInput {
  customerId: string;
  priceId: string;
  /** Days that cost nothing; default 0. */
  trialDays?: number;
  metadata?: Readonly<Record<string, string>>;
}

/** Products, prices, customers, subscriptions, orders and invoices of one service. */
export class BillingService {
  readonly stripe: StripeAccess;
  readonly catalog: Catalog;
  readonly customers: Customers;
  readonly subscriptions: Subscriptions;
  readonly orders: Orders;
  readonly invoices: Invoices;
  readonly sync: StripeSync;
  readonly #options: BillingServiceOptions;

  constructor(options: BillingServiceOptions) {
    this.#options = options;
    const { stripe, db, clock, currency = 'usd', onCatalogChange: onChange } = options;
    this.stripe = stripe;
    this.catalog = new Catalog({ db, currency, onChange });
    this.customers = new Customers({ db });
    this.subscriptions = new Subscriptions({ stripe, db });
    this.orders = new Orders({ stripe, db, clock });
    this.invoices = new Invoices({ stripe, db, mirror: this.subscriptions.mirror });
    this.sync = new StripeSync({ stripe, db, clock });
  }

  createProduct = ({ db, ...input }: ProductInput & OnDatabase) => this.#at(db).catalog.createProduct(input);
  getProduct = (id: string, { db }: OnDatabase = {}) => this.#at(db).catalog.getProduct(id);
  getProductBySlug = (slug: string, { db }: OnDatabase = {}) => this.#at(db).catalog.getProductBySlug(slug);
  listProducts = ({ db, ...filter }: ProductFilter & OnDatabase = {}) => this.#at(db).catalog.listProducts(filter);
  updateProduct = (id: string, { db, ...changes }: ProductChanges & OnDatabase) =>
    this.#at(db).catalog.updateProduct(id, changes);
  deactivateProduct = (id: string, { db }: OnDatabase = {}) => this.#at(db).catalog.deactivateProduct(id);
  createPrice = ({ db, ...input }: PriceInput & OnDatabase) => this.#at(db).catalog.createPrice(input);
  getPrice = (id: string, { db }: OnDatabase = {}) => this.#at(db).catalog.getPrice(id);
  listPrices = ({ db, ...filter }: PriceFilter & OnDatabase = {}) => this.#at(db).catalog.listPrices(filter);
  deactivatePrice = (id: string, { db }: OnDatabase = {}) => this.#at(db).catalog.deactivatePrice(id);

  createCustomer = ({ db, ...input }: CustomerInput & OnDatabase) => this.#at(db).customers.createCustomer(input);
  getOrCreateCustomer = ({ db, ...input }: CustomerInput & OnDatabase) =>
    this.#at(db).customers.getOrCreateCustomer(input);
  getCustomer = (id: string, { db }: OnDatabase = {}) => this.#at(db).customers.getCustomer(id);
  getCustomerByUser = (userId: string, { db }: OnDatabase = {}) => this.#at(db).customers.getCustomerByUser(userId);
  updateCustomer = (id: string, { db, ...changes }: CustomerChanges & OnDatabase) =>
    this.#at(db).customers.updateCustomer(id, changes);

  getSubscription = (id: string, { db }: OnDatabase = {}) => this.#at(db).subscriptions.getSubscription(id);
  getActiveSubscription = (customerId: string, { db }: OnDatabase = {}) =>
    this.#at(db).subscriptions.getActiveSubscription(customerId);
  listSubscriptions = ({ db, ...filter }: SubscriptionFilter & OnDatabase = {}) =>
    this.#at(db).subscriptions.listSubscriptions(filter);
  cancelSubscription = (id: string, { db, ...options }: { atPeriodEnd?: boolean } & OnDatabase = {}) =>
    this.#at(db).subscriptions.cancelSubscription(id, options);
  reactivateSubscription = (id: string, { db }: OnDatabase = {}) =>
    this.#at(db).subscriptions.reactivateSubscription(id);

  changeSubscriptionPrice = (id: string, priceId: string, on: OnDatabase = {}) =>
    this.sync.updateSubscriptionPrice(id, priceId, on);

  /**
   * Begins a subscription without a checkout: the card that the customer has left pays, or a trial.
   * @throws KernelError `E_PAYMENT_FAILED` when the card is declined, `E_STRIPE_REFUSED` without one; NotFoundError
   */
  async createSubscription({ customerId, priceId, trialDays = 0, metadata, db }: SubscriptionInput & OnDatabase) {
    const { customers, subscriptions } = this.#at(db);
    const customer = await customers.ensure(this.stripe, customerId);
    return subscriptions.start({
      customer,
      items: [{ price: await this.sync.syncPrice(priceId, { db }) }],
      metadata: { ...metadata, local_customer_id: customerId, local_price_id: priceId },
      ...(trialDays > 0 && { trial_period_days: trialDays }),
    });
  }

  createOrder = ({ db, ...input }: OrderInput & OnDatabase) => this.#at(db).orders.createOrder(input);
  getOrder = (id: string, { db }: OnDatabase = {}) => this.#at(db).orders.getOrder(id);
  listOrders = ({ db, ...filter }: OrderFilter & OnDatabase = {}) => this.#at(db).orders.listOrders(filter);
  updateOrderStatus = (id: string, status: OrderStatus, trackingNumber?: string, { db }: OnDatabase = {}) =>
    this.#at(db).orders.updateOrderStatus(id, status, trackingNumber);
  getInvoice = (id: string, { db }: OnDatabase = {}) => this.#at(db).invoices.getInvoice(id);
  listInvoices = ({ db, ...filter }: InvoiceFilter & OnDatabase) => this.#at(db).invoices.listInvoices(filter);

  async userHasActiveSubscription(userId: string, on: OnDatabase = {}): Promise<boolean> {
    return (await this.getUserPlan(userId, on)) !== null;
  }

  /** The product that the user subscribes to, trials included. */
  async getUserPlan(userId: string, on: OnDatabase = {}): Promise<BillingProduct | null> {
    const customer = await this.getCustomerByUser(userId, on);
    const subscription = customer && (await this.getActiveSubscription(customer.id, on));
    return this.#productOf(subscription?.priceId, on);
  }

  /** By whatever the user subscribes to, and by what they have bought. */
  async userHasFeature(userId: string, feature: string, on: OnDatabase = {}): Promise<boolean> {
    const customer = await this.getCustomerByUser(userId, on);
    if (!customer) return false;
    const { subscriptions, orders } = this.#at(on.db);
    for (const { priceId } of await subscriptions.listLive(customer.id))
      if ((await this.#productOf(priceId, on))?.features.includes(feature)) return true;
    for (const id of await orders.purchasedProducts(customer.id))
      if ((await this.getProduct(id, on))?.features.includes(feature)) return true;
    return false;
  }

  /** Also once it is shipped and delivered. @throws NotFoundError for an unknown product */
  async userHasPurchased(userId: string, slug: string, on: OnDatabase = {}): Promise<boolean> {
    const product = await this.getProductBySlug(slug, on);
    if (!product) throw new NotFoundError('Product not found');
    const customer = await this.getCustomerByUser(userId, on);
    return customer !== null && (await this.#at(on.db).orders.purchasedProducts(customer.id)).includes(product.id);
  }

  /** What subscriptions bring in a month, by currency, and how much was sold. */
  async getRevenue({ db = this.#options.db }: OnDatabase = {}) {
    return { ...(await revenueOf(db ? { db } : {})), totalOrders: await this.#at(db).orders.countPurchased() };
  }

  async #productOf(priceId: string | null | undefined, on: OnDatabase): Promise<BillingProduct | null> {
    const price = priceId ? await this.getPrice(priceId, on) : null;
    return price && this.getProduct(price.productId, on);
  }

  /** The same billing on the database of one call. */
  #at(db: SessionHandle | undefined): BillingService {
    return db && db !== this.#options.db ? new BillingService({ ...this.#options, db }) : this;
  }
}
