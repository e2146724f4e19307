import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type Stripe from 'stripe';
import { type Clock, systemClock } from '../../base/clock.js';
import { KernelError } from '../../base/errors.js';
import { sleep } from '../../base/sleep.js';
import { StandInCards } from './cards.js';
import { StandInCheckouts } from './checkout-sessions.js';
import { parseParams } from './parse-params.js';
import { StandInPeriods } from './periods.js';
import { answer, type World } from './routes.js';
import { Store, type Thing } from './store.js';
import { invalid, StripeFault } from './stripe-fault.js';
import { StandInSubscriptions } from './subscriptions.js';

export interface StandInEvent {
  id: string;
  type: string;
  data: { object: Thing };
}

/** A signed delivery of an event. */
export interface StandInDelivery {
  method: 'POST';
  body: string;
  headers: Record<string, string>;
}

export interface StripeStandInOptions {
  /** The key that requests must have. Default `sk_test_stand_in`. */
  secretKey?: string | undefined;
  /** What events are signed with. Default `whsec_stand_in`. */
  webhookSecret?: string | undefined;
  clock?: Clock;
}

/**
 * A server that answers as Stripe does, as far as this package asks: for tests, on this machine. It remembers what it was
 * told. It is no Stripe: no money, no taxes, no coupons.
 */
export class StripeStandIn {
  readonly secretKey: string;
  readonly webhookSecret: string;
  /** Everything that has happened, oldest first. */
  readonly events: StandInEvent[] = [];
  /** Every request it got, as `POST /v1/customers`. */
  readonly requests: string[] = [];
  /** `hang`: takes requests and never answers; `fail`: answers 500. */
  mode: 'answer' | 'hang' | 'fail' = 'answer';
  /** Before each answer, ms. */
  delayMs = 0;
  /** Where `deliver` hands events over. */
  receiver: ((delivery: StandInDelivery) => Promise<{ status: number }>) | undefined;
  readonly store: Store;
  #helper: typeof Stripe.webhooks | undefined;
  readonly #clock: Clock;
  readonly #world: Omit<World, 'baseUrl'>;
  readonly #periods: StandInPeriods;
  readonly #server: Server = createServer((req, res) => void this.#serve(req, res));
  readonly #repeats = new Map<string, { asked: string; status: number; body: string }>();
  readonly #delivered = new Set<string>();

  constructor(options: StripeStandInOptions = {}) {
    const { secretKey = 'sk_test_stand_in', webhookSecret = 'whsec_stand_in', clock = systemClock } = options;
    this.secretKey = secretKey;
    this.webhookSecret = webhookSecret;
    this.#clock = clock;
    const store = new Store(clock);
    const emit = (type: string, object: Thing) => void this.emit(type, object);
    const subscriptions = new StandInSubscriptions(store, emit);
    const checkouts = new StandInCheckouts(store, emit, subscriptions);
    const cards = new StandInCards(store, emit);
    this.store = store;
    this.#world = { store, emit, subscriptions, checkouts, cards };
    this.#periods = new StandInPeriods(store, subscriptions, cards);
  }

  /** Listens on a free port of this machine. */
  static async start(options: StripeStandInOptions = {}): Promise<StripeStandIn> {
    const standIn = new StripeStandIn(options);
    await standIn.listen();
    return standIn;
  }

