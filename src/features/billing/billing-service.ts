import type Stripe from 'stripe';
import { KernelError, NotFoundError } from '../../base/errors.js';
import { ambientService, type ServiceKey, serviceKey } from '../../base/services.js';
import type { SessionHandle } from '../../orm/index.js';
import { Catalog, type PriceInput, type ProductInput } from './catalog/catalog.js';
import type { BillingProduct } from './catalog/entities.js';
import { type CustomerInput, Customers } from './customers/customers.js';
import { Invoices } from './invoices/invoices.js';
import type { OrderStatus } from './orders/entities.js';
import { Orders } from './orders/orders.js';
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
  stripe: Stripe;
  /** Default the ambient or the newest open database. */
  db?: SessionHandle | undefined;
  /** Of prices that name none; default `usd`. */
  currency?: string;
  /** Called once a change of the catalog is committed. */
  onCatalogChange?: () => void;
}

/** Products, prices, customers, subscriptions, orders and invoices of one service. */
export class BillingService {
  readonly stripe: Stripe;
  readonly catalog: Catalog;
  readonly customers: Customers;
  readonly subscriptions: Subscriptions;
  readonly orders: Orders;
  readonly invoices: Invoices;
  readonly sync: StripeSync;
  readonly #on: { db?: SessionHandle };

  constructor(options: BillingServiceOptions) {
    const { stripe, db, currency = 'usd', onCatalogChange: onChange } = options;
    this.stripe = stripe;
    this.#on = db ? { db } : {};
    this.catalog = new Catalog({ db, currency, onChange });
    this.customers = new Customers({ db });
    this.subscriptions = new Subscriptions({ stripe, db });
    this.orders = new Orders({ stripe, db });
    this.invoices = new Invoices({ stripe, db, mirror: this.subscriptions.mirror });
    this.sync = new StripeSync({ stripe, db });
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

  /** @throws NotFoundError */
  async changeSubscriptionPrice(id: string, priceId: string) {
    return this.subscriptions.changePrice(id, await this.sync.syncPrice(priceId), priceId);
  }

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
