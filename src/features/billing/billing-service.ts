import type { Clock } from '../../base/clock.js';
import { KernelError, NotFoundError } from '../../base/errors.js';
import { ambientService, type ServiceKey, serviceKey } from '../../base/services.js';
import type { SessionHandle } from '../../orm/index.js';
import { Catalog, type PriceInput, type ProductInput } from './catalog/catalog.js';
import type { BillingProduct } from './catalog/entities.js';
import { type CustomerInput, Customers } from './customers/customers.js';
import { Invoices } from './invoices/invoices.js';
import type { OrderStatus } from './orders/entities.js';
import { type OrderInput, Orders } from './orders/orders.js';
import type { StripeAccess } from './stripe/stripe-access.js';
import { StripeSync } from './stripe-sync.js';
import { revenueOf } from './subscriptions/revenue.js';
import { Subscriptions } from './subscriptions/subscriptions.js';

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
  readonly #on: { db?: SessionHandle };

  constructor(options: BillingServiceOptions) {
    const { stripe, db, clock, currency = 'usd', onCatalogChange: onChange } = options;
    this.stripe = stripe;
    this.#on = db ? { db } : {};
    this.catalog = new Catalog({ db, currency, onChange });
    this.customers = new Customers({ db });
    this.subscriptions = new Subscriptions({ stripe, db });
    this.orders = new Orders({ stripe, db, clock });
    this.invoices = new Invoices({ stripe, db, mirror: this.subscriptions.mirror });
    this.sync = new StripeSync({ stripe, db, clock });
  }

  createProduct = (input: ProductInput) => this.catalog.createProduct(input);
  getProduct = (id: string) => this.catalog.getProduct(id);
  getProductBySlug = (slug: string) => this.catalog.getProductBySlug(slug);
  listProducts = (options?: Parameters<Catalog['listProducts']>[0]) => this.catalog.listProducts(options);
  updateProduct = (id: string, changes: Parameters<Catalog['updateProduct']>[1]) =>
    this.catalog.updateProduct(id, changes);
  deactivateProduct = (id: string) => this.catalog.deactivateProduct(id);
  createPrice = (input: PriceInput) => this.catalog.createPrice(input);
  getPrice = (id: string) => this.catalog.getPrice(id);
  listPrices = (options?: Parameters<Catalog['listPrices']>[0]) => this.catalog.listPrices(options);
  deactivatePrice = (id: string) => this.catalog.deactivatePrice(id);

  createCustomer = (input: CustomerInput) => this.customers.createCustomer(input);
  getOrCreateCustomer = (input: CustomerInput) => this.customers.getOrCreateCustomer(input);
  getCustomer = (id: string) => this.customers.getCustomer(id);
  getCustomerByUser = (userId: string) => this.customers.getCustomerByUser(userId);
  updateCustomer = (id: string, changes: Parameters<Customers['updateCustomer']>[1]) =>
    this.customers.updateCustomer(id, changes);

  getSubscription = (id: string) => this.subscriptions.getSubscription(id);
  getActiveSubscription = (customerId: string) => this.subscriptions.getActiveSubscription(customerId);
  listSubscriptions = (filter?: Parameters<Subscriptions['listSubscriptions']>[0]) =>
    this.subscriptions.listSubscriptions(filter);
  cancelSubscription = (id: string, options?: { atPeriodEnd?: boolean }) =>
    this.subscriptions.cancelSubscription(id, options);
  reactivateSubscription = (id: string) => this.subscriptions.reactivateSubscription(id);

  changeSubscriptionPrice = (id: string, priceId: string) => this.sync.updateSubscriptionPrice(id, priceId);

  /**
   * Begins a subscription without a checkout: the card that the customer has left pays, or a trial.
   * @throws KernelError `E_PAYMENT_FAILED` when the card is declined, `E_STRIPE_REFUSED` without one; NotFoundError
   */
  async createSubscription({ customerId, priceId, trialDays = 0, metadata }: SubscriptionInput) {
    const customer = await this.customers.ensure(this.stripe, customerId);
    return this.subscriptions.start({
      customer,
      items: [{ price: await this.sync.syncPrice(priceId) }],
      metadata: { ...metadata, local_customer_id: customerId, local_price_id: priceId },
      ...(trialDays > 0 && { trial_period_days: trialDays }),
    });
  }

  createOrder = (input: OrderInput) => this.orders.createOrder(input);
  getOrder = (id: string) => this.orders.getOrder(id);
  listOrders = (filter?: Parameters<Orders['listOrders']>[0]) => this.orders.listOrders(filter);
  updateOrderStatus = (id: string, status: OrderStatus, trackingNumber?: string) =>
    this.orders.updateOrderStatus(id, status, trackingNumber);
  getInvoice = (id: string) => this.invoices.getInvoice(id);
  listInvoices = (filter: Parameters<Invoices['listInvoices']>[0]) => this.invoices.listInvoices(filter);

  async userHasActiveSubscription(userId: string): Promise<boolean> {
    return (await this.getUserPlan(userId)) !== null;
  }

  /** The product that the user subscribes to, trials included. */
  async getUserPlan(userId: string): Promise<BillingProduct | null> {
    const customer = await this.getCustomerByUser(userId);
    const subscription = customer && (await this.getActiveSubscription(customer.id));
    const price = subscription?.priceId ? await this.getPrice(subscription.priceId) : null;
    return price && this.getProduct(price.productId);
  }

  /** By what the user subscribes to, and by what they have bought. */
  async userHasFeature(userId: string, feature: string): Promise<boolean> {
    if ((await this.getUserPlan(userId))?.features.includes(feature)) return true;
    const customer = await this.getCustomerByUser(userId);
    if (!customer) return false;
    for (const id of await this.orders.purchasedProducts(customer.id))
      if ((await this.getProduct(id))?.features.includes(feature)) return true;
    return false;
  }

  /** Also once it is shipped and delivered. @throws NotFoundError for an unknown product */
  async userHasPurchased(userId: string, slug: string): Promise<boolean> {
    const product = await this.getProductBySlug(slug);
    if (!product) throw new NotFoundError('Product not found');
    const customer = await this.getCustomerByUser(userId);
    return customer !== null && (await this.orders.purchasedProducts(customer.id)).includes(product.id);
  }

  /** What subscriptions bring in a month, by currency, and how much was sold. */
  async getRevenue() {
    return { ...(await revenueOf(this.#on)), totalOrders: await this.orders.countPurchased() };
  }
}
