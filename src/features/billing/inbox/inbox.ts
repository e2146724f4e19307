import type Stripe from 'stripe';
import { type Clock, systemClock } from '../../../base/clock.js';
import { ConnectionError, ConstraintError, KernelError } from '../../../base/errors.js';
import type { Logger } from '../../../base/ports.js';
import { BadRequestError } from '../../../http/index.js';
import type { SessionHandle } from '../../../orm/index.js';
import type { BillingService } from '../billing-service.js';
import { CustomerMirror } from '../customers/customer-mirror.js';
import { type Apply, settle } from '../stripe/settle.js';
import { BillingEvent } from './entities.js';

/** How old a signature may be, seconds. */
const TOLERANCE_SECONDS = 300;
/** Stripe delivers an event for three days at most. */
const KEPT_DAYS = 30;
const DAY_MS = 86_400_000;

interface InboxOptions {
  billing: BillingService;
  secret: string | null;
  db?: SessionHandle | undefined;
  clock?: Clock | undefined;
  logger: Logger;
}

/** Already had its effect. */
class DuplicateEventError extends Error {}

/** How the effect of an event is asked for, by the id of what it is about. */
type Asker = (id: string) => Promise<Apply>;

/**
 * Takes Stripe's events. What an event carries is never believed: it only says what to ask Stripe for, so that events out of
 * order do no harm. Its effect and the note that it had it are one transaction.
 */
export class Inbox {
  readonly #options: InboxOptions;
  readonly #clock: Clock;
  readonly #on: { db?: SessionHandle };
  readonly #askers: ReadonlyArray<readonly [RegExp, Asker]>;

  constructor(options: InboxOptions) {
    const { billing, db, clock = systemClock } = options;
    this.#options = options;
    this.#clock = clock;
    this.#on = db ? { db } : {};
    const customers = new CustomerMirror({ stripe: billing.stripe, db });
    this.#askers = [
      [/^customer\.subscription\./, (id) => billing.subscriptions.mirror.ask(id)],
      [/^invoice\.(?!upcoming|will_be_due)/, (id) => billing.invoices.ask(id)],
      [/^customer\.(created|updated|deleted)$/, (id) => customers.askCustomer(id)],
      [/^payment_method\./, (id) => customers.askPaymentMethod(id)],
      [/^checkout\.session\./, (id) => billing.sync.askCheckoutSession(id)],
      [/^charge\.refunded$/, (id) => billing.orders.askRefund(id)],
    ];
  }

  /** @throws BadRequestError unless Stripe signed exactly these bytes within five minutes; E_NOT_STARTED without a secret */
  async verify(body: Buffer, signature: string | undefined): Promise<Stripe.Event> {
    const { billing, secret } = this.#options;
    if (!secret) throw new KernelError('E_NOT_STARTED', 'The webhook secret is not configured');
    if (!signature) throw new BadRequestError('Missing stripe-signature header');
    const { webhooks } = await billing.stripe.client();
    try {
      return webhooks.constructEvent(body, signature, secret, TOLERANCE_SECONDS, undefined, this.#clock.now());
    } catch (error) {
      throw new BadRequestError('Invalid signature', { cause: error });
    }
  }

  /** @throws when it had no effect: then Stripe delivers it again */
  async receive({ id, type, data }: Stripe.Event): Promise<'processed' | 'duplicate' | 'ignored'> {
    const subject = (data.object as { id?: unknown }).id;
    const [, asker] = this.#askers.find(([pattern]) => pattern.test(type)) ?? [];
    if (!asker || typeof subject !== 'string') return 'ignored';
    if (await BillingEvent.exists({ where: { stripeEventId: id }, ...this.#on })) return 'duplicate';
    try {
      await settle(() => asker(subject), { ...this.#on, before: () => this.#note(id, type) });
      return 'processed';
    } catch (error) {
      if (error instanceof DuplicateEventError) return 'duplicate';
      this.#options.logger.error({ err: error, event: id, type }, 'An event of Stripe could not be processed');
      if (error instanceof ConnectionError) throw error;
      throw new KernelError('E_BILLING_EVENT', 'The event could not be processed', { cause: error });
    }
  }

  /** Forgets events that Stripe no longer delivers. */
  async prune(): Promise<void> {
    const before = new Date(this.#clock.now() - KEPT_DAYS * DAY_MS);
    await BillingEvent.deleteMany({ receivedAt: { lt: before } }, this.#on);
  }

  async #note(stripeEventId: string, type: string): Promise<void> {
    try {
      await BillingEvent.save({ stripeEventId, type, receivedAt: new Date(this.#clock.now()) }, this.#on);
    } catch (error) {
      if (error instanceof ConstraintError && error.kind === 'unique') throw new DuplicateEventError(stripeEventId);
      throw error;
    }
  }
}
