import type { OutgoingHttpHeaders } from 'node:http';
import type { HttpContext } from '../request-state.js';

/** An answer as it is kept for those who ask again. */
interface KeptAnswer {
  status_code: number;
  headers: Readonly<Record<string, string | string[]>>;
  body: string | null;
  /** How `body` is written; absent for text. */
  encoding?: 'base64';
}

/** Answers that are larger are not kept: a repeat runs again. */
const MAX_BYTES = 1_048_576;
/** What the stages further out say of this one request. */
const NOT_KEPT = /^(?:content-length|date|connection|transfer-encoding|x-request-id|(?:x-)?ratelimit(?:-.*)?)$/;

/**
 * The answer of the route as text, to be written again by `writeAnswer`; undefined where there is nothing that could be
 * kept: a stream, a server error, an answer that is too large or that Koa did not write.
 * @param before the response's headers when the route began
 */
export function readAnswer(ctx: HttpContext, before: OutgoingHttpHeaders): string | undefined {
  if (ctx.respond === false || ctx.headerSent || ctx.status >= 500) return undefined;
  const written = bodyText(ctx.body);
  if (!written || (written.body === null && ctx.status >= 400)) return undefined;
  if ((written.body?.length ?? 0) > MAX_BYTES) return undefined;
  const answer: KeptAnswer = { status_code: ctx.status, headers: headersSince(ctx, before), ...written };
  return JSON.stringify(answer);
}

/** Answers the request as it was answered before. */
export function writeAnswer(ctx: HttpContext, text: string): void {
  const { status_code: status, headers, body, encoding } = JSON.parse(text) as KeptAnswer;
  ctx.status = status;
  for (const [name, value] of Object.entries(headers)) ctx.res.setHeader(name, value);
  ctx.res.setHeader('X-Idempotency-Replayed', 'true');
  if (body !== null) ctx.body = encoding ? Buffer.from(body, encoding) : body;
}

function bodyText(body: unknown): Pick<KeptAnswer, 'body' | 'encoding'> | undefined {
  if (body === undefined || body === null) return { body: null };
  if (typeof body === 'string') return { body };
  if (Buffer.isBuffer(body)) return { body: body.toString('base64'), encoding: 'base64' };
  return isPlain(body) ? { body: JSON.stringify(body) } : undefined;
}

/** What Koa writes as JSON: anything but streams, blobs and bytes. */
function isPlain(body: unknown): boolean {
  const type = Object.prototype.toString.call(body);
  if (typeof body !== 'object' || body === null || 'pipe' in body || 'getReader' in body) return false;
  return type === '[object Object]' || type === '[object Array]';
}

function headersSince(ctx: HttpContext, before: OutgoingHttpHeaders): KeptAnswer['headers'] {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(ctx.res.getHeaders())) {
    if (value === undefined || value === before[name] || NOT_KEPT.test(name)) continue;
    kept[name] = Array.isArray(value) ? value : String(value);
  }
  return kept;
}
