import { backoffDelay } from '../../base/backoff.js';
import { ConnectionError, KernelError, TimeoutError } from '../../base/errors.js';
import { sleep } from '../../base/sleep.js';
import { checkRequest } from './check-request.js';
import { type HttpConfig, type ResolvedHttpConfig, resolveHttpConfig } from './http-config.js';
import { HttpError } from './http-errors.js';
import type { HttpResponse } from './http-response.js';
import { type Origin, releaseOrigin, useOrigin } from './origin-pools.js';
import { type OutgoingRequest, sendOnce } from './send-once.js';

export interface HttpRequestOptions {
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  body?: string | Buffer;
  /** Added to the query of the path; null and undefined are left out. */
  query?: Readonly<Record<string, string | number | boolean | null | undefined>>;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
}

const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);
const WORTH_A_RETRY = new Set([408, 425, 429, 500, 502, 503, 504]);
/** Longest wait between tries, also where a server asks for more, s. */
const MAX_WAIT_SECONDS = 30;

/**
 * A client of one server. An answer above 399 is an `HttpError`; a server that fails five times within a minute is left alone
 * for half a minute (`CircuitOpenError`). Redirects are not followed: a 3xx is an answer like any other.
 */
export class HttpClient implements Disposable, AsyncDisposable {
  readonly #base: URL;
  readonly #config: ResolvedHttpConfig;
  readonly #origin: Origin;
  #closed = false;

  /** @throws KernelError `E_ADDRESS_REFUSED` where `publicAddressesOnly` is set and the host is another address. */
  constructor(baseUrl: string | URL, config: HttpConfig = {}) {
    this.#base = checkedBase(baseUrl);
    this.#config = resolveHttpConfig(config);
    this.#origin = useOrigin(this.#base.origin, this.#config);
  }

  get(path: string, options?: HttpRequestOptions): Promise<HttpResponse> {
    return this.request('GET', path, options);
  }

  post(path: string, options?: HttpRequestOptions): Promise<HttpResponse> {
    return this.request('POST', path, options);
  }

  put(path: string, options?: HttpRequestOptions): Promise<HttpResponse> {
    return this.request('PUT', path, options);
  }

  patch(path: string, options?: HttpRequestOptions): Promise<HttpResponse> {
    return this.request('PATCH', path, options);
  }

  delete(path: string, options?: HttpRequestOptions): Promise<HttpResponse> {
    return this.request('DELETE', path, options);
  }

  /**
   * @throws HttpError, ConnectionError, TimeoutError, CircuitOpenError; the signal's reason where it aborts;
   *   KernelError `E_HTTP_BODY` for an answer that is too large, `E_ADDRESS_REFUSED` for a name without a public address
   */
  async request(method: string, path: string, options: HttpRequestOptions = {}): Promise<HttpResponse> {
    if (this.#closed) throw new KernelError('E_HTTP_CLOSED', `The client of ${this.#base.origin} has been closed`);
    const request = this.#prepare(method.toUpperCase(), path, options);
    const tries = isRepeatable(request) ? this.#config.retries + 1 : 1;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#send(request);
      } catch (error) {
        if (attempt >= tries || !isTransient(error)) throw error;
        await sleep(waitMs(error, attempt), options.signal);
      }
    }
  }

  /** Gives the connections back; a request under way ends as it would have. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    releaseOrigin(this.#base.origin, this.#config);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #send(request: OutgoingRequest): Promise<HttpResponse> {
    const send = (): Promise<HttpResponse> => sendOnce(this.#origin, request, this.#config);
    return this.#config.circuitBreaker ? this.#origin.breaker.run(send) : send();
  }

  #prepare(method: string, path: string, options: HttpRequestOptions): OutgoingRequest {
    const { json, body, query = {}, headers = {}, signal } = options;
    if (json !== undefined && body !== undefined)
      throw new KernelError('E_HTTP_REQUEST', 'Give json or body, not both');
    const url = urlBelow(this.#base, path);
    for (const [name, value] of Object.entries(query))
      if (value !== null && value !== undefined) url.searchParams.set(name, String(value));
    const own = {
      accept: 'application/json, */*;q=0.5',
      'user-agent': 'app-kernel',
      ...(json !== undefined && { 'content-type': 'application/json' }),
    };
    const sent = lowerCase({ ...own, ...this.#config.headers, ...headers });
    checkRequest(method, sent);
    return { method, url, headers: sent, body: json === undefined ? body : JSON.stringify(json), signal };
  }
}

/** A client of `baseUrl`: `using api = httpClient('https://api.example.com/v1', { retries: 2 })`. */
export function httpClient(baseUrl: string | URL, config?: HttpConfig): HttpClient {
  return new HttpClient(baseUrl, config);
}

/** Runs `work` with a client that is closed afterwards. */
export async function withHttpClient<T>(
  baseUrl: string | URL,
  work: (client: HttpClient) => Promise<T>,
  config?: HttpConfig,
): Promise<T> {
  const client = httpClient(baseUrl, config);
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

function checkedBase(baseUrl: string | URL): URL {
  const url = URL.canParse(String(baseUrl)) ? new URL(baseUrl) : undefined;
  if (url && (url.username || url.password))
    throw new KernelError('E_HTTP_REQUEST', 'Credentials in the URL are not sent; give headers: { authorization }');
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new KernelError('E_HTTP_REQUEST', 'httpClient() takes the URL of a server: https://api.example.com');
}

/** Appends the path to the base, however either is slashed; a path can neither name another server nor climb out. */
function urlBelow(base: URL, path: string): URL {
  const root = base.pathname.replace(/\/+$/, '');
  const url = new URL(base.origin + root + (path.startsWith('/') ? path : `/${path}`));
  if (url.origin === base.origin && (url.pathname === root || url.pathname.startsWith(`${root}/`))) return url;
  throw new KernelError('E_HTTP_REQUEST', `The path leads out of ${base.origin}${root}`);
}

function isRepeatable({ method, headers }: OutgoingRequest): boolean {
  return REPEATABLE.has(method) || headers['idempotency-key'] !== undefined;
}

function isTransient(error: unknown): boolean {
  if (error instanceof HttpError) return WORTH_A_RETRY.has(error.status);
  return error instanceof ConnectionError || error instanceof TimeoutError;
}

function waitMs(error: unknown, attempt: number): number {
  const asked = error instanceof HttpError ? error.retryAfterSeconds : undefined;
  if (asked !== undefined) return Math.min(asked, MAX_WAIT_SECONDS) * 1_000;
  return backoffDelay(attempt, { baseMs: 500, factor: 2, capMs: MAX_WAIT_SECONDS * 1_000, jitter: 0.2 });
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
