import { type Clock, systemClock } from '../../base/clock.js';
import { currentContext } from '../../base/context.js';
import { type Logger, type Metrics, silentLogger, silentMetrics } from '../../base/ports.js';
import { ambientService, type ServiceKey, serviceKey } from '../../base/services.js';
import type { RedisClient } from '../../redis/index.js';
import { assertTtl, type Ttl, ttlSecondsOf } from '../ttl.js';
import type { CacheBackend } from './cache-backend.js';
import { decodeValue, encodeValue } from './cache-codec.js';
import { cacheKeyPart } from './cache-key.js';
import { type Computation, computeOnce } from './compute-once.js';
import { escapePattern, matchesPattern } from './glob.js';
import { InMemoryCache } from './in-memory-cache.js';
import { NoOpCache } from './no-op-cache.js';
import { RedisCache } from './redis-cache.js';
import { readEntry } from './stored-entry.js';
import { TagBook } from './tag-versions.js';

export interface CacheOptions {
  /** The shared client; null where there is none. */
  redis?: RedisClient | null;
  /** Prefix of every Redis key. Default `cache:`. */
  prefix?: string;
  /** `redis` is the in-memory engine of one process. */
  isFake?: boolean;
  isProd?: boolean;
  /** Most entries of the in-memory cache. */
  maxSize?: number;
  clock?: Clock;
  logger?: Logger;
  metrics?: Metrics;
}

export interface GetOrSetOptions {
  ttlSeconds?: number;
  /** Keep null and undefined too; by default the next call asks again. */
  cacheNull?: boolean;
  /** What the value depends on: `invalidateTags` of one of them makes it void. The name of a table is a tag. */
  tags?: readonly string[];
  /** How long after `ttlSeconds` the old value is still answered while one caller computes the new one behind it. */
  staleSeconds?: number;
}

/** A computation that callers may join while it runs. */
interface Flight {
  /** The versions of the tags it began with. */
  terms: string;
  text: Promise<string>;
}

export const cacheService: ServiceKey<Cache> = serviceKey('cache');

/**
 * The cache of a service: Redis where there is a real one, else in memory, and in production without Redis none at all.
 *
 * Inside `withTenant` every key and pattern belongs to that tenant; `withoutTenant` sees the rest. A cache that does not
 * answer makes reads miss; an invalidation that fails throws, because it would leave stale data.
 */
export class Cache {
  readonly #backend: CacheBackend;
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #tagBook: TagBook;
  readonly #clock: Clock;
  readonly #flights = new Map<string, Flight>();

  constructor(options: CacheOptions = {}) {
    this.#backend = chooseBackend(options);
    this.#tagBook = new TagBook(this.#backend);
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.#metrics = options.metrics ?? silentMetrics;
  }

  get backendType(): CacheBackend['type'] {
    return this.#backend.type;
  }

  /** The value, or null when there is none. */
  async get<T = unknown>(key: string): Promise<T | null> {
    const stored = await this.#softly(() => this.#readValid(scoped(key)), null);
    this.#metrics.increment('cache_reads_total', { result: stored === null ? 'miss' : 'hit' });
    return stored === null ? null : (decodeValue(stored) as T | null);
  }

  async set(key: string, value: unknown, ttl?: Ttl): Promise<void> {
    const ttlSeconds = ttlSecondsOf(ttl);
    this.#flights.delete(scoped(key));
    await this.#backend.set(scoped(key), value, ttlSeconds);
  }

  /** True when there was a value. */
  async delete(key: string): Promise<boolean> {
    this.#flights.delete(scoped(key));
    return this.#backend.delete(scoped(key));
  }

