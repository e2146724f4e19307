import { currentContext } from '../../base/context.js';
import { ConnectionError, KernelError, TimeoutError } from '../../base/errors.js';
import { SPAN_KIND, traceparentOf, withSpan } from '../../base/spans.js';
import { withoutSecretParts } from '../../telemetry/index.js';
import type { ResolvedHttpConfig } from './http-config.js';
import { HttpError } from './http-errors.js';
import { HttpResponse } from './http-response.js';
import type { Origin } from './origin-pools.js';
import { ACCEPTED_ENCODINGS, readBody } from './response-body.js';
import { TimeLimit } from './time-limit.js';

/** A request that is ready to go out. */
export interface OutgoingRequest {
  method: string;
  url: URL;
  headers: Readonly<Record<string, string>>;
  body: string | Buffer | undefined;
  signal: AbortSignal | undefined;
}

/**
 * Sends it and reads the whole answer; a span of the current trace, which goes on at the server.
 * @throws HttpError for an answer that is no 2xx or 3xx; ConnectionError, TimeoutError; the signal's reason
 */
export async function sendOnce(
  origin: Origin,
  request: OutgoingRequest,
  config: ResolvedHttpConfig,
): Promise<HttpResponse> {
  const { method, url } = request;
  const path = withoutSecretParts(url.pathname); // the address of a chat's webhook is its key
  const attributes = { 'http.request.method': method, 'server.address': url.host, 'url.path': path };
  return withSpan(`${method} ${url.host}`, { kind: SPAN_KIND.client, attributes }, async (span) => {
    try {
      const response = await exchange(origin, request, config);
      span?.setAttribute('http.response.status_code', response.status);
      return response;
    } catch (error) {
      if (error instanceof HttpError) span?.setAttribute('http.response.status_code', error.status);
      throw error;
    }
  });
}

async function exchange({ pool }: Origin, request: OutgoingRequest, config: ResolvedHttpConfig): Promise<HttpResponse> {
  const { method, url, headers, body, signal } = request;
  const limit = new TimeLimit(config.timeoutSeconds * 1_000, signal);
  try {
    const answer = await pool.request({
      method: method as 'GET',
      path: url.pathname + url.search,
      headers: { 'accept-encoding': ACCEPTED_ENCODINGS, ...traceHeaders(), ...headers },
      body: body ?? null,
      signal: limit.signal,
    });
    const received = headersOf(answer.headers);
    const encoding = hasBody(method, answer.statusCode, received) ? received.get('content-encoding') : null;
    const bytes = await readBody(answer.body, { ...config, encoding, from: shown(url), signal });
    if (encoding !== null) for (const name of ['content-encoding', 'content-length']) received.delete(name);
    if (answer.statusCode >= 400) throw new HttpError(answer.statusCode, shown(url), received, bytes.toString('utf8'));
    return new HttpResponse(answer.statusCode, received, url.href, bytes);
  } catch (error) {
    if (error instanceof KernelError || signal?.aborted) throw error;
    throw limit.isUp ? late(url, config, error) : faultOf(error, url, config);
  } finally {
    limit.lift();
  }
}

function headersOf(raw: Readonly<Record<string, string | string[] | undefined>>): Headers {
  const received = new Headers();
  for (const [name, value] of Object.entries(raw)) for (const each of [value ?? []].flat()) received.append(name, each);
  return received;
}

/** An answer to HEAD, for one, tells how a body would be packed and has none. */
function hasBody(method: string, status: number, headers: Headers): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 304 && headers.get('content-length') !== '0';
}

/** The trace of this unit of work goes on at the server. */
function traceHeaders(): Record<string, string> {
  const { trace } = currentContext();
  return trace ? { traceparent: traceparentOf(trace) } : {};
}

function faultOf(error: unknown, url: URL, config: ResolvedHttpConfig): KernelError {
  const code = (error as { code?: string }).code ?? '';
  if (code === 'UND_ERR_CONNECT_TIMEOUT') {
    const text = `${url.origin} took no connection within ${config.connectTimeoutSeconds} s`;
    return new TimeoutError(text, { cause: error });
  }
  if (/TIMEOUT/.test(code)) return late(url, config, error);
  return new ConnectionError(`${url.origin} cannot be reached (${code || 'the connection broke'})`, { cause: error });
}

function late(url: URL, { timeoutSeconds }: ResolvedHttpConfig, cause: unknown): TimeoutError {
  return new TimeoutError(`${url.origin} did not answer within ${timeoutSeconds} s`, { cause });
}

/** Without the query, which may hold secrets. */
function shown(url: URL): string {
  return url.origin + url.pathname;
}
