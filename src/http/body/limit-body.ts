import { BodyTooLargeError } from '../errors.js';
import type { HttpContext, HttpMiddleware, Next } from '../request-state.js';
import { boundBody } from './bound-body.js';

export const DEFAULT_MAX_BODY_SIZE = 10 * 1024 * 1024;

/**
 * Refuses a body that says it is too large before a byte of it is read, bounds one that does not say (chunked), and sets
 * the limit for those that say too little (compressed), which the readers enforce while they unpack.
 */
export function limitBody(maxBytes = DEFAULT_MAX_BODY_SIZE): HttpMiddleware {
  return function bodyLimit(ctx: HttpContext, next: Next) {
    const limit = ctx.state.route?.declaration?.options.maxBodySize ?? maxBytes;
    const announced = Number(ctx.req.headers['content-length'] ?? 0);
    ctx.state.bodyLimit = limit;
    if (announced > limit) throw new BodyTooLargeError(limit);
    if (ctx.req.headers['transfer-encoding'] !== undefined) ctx.state.receivedBytes = boundBody(ctx.req, limit);
    return next();
  };
}
