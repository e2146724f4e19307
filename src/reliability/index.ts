export { Cache, type CacheOptions, cacheService, type GetOrSetOptions, getCache } from './cache/cache.js';
export type { CacheBackend } from './cache/cache-backend.js';
export { cacheKeyPart } from './cache/cache-key.js';
export {
  type CachedByFunction,
  type CachedByFunctionOptions,
  type CachedByTemplate,
  type CachedByTemplateOptions,
  cached,
} from './cache/cached.js';
export { escapePattern, matchesPattern } from './cache/glob.js';
export { InMemoryCache, type InMemoryCacheOptions } from './cache/in-memory-cache.js';
export { NoOpCache } from './cache/no-op-cache.js';
export { RedisCache, type RedisCacheOptions } from './cache/redis-cache.js';
export { IdempotencyChecker, type IdempotencyCheckerOptions } from './idempotency/idempotency-checker.js';
export {
  type HeldClaim,
  IdempotencyStore,
} from './idempotency/idempotency-store.js';
export { type RateLimitConfig, rateLimitConfig } from './limits/rate-limit-config.js';
export {
  RateLimiter,
  type RateLimiterOptions,
  type RateLimitOptions,
  type RateLimitResult,
  rateLimiterService,
} from './limits/rate-limiter.js';
export { LocalLocks } from './locks/local-locks.js';
export type { LockRenewer } from './locks/lock-renewer.js';
export type { LockStore } from './locks/lock-store.js';
export {
  type AcquireLockOptions,
  type AutoRenewOptions,
  acquireLock,
  autoRenewLock,
  lockService,
  releaseLock,
  renewLock,
} from './locks/locks.js';
export { RedisLocks } from './locks/redis-locks.js';
export { type LockScope, type WithLockOptions, withLock } from './locks/with-lock.js';
export type { StreamLease } from './streams/stream-lease.js';
export {
  getActiveStreams,
  StreamLeases,
  type StreamLimits,
  streamLease,
  streamLeaseService,
} from './streams/stream-leases.js';
export { StreamLimitExceeded } from './streams/stream-limit-exceeded.js';
export type { Ttl } from './ttl.js';
