import { currentContext } from '../../base/context.js';
import { ConnectionError, KernelError, TimeoutError } from '../../base/errors.js';
import { SPAN_KIND, traceparentOf, withSpan } from '../../base/spans.js';
import type { ResolvedHttpConfig } from './http-config.js';
import { HttpError } from './http-errors.js';
import { HttpResponse } from './http-response.js';
import type { Origin } from './origin-pools.js';

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
  const attributes = { 'http.request.method': method, 'server.address': url.host, 'url.path': url.pathname };
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
  const limit = AbortSignal.timeout(config.timeoutSeconds * 1_000);
  try {
    const answer = await pool.request({
      method: method as 'GET',
      path: url.pathname + url.search,
      headers: { ...traceHeaders(), ...headers },
      body: body ?? null,
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    const received = new Headers();
    for (const [name, value] of Object.entries(answer.headers))
      for (const each of [value ?? []].flat()) received.append(name, each);
    const bytes = await readBody(answer.body, config, request);
    if (answer.statusCode >= 400) throw new HttpError(answer.statusCode, shown(url), received, bytes.toString('utf8'));
    return new HttpResponse(answer.statusCode, received, url.href, bytes);
  } catch (error) {
    if (error instanceof KernelError || signal?.aborted) throw error;
    throw limit.aborted ? late(url, config, error) : faultOf(error, url, config);
  }
}

/** With `cutBodies` the answer counts from its status on, whatever becomes of its body. */
async function readBody(
  body: AsyncIterable<Buffer>,
  { maxResponseBytes, cutBodies }: ResolvedHttpConfig,
  { url, signal }: OutgoingRequest,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > maxResponseBytes) throw tooLong(url, maxResponseBytes);
    }
  } catch (error) {
    if (!cutBodies || signal?.aborted) throw error;
  }
  return Buffer.concat(chunks).subarray(0, maxResponseBytes);
}

function tooLong(url: URL, maxBytes: number): KernelError {
  return new KernelError('E_HTTP_BODY', `${shown(url)} answered more than ${maxBytes} bytes; see maxResponseBytes`);
}

/** The trace of this unit of work goes on at the server. */
function traceHeaders(): Record<string, string> {
  const { trace } = currentContext();
  return trace ? { traceparent: traceparentOf(trace) } : {};
}

function faultOf(error: unknown, url: URL, config: ResolvedHttpConfig): KernelError {
  const code = (error as { code?: string }).code ?? '';
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
