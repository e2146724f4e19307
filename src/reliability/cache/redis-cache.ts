import type { RedisClient } from '../../redis/index.js';
import { isLease, LeasedKeys, toMs } from '../leased-keys.js';
import { RedisGuard, type RedisGuardOptions } from '../redis-guard.js';
import type { CacheBackend, CacheClaim } from './cache-backend.js';
import { decodeValue, encodeValue } from './cache-codec.js';
import { escapePattern, matchesPattern, toScanPattern } from './glob.js';

export interface RedisCacheOptions extends RedisGuardOptions {
  /** Prefix of every key. Default `cache:`. */
  prefix?: string;
}

const SCAN_COUNT = 500;

/** A cache that all instances share. Every call is bounded in time; one that Redis did not answer throws. */
export class RedisCache implements CacheBackend {
  readonly type = 'redis';
  readonly #redis: RedisClient;
  readonly #prefix: string;
  readonly #guard: RedisGuard;
  readonly #leased: LeasedKeys;

  constructor(redis: RedisClient, options: RedisCacheOptions = {}) {
    this.#redis = redis;
    this.#prefix = options.prefix ?? 'cache:';
    this.#guard = new RedisGuard(options);
    this.#leased = new LeasedKeys(redis, this.#guard);
  }

  async get(key: string): Promise<unknown> {
    const text = await this.#text(key);
    return text === undefined ? null : decodeValue(text);
  }

  async read(key: string): Promise<string | null> {
    return (await this.#text(key)) ?? null;
  }

  async set(key: string, value: unknown, ttlSeconds?: number): Promise<void> {
    const text = encodeValue(value);
    await this.#guard.run<unknown>(() =>
      ttlSeconds === undefined
        ? this.#redis.set(this.#key(key), text)
        : this.#redis.set(this.#key(key), text, 'PX', toMs(ttlSeconds)),
    );
  }

  async delete(key: string): Promise<boolean> {
    return isValue(await this.#guard.run(() => this.#redis.getdel(this.#key(key))));
  }

  async deletePattern(pattern: string): Promise<number> {
    let deleted = 0;
    const full = escapePattern(this.#prefix) + pattern;
    for (const node of this.#nodes()) deleted += await this.#deleteOn(node, full);
    return deleted;
  }

  async clear(): Promise<void> {
    await this.deletePattern('*');
  }

  async exists(key: string): Promise<boolean> {
    return (await this.#text(key)) !== undefined;
  }

  async claim(key: string, leaseSeconds: number, outdated?: string): Promise<CacheClaim> {
    const lease = this.#leased.newLease();
    const found = await this.#leased.claim(this.#key(key), lease, leaseSeconds, outdated);
    if (found === lease) return { state: 'leased', lease };
    return isLease(found) ? { state: 'busy' } : { state: 'hit', text: found };
  }

  fill(key: string, lease: string, text: string, ttlSeconds?: number): Promise<boolean> {
    return this.#leased.fill(this.#key(key), lease, text, ttlSeconds);
  }

  abandon(key: string, lease: string): Promise<void> {
    return this.#leased.abandon(this.#key(key), lease);
  }

  async #text(key: string): Promise<string | undefined> {
    const found = await this.#guard.run(() => this.#redis.get(this.#key(key)));
    return isValue(found) ? found : undefined;
  }

  #key(key: string): string {
    return this.#prefix + key;
  }

  /** SCAN sees one server; a cluster has to be asked master by master. */
  #nodes(): RedisClient[] {
    return isCluster(this.#redis) ? this.#redis.nodes('master') : [this.#redis];
  }

  async #deleteOn(node: RedisClient, pattern: string): Promise<number> {
    const match = toScanPattern(pattern);
    let deleted = 0;
    let cursor = '0';
    do {
      const [next, keys] = await this.#guard.run(() => node.scan(cursor, 'MATCH', match, 'COUNT', SCAN_COUNT));
      deleted += await this.#unlink(keys.filter((key) => matchesPattern(pattern, key)));
      cursor = next;
    } while (cursor !== '0');
    return deleted;
  }

  /** One command per key: keys of a cluster may lie in different slots. ioredis sends them in one write. */
  async #unlink(keys: readonly string[]): Promise<number> {
    const found = await this.#guard.run(() => Promise.all(keys.map((key) => this.#redis.getdel(key))));
    return found.filter(isValue).length;
  }
}

function isCluster(redis: object): redis is { nodes(role: 'master'): RedisClient[] } {
  return 'nodes' in redis && typeof redis.nodes === 'function';
}

function isValue(found: unknown): found is string {
  return typeof found === 'string' && !isLease(found);
}
