import type Stripe from 'stripe';
import type { SessionHandle } from '../../orm/index.js';
import { CatalogSync } from './catalog/catalog-sync.js';
import { Customers } from './customers/customers.js';
import { type DriftReport, reconcile } from './subscriptions/reconcile.js';
import { Subscriptions } from './subscriptions/subscriptions.js';

/** Keeps Stripe and this service in step: the catalog goes there, subscriptions come from there. */
export class StripeSync extends CatalogSync {
  readonly #stripe: Stripe;
  readonly #on: { db?: SessionHandle };
  readonly #customers: Customers;
  readonly #subscriptions: Subscriptions;

  constructor(options: { stripe: Stripe; db?: SessionHandle | undefined }) {
    super(options);
    this.#stripe = options.stripe;
    this.#on = options.db ? { db: options.db } : {};
    this.#customers = new Customers(options);
    this.#subscriptions = new Subscriptions(options);
  }

  /** @returns Stripe’s id of the customer */
  syncCustomer(id: string): Promise<string> {
    return this.#customers.sync(this.#stripe, id);
  }

  /** Copies one subscription from Stripe. */
  reconcileSubscription(stripeSubscriptionId: string) {
    return this.#subscriptions.refresh(stripeSubscriptionId);
  }

  reconcileAllSubscriptions(): Promise<DriftReport> {
    return reconcile({ stripe: this.#stripe, subscriptions: this.#subscriptions }, this.#on);
  }
}
