export { Cache, type CacheOptions, cacheService, type GetOrSetOptions, getCache } from './cache.js';
export type { CacheBackend } from './cache-backend.js';
export { cacheKeyPart } from './cache-key.js';
export {
  type CachedByFunction,
  type CachedByFunctionOptions,
  type CachedByTemplate,
  type CachedByTemplateOptions,
  cached,
} from './cached.js';
export { escapePattern } from './glob.js';
export { InMemoryCache, type InMemoryCacheOptions } from './in-memory-cache.js';
export { LocalLocks } from './local-locks.js';
export type { LockRenewer } from './lock-renewer.js';
export type { LockStore } from './lock-store.js';
export {
  type AcquireLockOptions,
  type AutoRenewOptions,
  acquireLock,
  autoRenewLock,
  lockService,
  releaseLock,
  renewLock,
} from './locks.js';
export { NoOpCache } from './no-op-cache.js';
export { type RateLimitConfig, rateLimitConfig } from './rate-limit-config.js';
export {
  RateLimiter,
  type RateLimiterOptions,
  type RateLimitOptions,
  type RateLimitResult,
  rateLimiterService,
} from './rate-limiter.js';
export { RedisCache, type RedisCacheOptions } from './redis-cache.js';
export { RedisLocks } from './redis-locks.js';
export type { Ttl } from './ttl.js';
export { type LockScope, type WithLockOptions, withLock } from './with-lock.js';
