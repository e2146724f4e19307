import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { StandInCheckouts } from './checkout-sessions.js';
import { parseParams } from './parse-params.js';
import { answer, type World } from './routes.js';
import { Store, type Thing } from './store.js';
import { invalid, StripeFault } from './stripe-fault.js';
import { StandInSubscriptions } from './subscriptions.js';

export interface StandInEvent {
  id: string;
  type: string;
  data: { object: Thing };
}

/**
 * A server that answers as Stripe does, as far as this package asks: for tests, on this machine. It remembers what it was
 * told. It is no Stripe: no money, no taxes, no coupons, no clocks.
 */
export class StripeStandIn {
  /** Sign events with it: give it to `stripeWebhookSecret`. */
  readonly webhookSecret = 'whsec_stand_in';
  readonly secretKey = 'sk_test_stand_in';
  /** Everything that has happened, oldest first. */
  readonly events: StandInEvent[] = [];
  /** Every request it got, as `POST /v1/customers`. */
  readonly requests: string[] = [];
  /** `hang`: takes requests and never answers; `fail`: answers 500. */
  mode: 'answer' | 'hang' | 'fail' = 'answer';
  /** Before each answer, ms. */
  delayMs = 0;
  readonly store = new Store();
  readonly #server: Server = createServer((req, res) => void this.#serve(req, res));
  readonly #repeats = new Map<string, { asked: string; status: number; body: string }>();
  readonly #subscriptions = new StandInSubscriptions(this.store, (type, object) => this.emit(type, object));
  readonly #checkouts = new StandInCheckouts(
    this.store,
    (type, object) => this.emit(type, object),
    this.#subscriptions,
  );

  static async start(): Promise<StripeStandIn> {
    const standIn = new StripeStandIn();
    await new Promise<void>((resolve) => standIn.#server.listen(0, '127.0.0.1', resolve));
    return standIn;
  }

  /** For `stripeApiBase`. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The buyer pays on the page of a checkout. @param checkout its URL, or its id */
  pay(checkout: string, shipping?: { name: string; address: Record<string, string> }): Thing {
    return this.#checkouts.pay(checkout.split('/').at(-1) ?? '', shipping);
  }

  /** The buyer's time runs out. */
  expire(checkout: string): Thing {
    return this.#checkouts.expire(checkout.split('/').at(-1) ?? '');
  }

  failPayment(subscription: string): void {
    this.#subscriptions.failPayment(subscription);
  }

  cancelSubscription(subscription: string): Thing {
    return this.#subscriptions.cancel(subscription);
  }

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

  /** What Stripe would send: the body, and its signature by Stripe's own helper. @param ageSeconds how old it is */
  signed(event: StandInEvent, { ageSeconds = 0, secret = this.webhookSecret } = {}) {
    const body = JSON.stringify(event, null, 2);
    const timestamp = Math.floor(Date.now() / 1_000) - ageSeconds;
    const signature = Stripe.webhooks.generateTestHeaderString({ payload: body, secret, timestamp });
    return { body, headers: { 'stripe-signature': signature, 'content-type': 'application/json' } };
  }

  /** Delivers all events that were not delivered yet, in their order. @returns the statuses */
  async deliver(
    send: (init: { method: 'POST'; body: string; headers: Record<string, string> }) => Promise<{ status: number }>,
  ) {
    const statuses: number[] = [];
    for (const event of this.#undelivered()) {
      const { status } = await send({ method: 'POST', ...this.signed(event) });
      if (status === 200) this.#delivered.add(event.id);
      statuses.push(status);
    }
    return statuses;
  }

  readonly #delivered = new Set<string>();
  #undelivered(): StandInEvent[] {
    return this.events.filter(({ id }) => !this.#delivered.has(id));
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
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
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
      const world: World = {
        store: this.store,
        emit: (type, object) => this.emit(type, object),
        subscriptions: this.#subscriptions,
        checkouts: this.#checkouts,
        baseUrl: this.url,
      };
      return { status: 200, body: JSON.stringify(answer(world, req.method ?? 'GET', url.pathname.slice(4), params)) };
    } catch (error) {
      if (error instanceof StripeFault) return faultBody(error);
      throw error;
    }
  }
}

function faultBody({ status, body }: StripeFault): { status: number; body: string } {
  return { status, body: JSON.stringify({ error: body }) };
}
