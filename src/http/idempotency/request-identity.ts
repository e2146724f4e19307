import { createHash } from 'node:crypto';
import { mediaTypeOf } from '../body/parse-body.js';
import { hasBody, readBody } from '../body/read-body.js';
import { addressBucket } from '../edge/ip-address.js';
import { BadRequestError } from '../errors.js';
import type { HttpContext } from '../request-state.js';

/** A request as idempotency sees it. */
export interface RequestIdentity {
  /** Where its answer is kept. */
  key: string;
  /** What exactly was asked. */
  fingerprint: string;
}

const KEY_PATTERN = /^[\x21-\x7e]{1,255}$/;

/** The request's `Idempotency-Key`. @throws BadRequestError for one that cannot be a key. */
export function idempotencyKey(ctx: HttpContext): string | undefined {
  const given = ctx.headers['idempotency-key'];
  if (given === undefined) return undefined;
  if (typeof given === 'string' && KEY_PATTERN.test(given)) return given;
  throw new BadRequestError('Idempotency-Key must be 1 to 255 printable ASCII characters without spaces');
}

/**
 * Who asks, with method and path, and either the key that was given or what exactly was asked. Undefined for callers
 * without a sign-in who give no key: nobody could tell two of them apart.
 * @param maxBytes most that may be read of the body
 */
export async function identifyRepeat(
  ctx: HttpContext,
  given: string | undefined,
  maxBytes: number,
): Promise<RequestIdentity | undefined> {
  const { user, auth, ipAddress } = ctx.state;
  if (!user && given === undefined) return undefined;
  const principal = user ? `${auth?.type ?? 'user'}:${user.id}` : `anonymous:${addressBucket(ipAddress ?? '')}`;
  const fingerprint = hash([ctx.querystring, ctx.get('x-workspace-id'), await bodyOf(ctx, maxBytes)]);
  const operation = hash([ctx.method, ctx.path, given === undefined ? fingerprint : `key ${given}`]);
  return { key: `${principal}:${operation}`, fingerprint };
}

/**
 * The bytes of a body that the route reads whole. One that it streams stays where it is, and is told apart by its type
 * and length only.
 */
async function bodyOf(ctx: HttpContext, maxBytes: number): Promise<Buffer | string> {
  if (!hasBody(ctx.req)) return 'empty';
  const type = mediaTypeOf(ctx.req);
  const options = ctx.state.route?.declaration?.options;
  // What a route for uploads will refuse may be as long as an upload.
  const isReadWhole = options
    ? type !== 'multipart' && options.accepts !== 'multipart'
    : type === 'json' || type === 'form';
  return isReadWhole ? readBody(ctx.req, maxBytes) : `${type} ${ctx.get('content-length')}`;
}

/** Of parts that cannot run into each other. */
function hash(parts: ReadonlyArray<string | Buffer>): string {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(`${Buffer.byteLength(part)}:`).update(part);
  return digest.digest('base64url');
}
