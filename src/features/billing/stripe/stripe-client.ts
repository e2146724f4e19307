import Stripe from 'stripe';

export interface StripeClientOptions {
  secretKey: string;
  /** Where Stripe is, when not at its own address. */
  apiBase?: string | null | undefined;
  /** Longest wait for one answer, its body included, ms. Default 10 000. */
  timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
/** Of the client itself; what fails longer is tried again by jobs and by Stripe. */
const RETRIES = 1;

/** Stripe's own client. It connects nothing until it is used. */
export function createStripeClient({ secretKey, apiBase, timeoutMs = TIMEOUT_MS }: StripeClientOptions): Stripe {
  return new Stripe(secretKey, {
    ...(apiBase && addressOf(apiBase)),
    timeout: timeoutMs,
    maxNetworkRetries: RETRIES,
    // Node's own client starts the time anew with every byte, so that a receiver that drips would never end.
    httpClient: Stripe.createFetchHttpClient(),
    telemetry: false,
  });
}

function addressOf(apiBase: string): { protocol: 'http' | 'https'; host: string; port: string } {
  const url = new URL(apiBase);
  const protocol = url.protocol === 'http:' ? 'http' : 'https';
  return { protocol, host: url.hostname, port: url.port || (protocol === 'http' ? '80' : '443') };
}
