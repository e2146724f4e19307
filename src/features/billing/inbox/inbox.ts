import type Stripe from 'stripe';
import { ConnectionError, ConstraintError, KernelError } from '../../../base/errors.js';
import type { Logger } from '../../../base/ports.js';
import { BadRequestError } from '../../../http/index.js';
import type { SessionHandle } from '../../../orm/index.js';
import type { BillingService } from '../billing-service.js';
import { CustomerMirror } from '../customers/customer-mirror.js';
import { findAtStripe } from '../stripe/ask-stripe.js';
import { type Apply, settle } from '../stripe/settle.js';
import { idOf } from '../stripe/times.js';
import { BillingEvent } from './entities.js';

/** How old a signature may be, seconds. */
const TOLERANCE_SECONDS = 300;

interface InboxOptions {
  billing: BillingService;
  secret: string | null;
  db?: SessionHandle | undefined;
  logger: Logger;
}

/** Already had its effect. */
class DuplicateEventError extends Error {}

/**
 * Takes Stripe's events. What an event carries is never believed: it only says what to ask Stripe for, so that events out of
 * order do no harm. Its effect and the note that it had it are one transaction.
 */
export class Inbox {
  readonly #options: InboxOptions;
  readonly #on: { db?: SessionHandle };
  readonly #customers: CustomerMirror;

  constructor(options: InboxOptions) {
    this.#options = options;
    this.#on = options.db ? { db: options.db } : {};
    this.#customers = new CustomerMirror({ stripe: options.billing.stripe, db: options.db });
  }

  /** @throws BadRequestError unless Stripe signed exactly these bytes within five minutes; E_NOT_STARTED without a secret */
  verify(body: Buffer, signature: string | undefined): Stripe.Event {
    const { billing, secret } = this.#options;
    if (!secret) throw new KernelError('E_NOT_STARTED', 'The webhook secret is not configured');
    if (!signature) throw new BadRequestError('Missing stripe-signature header');
    try {
      return billing.stripe.webhooks.constructEvent(body, signature, secret, TOLERANCE_SECONDS);
    } catch (error) {
      throw new BadRequestError('Invalid signature', { cause: error });
    }
  }

  /** @throws when it had no effect: then Stripe delivers it again */
  async receive({ id, type, data }: Stripe.Event): Promise<'processed' | 'duplicate' | 'ignored'> {
    const ask = this.#asker(type, data.object as { id?: unknown });
    if (!ask) return 'ignored';
    if (await BillingEvent.exists({ where: { stripeEventId: id }, ...this.#on })) return 'duplicate';
    try {
      await settle(ask, { ...this.#on, before: () => this.#note(id, type) });
      return 'processed';
    } catch (error) {
      if (error instanceof DuplicateEventError) return 'duplicate';
      this.#options.logger.error({ err: error, event: id, type }, 'An event of Stripe could not be processed');
      if (error instanceof ConnectionError) throw error;
      throw new KernelError('E_BILLING_EVENT', 'The event could not be processed', { cause: error });
    }
  }

  async #note(stripeEventId: string, type: string): Promise<void> {
    try {
      await BillingEvent.save({ stripeEventId, type, receivedAt: new Date() }, this.#on);
    } catch (error) {
      if (error instanceof ConstraintError && error.kind === 'unique') throw new DuplicateEventError(stripeEventId);
      throw error;
    }
  }

  #asker(type: string, { id }: { id?: unknown }): (() => Promise<Apply>) | undefined {
    if (typeof id !== 'string') return undefined;
    const { billing } = this.#options;
    if (type.startsWith('customer.subscription.')) return () => billing.subscriptions.mirror.ask(id);
    if (
      /^invoice\.(created|finalized|updated|paid|payment_succeeded|payment_failed|voided|marked_uncollectible)$/.test(
        type,
      )
    )
      return () => billing.invoices.ask(id);
    if (/^customer\.(created|updated|deleted)$/.test(type)) return () => this.#customers.askCustomer(id);
    if (/^payment_method\.(attached|detached|updated)$/.test(type)) return () => this.#customers.askPaymentMethod(id);
    if (type.startsWith('checkout.session.')) return () => this.askSession(id);
    return type === 'charge.refunded' ? () => billing.orders.askRefund(id) : undefined;
  }

  /** What a checkout has led to: a subscription, or an order. */
  async askSession(id: string): Promise<Apply> {
    const { billing } = this.#options;
    const session = await findAtStripe(() => billing.stripe.checkout.sessions.retrieve(id));
    if (!session) return async () => {};
    const subscription = idOf(session.subscription);
    return subscription ? billing.subscriptions.mirror.ask(subscription) : billing.orders.ask(session);
  }

  /** What a buyer who comes back sees at once, without waiting for the event. `null` for another's session. */
  async verifySession(id: string, stripeCustomerId: string | null): Promise<Stripe.Checkout.Session | null> {
    const { billing } = this.#options;
    const session = await findAtStripe(() => billing.stripe.checkout.sessions.retrieve(id));
    if (!session || !stripeCustomerId || idOf(session.customer) !== stripeCustomerId) return null;
    await settle(() => this.askSession(id), this.#on);
    return session;
  }
}
