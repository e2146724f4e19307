import type Stripe from 'stripe';
import { SPAN_KIND, withSpan } from '../../../base/spans.js';
import { isMissing, translated } from './stripe-faults.js';

export interface StripeOptions {
  /** `sk_live_…`, `sk_test_…` or a restricted key. */
  secretKey: string;
  /** Where Stripe is, when not at its own address. */
  apiBase?: string | null | undefined;
  /** Longest wait for one answer, its body included, ms. Default 10 000. */
  timeoutMs?: number;
  /** Further tries of the client itself; what fails longer is tried again by jobs and by Stripe. Default 1. */
  retries?: number;
}

const TIMEOUT_MS = 10_000;

/** The way to Stripe. Its package is loaded when it is asked for the first time. */
export class StripeAccess {
  /** Things of the test mode are not there in the live mode, nor the other way round. */
  readonly mode: 'test' | 'live';
  readonly #options: StripeOptions;
  #client: Promise<Stripe> | undefined;

  constructor(options: StripeOptions) {
    this.#options = options;
    this.mode = /^[a-z]+_test_/.test(options.secretKey) ? 'test' : 'live';
  }

  /** Stripe's own client, for what is not here. */
  client(): Promise<Stripe> {
    this.#client ??= createClient(this.#options);
    return this.#client;
  }

  /**
   * What `call` answers, its faults as the kernel names them.
   * @throws ConnectionError when Stripe is away, too slow, failing, or does not take our key
   * @throws KernelError `E_PAYMENT_FAILED` for a card that was declined; `E_STRIPE_REFUSED` for what Stripe does not do
   * @throws ConflictError when another request is changing the same thing
   */
  ask<T>(call: (stripe: Stripe) => Promise<T>): Promise<T> {
    return withSpan('stripe', { kind: SPAN_KIND.client }, async () => {
      const client = await this.client();
      try {
        return await call(client);
      } catch (error) {
        throw translated(error);
      }
    });
  }

  /** The same; `null` where Stripe knows no such thing. */
  find<T>(call: (stripe: Stripe) => Promise<T>): Promise<T | null> {
    return this.ask((stripe) =>
      call(stripe).catch((error: unknown) => {
        if (isMissing(error)) return null;
        throw error;
      }),
    );
  }
}

async function createClient({
  secretKey,
  apiBase,
  timeoutMs = TIMEOUT_MS,
  retries = 1,
}: StripeOptions): Promise<Stripe> {
  const { default: StripeClient } = await import('stripe');
  return new StripeClient(secretKey, {
    ...(apiBase && addressOf(apiBase)),
    timeout: timeoutMs,
    maxNetworkRetries: retries,
    // The client for Node’s sockets starts the time anew with every byte: an answer that drips would never end.
    httpClient: StripeClient.createFetchHttpClient(uncounted as typeof fetch),
    telemetry: false,
  });
}

/** `fetch` counts the bytes itself; a second count makes undici refuse the request. */
function uncounted(url: string, { headers, ...init }: RequestInit): Promise<Response> {
  const others = new Headers(headers);
  others.delete('content-length');
  return fetch(url, { ...init, headers: others });
}

function addressOf(apiBase: string): { protocol: 'http' | 'https'; host: string; port: string } {
  const url = new URL(apiBase);
  const protocol = url.protocol === 'http:' ? 'http' : 'https';
  return { protocol, host: url.hostname, port: url.port || (protocol === 'http' ? '80' : '443') };
}
