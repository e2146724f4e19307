import { randomToken } from '../../base/ids.js';
import { type RedisClient, type RedisScript, runScript } from '../../redis/index.js';
import { RedisGuard, type RedisGuardOptions } from '../redis-guard.js';
import type { CacheBackend, CacheClaim } from './cache-backend.js';
import { decodeValue, encodeValue } from './cache-codec.js';
import { escapePattern, matchesPattern, toScanPattern } from './glob.js';

export interface RedisCacheOptions extends RedisGuardOptions {
  /** Prefix of every key. Default `cache:`. */
  prefix?: string;
}

/** Marks a lease; JSON never begins with it. */
const LEASE = 'lease:';
const SCAN_COUNT = 500;

/** KEYS[1] the cache key. ARGV: lease, its life in ms. Answers what is there, or the lease that it put there. */
const CLAIM: RedisScript = {
  name: 'kernelCacheClaim',
  keys: 1,
  lua: `
local found = redis.call('GET', KEYS[1])
if type(found) == 'string' then return found end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
`,
};

/** KEYS[1] the cache key. ARGV: lease, value, its life in ms ('' for ever). Answers 1 when the lease was still there. */
const FILL: RedisScript = {
  name: 'kernelCacheFill',
  keys: 1,
  lua: `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[3] == '' then
  redis.call('SET', KEYS[1], ARGV[2])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 1
`,
};

/** KEYS[1] the cache key. ARGV: lease. */
const ABANDON: RedisScript = {
  name: 'kernelCacheAbandon',
  keys: 1,
  lua: `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`,
};

/** A cache that all instances share. Every call is bounded in time; one that Redis did not answer throws. */
export class RedisCache implements CacheBackend {
  readonly type = 'redis';
  readonly #redis: RedisClient;
  readonly #prefix: string;
  readonly #guard: RedisGuard;

  constructor(redis: RedisClient, options: RedisCacheOptions = {}) {
    this.#redis = redis;
    this.#prefix = options.prefix ?? 'cache:';
    this.#guard = new RedisGuard(options);
  }

  async get(key: string): Promise<unknown> {
    const text = await this.#text(key);
    return text === undefined ? null : decodeValue(text);
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

  async claim(key: string, leaseSeconds: number): Promise<CacheClaim> {
    const lease = LEASE + randomToken(12);
    const found = await this.#run(CLAIM, key, [lease, toMs(leaseSeconds)]);
    if (found === lease) return { state: 'leased', lease };
    return isValue(found) ? { state: 'hit', text: found } : { state: 'busy' };
  }

  async fill(key: string, lease: string, text: string, ttlSeconds?: number): Promise<boolean> {
    const life = ttlSeconds === undefined ? '' : toMs(ttlSeconds);
    return (await this.#run(FILL, key, [lease, text, life])) === 1;
  }

  async abandon(key: string, lease: string): Promise<void> {
    await this.#run(ABANDON, key, [lease]);
  }

  async #text(key: string): Promise<string | undefined> {
    const found = await this.#guard.run(() => this.#redis.get(this.#key(key)));
    return isValue(found) ? found : undefined;
  }

  #run(script: RedisScript, key: string, args: ReadonlyArray<string | number>): Promise<unknown> {
    return this.#guard.run(() => runScript(this.#redis, script, [this.#key(key)], args));
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
  return typeof found === 'string' && !found.startsWith(LEASE);
}

function toMs(seconds: number): number {
  return Math.max(1, Math.ceil(seconds * 1_000));
}
