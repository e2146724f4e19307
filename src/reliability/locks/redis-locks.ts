import { randomUUID } from 'node:crypto';
import { type RedisClient, type RedisScript, runScript } from '../../redis/index.js';
import { toMs } from '../leased-keys.js';
import { RedisGuard, type RedisGuardOptions } from '../redis-guard.js';
import type { HeldLock, LockStore } from './lock-store.js';

export interface RedisLocksOptions extends RedisGuardOptions {
  /** Prefix of every key. Default `lock:`. */
  prefix?: string;
}

/** How long a key's fence is remembered after its last use; a later one starts above it by the server's clock. */
const FENCE_RETENTION_MS = 24 * 3_600_000;

/**
 * Time in ms. Spelled 1000.0 and %.0f because the in-memory engine wraps whole numbers at 32 bits and prints large
 * ones in exponents.
 */
const NOW = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000.0 + math.floor(tonumber(time[2]) / 1000)
local function text(number) return string.format('%.0f', number) end
local function field(name)
  local value = redis.call('HGET', KEYS[1], name)
  return type(value) == 'string' and value or ''
end
local function isFree() return (tonumber(field('expires_at')) or 0) <= now end
local function keep(ttl) redis.call('PEXPIRE', KEYS[1], text(ttl + ${FENCE_RETENTION_MS})) end
`;

/**
 * A lock is one hash, so that its fence outlives a release and both lie in one slot of a cluster.
 * KEYS[1] the hash. ARGV: lock id, holder, life in ms. Answers the fence, or 0 when the lock is held.
 */
const ACQUIRE: RedisScript = {
  name: 'kernelLockAcquire',
  keys: 1,
  lua: `${NOW}
if not isFree() then return '0' end
local fence = math.max((tonumber(field('fence')) or 0) + 1, now)
redis.call('HSET', KEYS[1], 'lock_id', ARGV[1], 'holder', ARGV[2], 'fence', text(fence),
  'expires_at', text(now + tonumber(ARGV[3])))
keep(tonumber(ARGV[3]))
return text(fence)
`,
};

/** KEYS[1] the hash. ARGV: lock id, life in ms. Answers 1 when the lock was still this owner's. */
const RENEW: RedisScript = {
  name: 'kernelLockRenew',
  keys: 1,
  lua: `${NOW}
if isFree() or field('lock_id') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'expires_at', text(now + tonumber(ARGV[2])))
keep(tonumber(ARGV[2]))
return 1
`,
};

/** KEYS[1] the hash. ARGV: lock id. Answers 1 when the lock was this owner's. */
const RELEASE: RedisScript = {
  name: 'kernelLockRelease',
  keys: 1,
  lua: `${NOW}
if isFree() or field('lock_id') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'lock_id', 'holder', 'expires_at')
return 1
`,
};

/** Locks that all instances share, by Redis' clock. A Redis that does not answer grants nothing: the verbs throw. */
export class RedisLocks implements LockStore {
  readonly #redis: RedisClient;
  readonly #prefix: string;
  readonly #guard: RedisGuard;

  constructor(redis: RedisClient, options: RedisLocksOptions = {}) {
    this.#redis = redis;
    this.#prefix = options.prefix ?? 'lock:';
    this.#guard = new RedisGuard({ timeoutMs: 5_000, ...options });
  }

  async acquire(key: string, ttlSeconds: number, holder: string): Promise<HeldLock | null> {
    const lockId = randomUUID();
    const fence = Number(await this.#run(ACQUIRE, key, [lockId, holder, toMs(ttlSeconds)]));
    return fence > 0 ? { lockId, fence } : null;
  }

  async renew(key: string, lockId: string, ttlSeconds: number): Promise<boolean> {
    return (await this.#run(RENEW, key, [lockId, toMs(ttlSeconds)])) === 1;
  }

  async release(key: string, lockId: string): Promise<boolean> {
    return (await this.#run(RELEASE, key, [lockId])) === 1;
  }

  #run(script: RedisScript, key: string, args: ReadonlyArray<string | number>): Promise<unknown> {
    return this.#guard.run(() => runScript(this.#redis, script, [this.#prefix + key], args));
  }
}