  async listen(): Promise<void> {
    this.#helper = (await import('stripe')).default.webhooks;
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  /** For `stripeApiBase`. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The buyer pays on the page of a checkout. @param checkout its URL, or its id */
  pay(checkout: string, shipping?: { name: string; address: Record<string, string> }): Thing {
    return this.#world.checkouts.pay(lastPart(checkout), shipping);
  }

  /** The buyer’s time runs out. */
  expire(checkout: string): Thing {
    return this.#world.checkouts.expire(lastPart(checkout));
  }

  /** A payment of a subscription fails. */
  failPayment(subscription: string): void {
    this.#world.subscriptions.failPayment(subscription);
  }

  /** A payment that had failed comes in after all. */
  recoverPayment(subscription: string): void {
    this.#world.subscriptions.recoverPayment(subscription);
  }

  /**
   * Does what is due by now, after the clock was moved: renews what is paid on, ends trials, which it announces three days
   * before, and what was cancelled; gives up after 21 days what could not be collected.
   */
  passTime(): void {
    this.#periods.pass();
  }

  cancelSubscription(subscription: string): Thing {
    return this.#world.subscriptions.cancel(subscription);
  }

  /** The customer takes a card away. */
  detachCard(paymentMethod: string): Thing {
    return this.#world.cards.detach(paymentMethod);
  }

  /** Gives back the whole of a payment. */
  refund(paymentIntent: string): void {
    const charge = this.store.all('charge').find((candidate) => candidate.payment_intent === paymentIntent);
    if (!charge) throw invalid('There is no such payment', 'payment_intent');
    charge.refunded = true;
    this.emit('charge.refunded', charge);
  }

  /** Notes an event; `object` is kept as it is now. */
  emit(type: string, object: Thing): StandInEvent {
    const fields = { type, data: { object: structuredClone(object) }, api_version: null, request: null };
    const event = this.store.add('event', 'evt', fields) as unknown as StandInEvent;
    this.events.push(event);
    return event;
  }

  /** What Stripe would send: the body, and its signature by Stripe’s own helper. @param ageSeconds how old it is */
  signed(event: StandInEvent, { ageSeconds = 0, secret = this.webhookSecret } = {}): StandInDelivery {
    if (!this.#helper)
      throw new KernelError('E_TEST', 'Nobody talks to this Stripe: give the service a stripeSecretKey');
    const body = JSON.stringify(event, null, 2);
    const timestamp = Math.floor(this.#clock.now() / 1_000) - ageSeconds;
    const signature = this.#helper.generateTestHeaderString({ payload: body, secret, timestamp });
    return { method: 'POST', body, headers: { 'stripe-signature': signature, 'content-type': 'application/json' } };
  }

  /** Hands over all events that were not taken yet, in their order. @returns the statuses; 200 is taken */
  async deliver(receiver = this.receiver): Promise<number[]> {
    if (!receiver) throw new KernelError('E_TEST', 'Say where events go: stripe.receiver = (delivery) => …');
    const statuses: number[] = [];
    for (const event of this.events.filter(({ id }) => !this.#delivered.has(id))) {
      const { status } = await receiver(this.signed(event));
      if (status === 200) this.#delivered.add(event.id);
      statuses.push(status);
    }
    return statuses;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of req) text += chunk;
    const url = new URL(req.url ?? '/', this.url);
    this.requests.push(`${req.method} ${url.pathname}`);
    if (this.mode === 'hang') return;
    if (this.delayMs > 0) await sleep(this.delayMs);
    const { status, body } = this.#answer(req, url, text);
    res.writeHead(status, { 'content-type': 'application/json', 'request-id': `req_${this.requests.length}` });
    res.end(body);
  }

  /** A repeated idempotency key gets the first answer; with other parameters, a refusal. */
  #answer(req: IncomingMessage, url: URL, text: string): { status: number; body: string } {
    const key = req.headers['idempotency-key'];
    const asked = `${req.method} ${url.pathname} ${text}`;
    const repeat = typeof key === 'string' ? this.#repeats.get(key) : undefined;
    if (repeat && repeat.asked !== asked)
      return faultBody(
        new StripeFault(400, { type: 'idempotency_error', message: 'Keys can only be used with the same parameters.' }),
      );
    if (repeat) return repeat;
    const given = this.#attempt(req, url, text);
    if (typeof key === 'string' && given.status < 500) this.#repeats.set(key, { asked, ...given });
    return given;
  }

  #attempt(req: IncomingMessage, url: URL, text: string): { status: number; body: string } {
    try {
      if (this.mode === 'fail') throw new StripeFault(500, { type: 'api_error', message: 'Something went wrong' });
      if (req.headers.authorization !== `Bearer ${this.secretKey}`)
        throw new StripeFault(401, { type: 'invalid_request_error', message: 'Invalid API Key provided' });
      const params = parseParams(req.method === 'POST' ? text : url.search.slice(1));
      const world = { ...this.#world, baseUrl: this.url };
      const asked = { method: req.method ?? 'GET', path: url.pathname.slice(4), params };
      return { status: 200, body: JSON.stringify(answer(world, asked)) };
    } catch (error) {
      if (error instanceof StripeFault) return faultBody(error);
      throw error;
    }
  }
}

function faultBody({ status, body }: StripeFault): { status: number; body: string } {
  return { status, body: JSON.stringify({ error: body }) };
}

function lastPart(checkout: string): string {
  return checkout.split('/').at(-1) ?? '';
}