  /** Deletes the keys that match a glob (`projects:*`); answers how many. */
  async deletePattern(pattern: string): Promise<number> {
    const full = scopedPattern(pattern);
    for (const key of [...this.#flights.keys()]) {
      if (matchesPattern(full, key)) this.#flights.delete(key);
    }
    return this.#backend.deletePattern(full);
  }

  /**
   * Makes void whatever was cached with one of `tags`, also what is being computed right now, on every instance.
   * @throws ConnectionError, TimeoutError or CircuitOpenError when Redis did not answer
   */
  async invalidateTags(...tags: readonly string[]): Promise<void> {
    await this.#tagBook.invalidate(tags);
  }

  /** Empties the cache; inside `withTenant`, that tenant's part of it. */
  async clear(): Promise<void> {
    if (currentContext().tenantId) {
      await this.deletePattern('*');
      return;
    }
    this.#flights.clear();
    await this.#backend.clear();
  }

  async exists(key: string): Promise<boolean> {
    return this.#softly(async () => (await this.#readValid(scoped(key))) !== null, false);
  }

  /**
   * The cached value, else what `factory` answers. However many callers miss at once, in this process or another that
   * shares the Redis, one of them computes. Each caller gets its own copy, equal to what a later hit would be.
   * A `delete` or `set` while the factory runs wins: the result is answered but not kept.
   */
  async getOrSet<T>(key: string, factory: () => T | Promise<T>, options: GetOrSetOptions = {}): Promise<T> {
    assertTtl(options.ttlSeconds);
    assertTtl(options.staleSeconds);
    const full = scoped(key);
    const tags = options.tags && (await this.#softly(() => this.#tagBook.versionsOf(options.tags ?? []), null));
    if (tags === null) return decodeValue(encodeValue(await factory())) as T;
    // Who comes after an invalidation must not be handed what began before it.
    const terms = JSON.stringify(tags) ?? '';
    const flying = this.#flights.get(full);
    const { text } =
      flying?.terms === terms
        ? flying
        : this.#takeOff(full, terms, {
            ...options,
            backend: this.#backend,
            tagBook: this.#tagBook,
            key: full,
            tags,
            factory: async () => factory(),
            now: () => this.#clock.now(),
            onFault: (error) => this.#report(error),
          });
    return decodeValue(await text) as T;
  }

  #takeOff(key: string, terms: string, computation: Computation): Flight {
    const flight = { terms, text: computeOnce(computation) };
    this.#flights.set(key, flight);
    const land = (): void => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    };
    flight.text.then(land, land);
    return flight;
  }

  /** The stored text, where there is one that its tags have not made void. */
  async #readValid(key: string): Promise<string | null> {
    const stored = await this.#backend.read(key);
    return stored !== null && (await this.#tagBook.isValid(readEntry(stored))) ? stored : null;
  }

  async #softly<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#report(error);
      return otherwise;
    }
  }

  #report(error: unknown): void {
    this.#metrics.increment('cache_errors_total');
    this.#logger.warn({ err: error }, 'The cache did not answer');
  }
}

/** The cache of the running kernel; before any has started, one that keeps nothing. */
export function getCache(): Cache {
  return ambientService(cacheService) ?? DISABLED;
}

const DISABLED = new Cache({ isProd: true });

function chooseBackend(options: CacheOptions): CacheBackend {
  const { redis, isFake = false, isProd = false } = options;
  if (redis && !isFake) return new RedisCache(redis, { prefix: options.prefix, clock: options.clock });
  return isProd ? new NoOpCache() : new InMemoryCache({ maxSize: options.maxSize, clock: options.clock });
}

/** A key of no tenant that happens to begin like a tenant's is set apart by one more mark. */
function scoped(key: string): string {
  const tenantId = currentContext().tenantId;
  if (tenantId) return `${tenantMark(tenantId)}${key}`;
  return key.startsWith('~') ? `~${key}` : key;
}

function scopedPattern(pattern: string): string {
  const tenantId = currentContext().tenantId;
  if (tenantId) return `${escapePattern(tenantMark(tenantId))}${pattern}`;
  return pattern.startsWith('~') ? `~${pattern}` : pattern;
}

function tenantMark(tenantId: string): string {
  return `~tenant:${cacheKeyPart(tenantId)}:`;
}
