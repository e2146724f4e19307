import { type Logger, type Metrics, silentMetrics } from '../../base/ports.js';
import { RateLimitedError } from '../errors.js';
import type { HttpContext } from '../request-state.js';
import type { RateLimitRule } from '../routing/route-marks.js';
import { addressBucket } from './ip-address.js';

export interface LimitDecision {
  allowed: boolean;
  limit: number;
  /** Requests left in the window. */
  remaining: number;
  /** Seconds until the next request would be let through; 0 when this one was. */
  retryAfterSeconds: number;
  /** Seconds until the window is empty again. */
  resetSeconds: number;
  /** True when the limiter could not count and the figures mean nothing. */
  degraded?: boolean;
}

/** Counts and decides; `reliability/rate-limiter` is one. */
export interface RequestLimiter {
  consume(identifier: string, limit: number, windowSeconds: number): Promise<LimitDecision>;
}

export interface RateLimitTiers {
  anonymous: number;
  authenticated: number;
  admin: number;
  /** Default 60. */
  windowSeconds?: number;
}

export interface RateLimitOptions {
  limiter: RequestLimiter;
  tiers: RateLimitTiers;
  logger: Logger;
  metrics?: Metrics;
}

/** Applies tiers and the limits of single routes to requests. */
export class RateLimits {
  readonly #limiter: RequestLimiter;
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #anonymous: RateLimitRule;
  readonly #authenticated: RateLimitRule;
  readonly #admin: RateLimitRule;

  constructor({ limiter, tiers, logger, metrics = silentMetrics }: RateLimitOptions) {
    const windowSeconds = tiers.windowSeconds ?? 60;
    this.#limiter = limiter;
    this.#logger = logger;
    this.#metrics = metrics;
    this.#anonymous = { limit: tiers.anonymous, windowSeconds };
    this.#authenticated = { limit: tiers.authenticated, windowSeconds };
    this.#admin = { limit: tiers.admin, windowSeconds };
  }

  /** The tier's own bucket: one per caller, for all routes together. */
  enforceTier(ctx: HttpContext): Promise<void> {
    return this.#enforce(ctx, callerBucket(ctx), this.#tierOf(ctx), 'default');
  }

  /** A bucket for this caller, on this route and under this limit alone: a router and its route may both have one. */
  enforceRoute(ctx: HttpContext, route: string, rule: RateLimitRule): Promise<void> {
    return this.#enforce(ctx, `route:${route}:${rule.limit}:${callerBucket(ctx)}`, rule, 'route');
  }

  #tierOf({ state: { user, auth } }: HttpContext): RateLimitRule {
    if (!user) return this.#anonymous;
    if (auth?.rateLimit !== undefined) return { ...this.#authenticated, limit: auth.rateLimit };
    return user.isAdmin && auth?.type !== 'api_key' ? this.#admin : this.#authenticated;
  }

  #enforce(ctx: HttpContext, bucket: string, rule: RateLimitRule, policy: string): Promise<void> {
    return this.#limiter.consume(bucket, rule.limit, rule.windowSeconds).then(
      (decision) => {
        this.#count(policy, outcomeOf(decision));
        writeLimitHeaders(ctx, decision, rule, policy);
        if (!decision.allowed) throw new RateLimitedError(Math.max(1, Math.ceil(decision.retryAfterSeconds)));
      },
      // A limiter that cannot answer lets requests pass: being limited by nothing beats being down.
      (error: unknown) => {
        this.#logger.warn({ err: error }, 'The rate limiter is unavailable; the request passes unlimited');
        this.#count(policy, 'uncounted');
      },
    );
  }

  #count(policy: string, outcome: string): void {
    this.#metrics.increment('rate_limit_decisions_total', { policy, outcome });
  }
}

function outcomeOf(decision: LimitDecision): string {
  if (decision.degraded) return 'uncounted';
  return decision.allowed ? 'admitted' : 'refused';
}

function callerBucket(ctx: HttpContext): string {
  const { user, auth, ipAddress } = ctx.state;
  if (user && auth?.rateLimit !== undefined) return `key:${auth.keyId}`;
  if (user) return `${user.isAdmin ? 'admin' : 'user'}:${user.id}`;
  return `ip:${addressBucket(ipAddress ?? '')}`;
}

/** Legacy `X-RateLimit-*` fields, and `RateLimit`/`RateLimit-Policy` of draft-ietf-httpapi-ratelimit-headers. */
function writeLimitHeaders(ctx: HttpContext, decision: LimitDecision, rule: RateLimitRule, policy: string): void {
  if (ctx.headerSent || decision.degraded) return;
  const remaining = decision.allowed ? Math.max(0, Math.floor(decision.remaining)) : 0;
  const reset = Math.max(0, Math.ceil(decision.resetSeconds));
  const { res } = ctx;
  res.setHeader('X-RateLimit-Limit', String(rule.limit));
  res.setHeader('X-RateLimit-Remaining', String(remaining));
  res.setHeader('X-RateLimit-Reset', String(reset));
  res.setHeader('RateLimit-Policy', `"${policy}";q=${rule.limit};w=${rule.windowSeconds}`);
  res.setHeader('RateLimit', `"${policy}";r=${remaining};t=${reset}`);
}
