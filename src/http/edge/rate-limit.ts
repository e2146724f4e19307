import { KernelError } from '../../base/errors.js';
import type { HttpContext, HttpMiddleware, Next } from '../request-state.js';
import { routeName } from '../routing/plain-router.js';
import { markMiddleware, type RateLimitRule } from '../routing/route-marks.js';
import { isAsset } from './cache-control.js';
import type { RateLimits } from './rate-limits.js';
import { layersOf } from './route-label.js';

/**
 * Limits one route: `limit` requests per `windowSeconds` and caller, in a bucket of its own that REPLACES the tier.
 * On a route the kernel knows, the outer limiter enforces it; on any other router it enforces itself.
 */
export function rateLimit(limit: number, windowSeconds = 60): HttpMiddleware {
  const rule: RateLimitRule = {
    limit: positive('limit', limit),
    windowSeconds: positive('windowSeconds', windowSeconds),
  };
  return markMiddleware(
    async function limitRoute(ctx: HttpContext, next: Next) {
      const { rateLimits, route } = ctx.state;
      const enforcedBefore = route !== undefined && (route.marks.rateLimit === rule || route.marks.rateLimit === null);
      if (rateLimits === undefined)
        throw new KernelError('E_ROUTE', 'rateLimit() needs the stack of a kernel around it');
      if (rateLimits && !enforcedBefore) await rateLimits.enforceRoute(ctx, bucketName(ctx), rule);
      return next();
    },
    { rateLimit: rule },
  );
}

/** Lifts every limit of one route, for callers that must never be turned away (a payment provider's webhook). */
export function noRateLimit(): HttpMiddleware {
  return markMiddleware((_ctx: HttpContext, next: Next) => next(), { rateLimit: null });
}

/** Paths that are never limited: probes, docs and static assets. */
const UNLIMITED_PATHS: readonly string[] = [
  '/health',
  '/healthz',
  '/ready',
  '/readyz',
  '/metrics',
  '/docs',
  '/openapi.json',
  '/redoc',
];
const UNLIMITED_PREFIXES: readonly string[] = ['/static/', '/_next/'];

/** The stage of the stack that applies the caller's tier, or the limit of the route instead. */
export function limitRate(ctx: HttpContext, next: Next): Promise<unknown> {
  const { rateLimits, route } = ctx.state;
  const rule = route?.marks.rateLimit;
  if (!rateLimits || rule === null) return next();
  if (rule && route) return rateLimits.enforceRoute(ctx, route.name, rule).then(next);
  if (isUnlimited(ctx)) return next();
  if (!mayBeFileOfPage(ctx)) return rateLimits.enforceTier(ctx).then(next);
  return limitUnlessFile(ctx, next, rateLimits);
}

/**
 * A page asks for many files at once. Only those that are there are not counted: what else looks like one may be answered
 * by the application's own middleware, at any cost.
 */
async function limitUnlessFile(ctx: HttpContext, next: Next, rateLimits: RateLimits): Promise<unknown> {
  if (!(await ctx.state.hasFile?.(ctx.path))) await rateLimits.enforceTier(ctx);
  return next();
}

function mayBeFileOfPage({ state, path, method }: HttpContext): boolean {
  if (!state.hasFile || state.route || (method !== 'GET' && method !== 'HEAD')) return false;
  return isAsset(path);
}

function isUnlimited(ctx: HttpContext): boolean {
  const { path } = ctx;
  if (UNLIMITED_PATHS.includes(path) || UNLIMITED_PREFIXES.some((prefix) => path.startsWith(prefix))) return true;
  return isPreflight(ctx);
}

/**
 * A browser's question before the real request; it is answered, never counted. Where a route takes OPTIONS itself it is
 * a request like any other: everybody can write the headers of a preflight.
 */
function isPreflight(ctx: HttpContext): boolean {
  if (ctx.method !== 'OPTIONS' || ctx.state.route) return false;
  return ctx.headers.origin !== undefined && 'access-control-request-method' in ctx.headers;
}

/**
 * The name of the route's bucket; of a router the kernel does not know, by what `@koa/router` notes. Never made of the
 * request's own method and path: whoever varies those would get a bucket for each.
 */
function bucketName(ctx: HttpContext): string {
  if (ctx.state.route) return ctx.state.route.name;
  const layer = layersOf(ctx).findLast(({ methods }) => methods.includes(ctx.method));
  return layer ? routeName(layer.methods, layer.path) : 'unrouted';
}

function positive(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new KernelError('E_ROUTE', `rateLimit(): ${name} must be a positive whole number, not ${value}`);
}
