import { KernelError } from '../../base/errors.js';
import type { RedisClient } from '../../redis/index.js';
import { RedisGuard } from '../redis-guard.js';
import { type Ttl, ttlSecondsOf } from '../ttl.js';

export interface IdempotencyCheckerOptions {
  /** Prefix of every key. Default `idempotent:checked:`. */
  prefix?: string;
}

const DAY_SECONDS = 86_400;

/**
 * Remembers results by hand, where `idempotent()` does not fit: `check` before the work, `set` after it. Two callers at
 * once may both find nothing; hold a lock (`withLock`) around both where that matters.
 *
 * Keys are shared by everybody: put the user or workspace into them.
 */
export class IdempotencyChecker {
  readonly #redis: RedisClient;
  readonly #guard = new RedisGuard({ timeoutMs: 5_000 });
  readonly #ttlSeconds: number;
  readonly #prefix: string;

  /** @param redis `getRedis()`; null before a kernel has started, which is an error here */
  constructor(redis: RedisClient | null, ttlSeconds = DAY_SECONDS, options: IdempotencyCheckerOptions = {}) {
    if (!redis) throw new KernelError('E_NOT_STARTED', 'IdempotencyChecker needs a Redis; start a kernel first');
    this.#redis = redis;
    this.#ttlSeconds = ttlSecondsOf(ttlSeconds) ?? DAY_SECONDS;
    this.#prefix = options.prefix ?? 'idempotent:checked:';
  }

  /**
   * `[wasSeen, cachedResult]`; the result is null where there is none.
   * @throws ConnectionError, TimeoutError or CircuitOpenError when Redis is away: whether it was done is unknown then.
   */
  async check<T = unknown>(key: string): Promise<[wasSeen: boolean, cachedResult: T | null]> {
    const found = await this.#guard.run(() => this.#redis.get(this.#prefix + key));
    return found === null ? [false, null] : [true, JSON.parse(found) as T];
  }

  /** Keeps `result`, as JSON. */
  async set(key: string, result: unknown, ttl?: Ttl): Promise<void> {
    const ttlMs = Math.ceil((ttlSecondsOf(ttl) ?? this.#ttlSeconds) * 1_000);
    const text = JSON.stringify(result) ?? 'null';
    await this.#guard.run(() => this.#redis.set(this.#prefix + key, text, 'PX', ttlMs));
  }
}
