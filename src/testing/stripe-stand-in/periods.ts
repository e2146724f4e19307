import type { StandInCards } from './cards.js';
import type { Store, Thing } from './store.js';
import { DAY, periodOf, type StandInSubscriptions } from './subscriptions.js';

/** Stripe says that long before it that a trial ends. */
const NOTICE = 3 * DAY;
/** How long it tries to collect what it could not, before it gives the subscription up. */
const PATIENCE = 21 * DAY;
const LIVE: readonly string[] = ['trialing', 'active', 'past_due'];

/** What becomes of subscriptions as time passes. */
export class StandInPeriods {
  readonly #announced = new Set<string>();

  constructor(
    readonly store: Store,
    readonly subscriptions: StandInSubscriptions,
    readonly cards: StandInCards,
  ) {}

  /** Everything that is due by now, each subscription period by period. */
  pass(): void {
    for (const subscription of this.store.all('subscription')) {
      this.#announceTrialEnd(subscription);
      while (LIVE.includes(subscription.status) && this.#isOver(subscription)) this.#end(subscription);
    }
  }

  #announceTrialEnd(subscription: Thing): void {
    const { id, status, trial_end: end } = subscription;
    if (status !== 'trialing' || end - NOTICE > this.store.seconds || this.#announced.has(id)) return;
    this.#announced.add(id);
    this.subscriptions.emit('customer.subscription.trial_will_end', subscription);
  }

  #isOver(subscription: Thing): boolean {
    const [item] = subscription.items.data;
    const debt = this.subscriptions.openInvoice(subscription);
    return this.store.seconds >= (debt ? debt.created + PATIENCE : item.current_period_end);
  }

  #end(subscription: Thing): void {
    const { subscriptions } = this;
    if (subscription.cancel_at_period_end || subscriptions.openInvoice(subscription)) {
      subscriptions.cancel(subscription.id);
      return;
    }
    const [item] = subscription.items.data;
    const start = item.current_period_end;
    Object.assign(item, { current_period_start: start, current_period_end: start + periodOf(item.price) });
    if (!this.#pays(subscription)) {
      subscriptions.failPayment(subscription.id);
      return;
    }
    subscription.status = 'active';
    const invoice = subscriptions.bill(subscription);
    subscriptions.emit('invoice.payment_succeeded', invoice);
    subscriptions.emit('customer.subscription.updated', subscription);
  }

  #pays({ default_payment_method: card, customer }: Thing): boolean {
    if (card) return true;
    try {
      this.cards.charge(customer);
      return true;
    } catch {
      return false;
    }
  }
}
