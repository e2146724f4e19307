import { KernelError } from '../base/errors.js';
import type { HttpContext, HttpMiddleware, Next } from './request-state.js';
import { markMiddleware, type RateLimitRule } from './route-marks.js';

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
      if (rateLimits && !enforcedBefore) await rateLimits.enforceRoute(ctx, routeName(ctx), rule);
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
export async function limitRate(ctx: HttpContext, next: Next): Promise<unknown> {
  const { rateLimits, route } = ctx.state;
  if (!rateLimits || isUnlimited(ctx)) return next();
  const rule = route?.marks.rateLimit;
  if (rule === null) return next();
  if (rule && route) await rateLimits.enforceRoute(ctx, route.name, rule);
  else await rateLimits.enforceTier(ctx);
  return next();
}

function isUnlimited(ctx: HttpContext): boolean {
  const { path } = ctx;
  if (UNLIMITED_PATHS.includes(path) || UNLIMITED_PREFIXES.some((prefix) => path.startsWith(prefix))) return true;
  return isPreflight(ctx);
}

/** A browser's question before the real request; it is answered, never counted. */
function isPreflight(ctx: HttpContext): boolean {
  return ctx.method === 'OPTIONS' && ctx.headers.origin !== undefined && 'access-control-request-method' in ctx.headers;
}

/** The template of a router the kernel does not know, as `@koa/router` leaves it; else the path. */
function routeName(ctx: HttpContext): string {
  return ctx.state.route?.name ?? `${ctx.method} ${String(ctx._matchedRoute ?? ctx.path)}`;
}

function positive(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new KernelError('E_ROUTE', `rateLimit(): ${name} must be a positive whole number, not ${value}`);
}
