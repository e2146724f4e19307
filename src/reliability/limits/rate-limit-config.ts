/** The tiers of the limiter and what it leaves alone. */
export interface RateLimitConfig {
  /** Calls per window and address, for callers without a session. */
  readonly anonymousRpm: number;
  /** Calls per window and user. */
  readonly authenticatedRpm: number;
  /** Calls per window and admin. */
  readonly adminRpm: number;
  /** Length of the tiers' sliding window. */
  readonly windowSeconds: number;
  readonly keyPrefix: string;
  /** Paths that are never limited. */
  readonly excludePaths: ReadonlySet<string>;
  /** Path prefixes that are never limited; a prefix covers whole path segments. */
  readonly excludePrefixes: ReadonlySet<string>;
}

const EXCLUDED_PATHS = ['/health', '/healthz', '/ready', '/readyz', '/metrics', '/docs', '/openapi.json', '/redoc'];

/** `given` over the defaults: 30, 120 and 600 calls per 60 seconds. Fields that are undefined count as not given. */
export function rateLimitConfig(given: Partial<RateLimitConfig> = {}): RateLimitConfig {
  return Object.freeze({
    anonymousRpm: given.anonymousRpm ?? 30,
    authenticatedRpm: given.authenticatedRpm ?? 120,
    adminRpm: given.adminRpm ?? 600,
    windowSeconds: given.windowSeconds ?? 60,
    keyPrefix: given.keyPrefix ?? 'ratelimit:',
    excludePaths: given.excludePaths ?? new Set(EXCLUDED_PATHS),
    excludePrefixes: given.excludePrefixes ?? new Set(['/static', '/_next']),
  });
}
