import { KernelError } from '../../../base/errors.js';
import { type HttpConfig, HttpError, HttpResponse, withHttpClient } from '../../../http/index.js';
import type { DeliveryAttempt } from '../entities.js';
import { signaturesOf } from '../signature.js';

export interface OutgoingMessage {
  /** The `webhook-id`. */
  id: string;
  url: string;
  event: string;
  /** Byte for byte. */
  body: string;
  secrets: readonly string[];
  /** Unix ms: the moment of this attempt. */
  now: number;
}

/** One attempt, as the receiver gets it. */
export interface WebhookRequest {
  url: string;
  headers: Readonly<Record<string, string>>;
  /** Byte for byte. */
  body: string;
}

/** Takes requests in place of the network, for tests, and answers a status. */
export type WebhookStandIn = (request: WebhookRequest) => number;

/** How requests go out. */
export type Transport = Pick<HttpConfig, 'allowedNetworks' | 'resolveHost'> & {
  /** Longest request, s. */
  timeoutSeconds: number;
  allowHttp: boolean;
  standIn?: WebhookStandIn | undefined;
};

export type SentMessage = Omit<DeliveryAttempt, 'number'> & {
  /** What the receiver has asked for by `Retry-After`. */
  retryAfterSeconds?: number | undefined;
};

/** What is kept of an answer, bytes. */
const KEPT_BYTES = 4_096;
const CONNECT_SECONDS = 10;

/**
 * Sends a message once. Whatever a receiver does, or what a URL leads to, ends as an attempt with its error.
 * @throws the reason of `signal`, where it aborts
 */
export async function sendMessage(
  message: OutgoingMessage,
  transport: Transport,
  signal: AbortSignal,
): Promise<SentMessage> {
  const { url, now } = message;
  const began = performance.now();
  const requestHeaders = headersOf(message);
  const base = { at: new Date(now).toISOString(), url, requestHeaders };
  const ended = () => ({ ...base, durationMs: Math.round(performance.now() - began) });
  try {
    const answer = await post(message, requestHeaders, transport, signal);
    const error = answer.ok
      ? null
      : `Answered ${answer.status}${answer.status < 400 ? '; redirects are not followed' : ''}`;
    return { ...ended(), status: answer.status, responseBody: printable(answer.text()), error };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof HttpError)) return { ...ended(), status: null, responseBody: null, error: textOf(error) };
    const { status, body, retryAfterSeconds } = error;
    return { ...ended(), status, responseBody: printable(body), error: `Answered ${status}`, retryAfterSeconds };
  }
}

async function post(
  { url: target, body, secrets }: OutgoingMessage,
  headers: Readonly<Record<string, string>>,
  { timeoutSeconds, allowHttp, standIn, ...reach }: Transport,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const url = new URL(target);
  if (url.protocol === 'http:' && !allowHttp)
    throw new KernelError('E_ADDRESS_REFUSED', 'Only https: is sent to; change the URL');
  if (secrets.length === 0)
    throw new KernelError('E_WEBHOOK_SECRET', 'The secret was sealed with another secret of the service; rotate it');
  if (standIn) return answerOf(standIn({ url: target, headers, body }), target);
  const config: HttpConfig = {
    ...reach,
    publicAddressesOnly: true,
    timeoutSeconds,
    connectTimeoutSeconds: Math.min(timeoutSeconds, CONNECT_SECONDS),
    maxConnections: 1_000, // the endpoints' slots are the limit: two of one server must not wait for each other
    maxResponseBytes: KEPT_BYTES,
    circuitBreaker: false,
    cutBodies: true,
  };
  return await withHttpClient(
    url.origin,
    (client) => client.post(url.pathname + url.search, { body, headers, signal }),
    config,
  );
}

function answerOf(status: number, url: string): HttpResponse {
  if (status >= 400) throw new HttpError(status, url, new Headers(), '');
  return new HttpResponse(status, new Headers(), url, Buffer.alloc(0));
}

function headersOf({ id, event, body, secrets, now }: OutgoingMessage): Record<string, string> {
  const timestamp = Math.floor(now / 1_000);
  return {
    'content-type': 'application/json',
    'user-agent': 'app-kernel-webhooks',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signaturesOf({ id, timestamp, body }, secrets),
    'x-webhook-event': event,
  };
}

/** Databases take no NUL, and logs no control characters. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '\ufffd');
}

function textOf(error: unknown): string {
  return error instanceof KernelError ? error.message : 'The request could not be sent';
}
