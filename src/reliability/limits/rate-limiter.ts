import { type Clock, systemClock } from '../../base/clock.js';
import { KernelError } from '../../base/errors.js';
import { type Logger, type Metrics, silentLogger, silentMetrics } from '../../base/ports.js';
import { type ServiceKey, serviceKey } from '../../base/services.js';
import type { RedisClient } from '../../redis/index.js';
import { RedisGuard } from '../redis-guard.js';
import { LocalWindow, type WindowState } from './local-window.js';
import { type RateLimitConfig, rateLimitConfig } from './rate-limit-config.js';
import { SharedWindow } from './shared-window.js';

export interface RateLimitOptions {
  /**
   * When Redis does not answer: `allow` lets the call pass uncounted (the tiers: a cache outage must not take the
   * service down), `count-locally` keeps the limit within this process (log-in throttles). Default `allow`.
   */
  whenUnavailable?: 'allow' | 'count-locally';
}

export interface RateLimitResult {
  allowed: boolean;
  limit: number;
  /** Calls left in the window. */
  remaining: number;
  /** Seconds until a call would be admitted; 0 when this one was. */
  retryAfterSeconds: number;
  /** Seconds until the whole limit is available again. */
  resetSeconds: number;
  /** True when Redis did not answer and the figures are not those of the whole service. */
  degraded: boolean;
}

interface Question extends RateLimitOptions {
  identifier: string;
  limit: number;
  windowSeconds: number;
  count: boolean;
}

/** A request as the tiers see it. */
export interface RateLimitSubject {
  /** The caller's address, or the name of the network that is counted as one caller. */
  ipAddress: string;
  /** A limit of the route itself: it replaces the tier and has its own bucket. */
  routeLimit?: { bucket: string; limit: number };
}

export interface RateLimiterOptions {
  clock?: Clock;
  logger?: Logger;
  metrics?: Metrics;
  /** Longest wait for Redis, ms. Default 1,000. */
  timeoutMs?: number;
}

export const rateLimiterService: ServiceKey<RateLimiter> = serviceKey('rate-limiter');

/**
 * Sliding-window limits in one Redis round trip, exact across instances; without a Redis (`null`) within this process.
 * Redis' own clock is the only one that counts.
 */
export class RateLimiter {
  readonly config: RateLimitConfig;
  readonly #redis: RedisClient | null;
  readonly #guard: RedisGuard;
  readonly #local: LocalWindow;
  readonly #logger: Logger;
  readonly #shared: SharedWindow | null;
  readonly #metrics: Metrics;

  constructor(redis: RedisClient | null, config: Partial<RateLimitConfig> = {}, options: RateLimiterOptions = {}) {
    const clock = options.clock ?? systemClock;
    this.config = rateLimitConfig(config);
    this.#redis = redis;
    this.#guard = new RedisGuard({ clock, timeoutMs: options.timeoutMs });
    this.#local = new LocalWindow(clock);
    this.#shared = redis && new SharedWindow(redis, this.#guard);
    this.#logger = options.logger ?? silentLogger;
    this.#metrics = options.metrics ?? silentMetrics;
  }

  /** Counts one call of `identifier`: `[allowed, remaining, retryAfterSeconds]`. */
  async check(identifier: string, limit: number, windowSeconds: number): Promise<[boolean, number, number]> {
    const result = await this.consume(identifier, limit, windowSeconds);
    return [result.allowed, result.remaining, result.retryAfterSeconds];
  }

  /** Counts one call of `identifier` if it is admitted; a refused call is not counted. */
  consume(
    identifier: string,
    limit: number,
    windowSeconds: number,
    options?: RateLimitOptions,
  ): Promise<RateLimitResult> {
    return this.#ask({ identifier, limit, windowSeconds, count: true, ...options });
  }

  /** Answers as `consume` would and counts nothing: look first, `consume` only what failed. */
  peek(identifier: string, limit: number, windowSeconds: number, options?: RateLimitOptions): Promise<RateLimitResult> {
    return this.#ask({ identifier, limit, windowSeconds, count: false, ...options });
  }

  /** Forgets the counted calls of one bucket, such as the failed log-ins of someone who now got in. */
  async reset(identifier: string, windowSeconds: number): Promise<void> {
    const key = this.#key(identifier, windowSeconds);
    const redis = this.#redis;
    this.#local.forget(key);
    if (redis) await this.#guard.run(() => redis.del(key));
  }

  /** The bucket and the limit of a request: its route's own limit, else the tier of its user or address. */
  getLimitForRequest(
    request: RateLimitSubject,
    user?: { id: string; isAdmin: boolean } | null,
  ): [identifier: string, limit: number] {
    const identity = user ? `${user.isAdmin ? 'admin' : 'user'}:${user.id}` : `ip:${request.ipAddress}`;
    const { routeLimit } = request;
    if (routeLimit) return [`route:${routeLimit.bucket}:${identity}`, routeLimit.limit];
    if (!user) return [identity, this.config.anonymousRpm];
    return [identity, user.isAdmin ? this.config.adminRpm : this.config.authenticatedRpm];
  }

  /** True for paths that are never limited (probes, metrics, docs, static files). */
  isExcluded(path: string): boolean {
    if (this.config.excludePaths.has(path)) return true;
    for (const prefix of this.config.excludePrefixes) {
      if (path === prefix || path.startsWith(`${prefix}/`)) return true;
    }
    return false;
  }

  async #ask(question: Question): Promise<RateLimitResult> {
    assertUsable(question);
    const { identifier, limit, windowSeconds, count } = question;
    if (!this.#shared) return toResult(this.#lookLocally(question), limit);
    try {
      const key = this.#key(identifier, windowSeconds);
      return toResult(await this.#shared.look(key, limit, Math.ceil(windowSeconds * 1_000), count), limit);
    } catch (error) {
      this.#metrics.increment('rate_limit_degraded_total');
      this.#logger.warn({ err: error }, 'Redis did not answer the rate limiter');
      if (question.whenUnavailable !== 'count-locally') return passed(limit);
      return { ...toResult(this.#lookLocally(question), limit), degraded: true };
    }
  }

  #lookLocally({ identifier, limit, windowSeconds, count }: Question): WindowState {
    return this.#local.look(this.#key(identifier, windowSeconds), limit, windowSeconds * 1_000, count);
  }

  /** The window is part of the key: entries kept for an hour must not be swept by a one-minute limit. */
  #key(identifier: string, windowSeconds: number): string {
    return `${this.config.keyPrefix}${windowSeconds}:${identifier}`;
  }
}

function assertUsable({ limit, windowSeconds }: Question): void {
  if (Number.isInteger(limit) && limit >= 0 && Number.isFinite(windowSeconds) && windowSeconds > 0) return;
  throw new KernelError(
    'E_RATE_LIMIT',
    `A limit of ${limit} calls per ${windowSeconds} s cannot be kept; give a whole number of calls and a window above 0`,
  );
}

function toResult(state: WindowState, limit: number): RateLimitResult {
  return {
    allowed: state.admitted,
    limit,
    remaining: Math.max(0, limit - state.calls),
    retryAfterSeconds: state.admitted ? 0 : Math.max(1, Math.ceil(state.waitMs / 1_000)),
    resetSeconds: Math.ceil(state.resetMs / 1_000),
    degraded: false,
  };
}

function passed(limit: number): RateLimitResult {
  return { allowed: true, limit, remaining: limit, retryAfterSeconds: 0, resetSeconds: 0, degraded: true };
}
