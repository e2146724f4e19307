import type Stripe from 'stripe';
import { ConstraintError, NotFoundError } from '../../../base/errors.js';
import type { SessionHandle } from '../../../orm/index.js';
import type { StripeAccess } from '../stripe/stripe-access.js';
import { BillingCustomer } from './entities.js';

export interface CustomerInput {
  userId: string;
  email: string;
  name?: string | null;
  metadata?: Readonly<Record<string, string>>;
}

export type CustomerChanges = Partial<Omit<CustomerInput, 'userId'>>;

/** Of a customer at Stripe. */
interface Params {
  email: string;
  name?: string;
  metadata: Record<string, string>;
}

/** Who buys: one customer for each user. */
export class Customers {
  readonly #on: { db?: SessionHandle };

  constructor(on: { db?: SessionHandle | undefined } = {}) {
    this.#on = on.db ? { db: on.db } : {};
  }

  /** @throws ConstraintError where the user has a customer already */
  createCustomer({ metadata, ...input }: CustomerInput): Promise<BillingCustomer> {
    return BillingCustomer.save({ ...input, ...(metadata && { metadata: { ...metadata } }) }, this.#on);
  }

  /** The user’s customer, made where there is none; one that is there is left as it is, also when two ask at once. */
  async getOrCreateCustomer(input: CustomerInput): Promise<BillingCustomer> {
    const known = await this.getCustomerByUser(input.userId);
    if (known) return known;
    try {
      return await this.createCustomer(input);
    } catch (error) {
      const meanwhile = error instanceof ConstraintError ? await this.getCustomerByUser(input.userId) : null;
      if (meanwhile) return meanwhile;
      throw error;
    }
  }

  getCustomer(id: string): Promise<BillingCustomer | null> {
    return BillingCustomer.get(id, this.#on);
  }

  getCustomerByUser(userId: string): Promise<BillingCustomer | null> {
    return BillingCustomer.findOne({ where: { userId }, ...this.#on });
  }

  listCustomers({ limit = 50, offset = 0 }: { limit?: number; offset?: number } = {}): Promise<BillingCustomer[]> {
    return BillingCustomer.find({ orderBy: { id: 'desc' }, limit, offset, ...this.#on });
  }

  /** @throws NotFoundError */
  async updateCustomer(id: string, changes: CustomerChanges): Promise<BillingCustomer> {
    const { metadata, ...rest } = changes;
    const customer = await BillingCustomer.update(
      id,
      { ...rest, ...(metadata && { metadata: { ...metadata } }) },
      this.#on,
    );
    if (!customer) throw new NotFoundError('Customer not found');
    return customer;
  }

  /** Tells Stripe who the customer is; one that is not there (any more) is made. @returns Stripe’s id. @throws NotFoundError */
  sync(stripe: StripeAccess, id: string): Promise<string> {
    return this.#known(stripe, id, (client, stripeId, params) => client.customers.update(stripeId, params));
  }

  /** The same where they are known already: what was changed of them at Stripe stays. */
  ensure(stripe: StripeAccess, id: string): Promise<string> {
    return this.#known(stripe, id, (client, stripeId) => client.customers.retrieve(stripeId));
  }

  async #known(
    stripe: StripeAccess,
    id: string,
    meet: (client: Stripe, stripeId: string, params: Params) => Promise<Stripe.Customer | Stripe.DeletedCustomer>,
  ): Promise<string> {
    const customer = await this.getCustomer(id);
    if (!customer) throw new NotFoundError('Customer not found');
    const params = {
      email: customer.email,
      ...(customer.name && { name: customer.name }),
      metadata: { ...customer.metadata, local_id: customer.id, user_id: customer.userId },
    };
    const { stripeCustomerId } = customer;
    const known = stripeCustomerId && (await stripe.find((client) => meet(client, stripeCustomerId, params)));
    return known && !known.deleted ? known.id : this.#create(stripe, customer, params);
  }

  /** The row’s version is in the key: who asks at once gets the same customer, and one whose row has changed a new try. */
  async #create(stripe: StripeAccess, { id, version }: BillingCustomer, params: Params) {
    const key = { idempotencyKey: `app-kernel:customer:${id}:${version}` };
    const created = await stripe.ask((client) => client.customers.create(params, key));
    await BillingCustomer.update(id, { stripeCustomerId: created.id }, this.#on);
    return created.id;
  }
}
