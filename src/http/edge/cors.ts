import cors from '@koa/cors';
import type { HttpMiddleware } from '../request-state.js';

/** `CorsSettings`; `['*']` means any. */
export interface CorsOptions {
  enabled?: boolean;
  allowOrigins?: readonly string[];
  /** Ignored with `*`: a browser must never send cookies to a service that trusts every page. */
  allowCredentials?: boolean;
  allowMethods?: readonly string[];
  allowHeaders?: readonly string[];
  exposeHeaders?: readonly string[];
}

const EVERY_METHOD = 'GET,HEAD,PUT,POST,DELETE,PATCH';
const PREFLIGHT_SECONDS = 600;

/** CORS by an exact list of origins; any other origin gets no header and so no access. */
export function allowOrigins(options: CorsOptions): HttpMiddleware {
  const origins = new Set(options.allowOrigins ?? ['*']);
  const anyOrigin = origins.has('*');
  const fixed = {
    credentials: !anyOrigin && (options.allowCredentials ?? true),
    allowMethods: anyOf(options.allowMethods, EVERY_METHOD),
    allowHeaders: anyOf(options.allowHeaders, undefined),
    exposeHeaders: [...(options.exposeHeaders ?? ['X-Runtime', 'X-Request-ID'])],
    maxAge: PREFLIGHT_SECONDS,
    keepHeadersOnError: false,
  };
  const allow = (origin: string): HttpMiddleware => cors({ ...fixed, origin }) as HttpMiddleware;
  if (anyOrigin) return allow('*');
  // One for each, because an origin that is worked out per request is waited for per request.
  const allowed = new Map([...origins].map((origin) => [origin, allow(origin)]));
  const foreign = cors({ ...fixed, origin: () => '' }) as HttpMiddleware;
  return function corsOfOrigin(ctx, next) {
    return (allowed.get(ctx.get('Origin')) ?? foreign)(ctx, next);
  };
}

/** `any` for a wildcard; `@koa/cors` answers a missing list of headers with whatever the browser asked for. */
function anyOf<Any>(list: readonly string[] | undefined, any: Any): string[] | Any {
  return !list || list.includes('*') ? any : [...list];
}
