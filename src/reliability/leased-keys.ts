import { randomToken } from '../base/ids.js';
import { type RedisClient, type RedisScript, runScript } from '../redis/index.js';
import type { RedisGuard } from './redis-guard.js';

/** Marks a lease; no value may begin with it. */
const MARK = 'lease:';

/**
 * KEYS[1] the key. ARGV: lease, its life in ms, a value that counts as missing ('' for none).
 * Answers what is there, or the lease that it put there.
 */
const CLAIM: RedisScript = {
  name: 'kernelLeaseClaim',
  keys: 1,
  lua: `
local found = redis.call('GET', KEYS[1])
if type(found) == 'string' and found ~= ARGV[3] then return found end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
`,
};

/** KEYS[1] the key. ARGV: lease, value, its life in ms ('' for ever). Answers 1 when the lease was still there. */
const FILL: RedisScript = {
  name: 'kernelLeaseFill',
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

/** KEYS[1] the key. ARGV: lease, its life in ms. Answers 1 when the lease was still there. */
const RENEW: RedisScript = {
  name: 'kernelLeaseRenew',
  keys: 1,
  lua: `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0`,
};

/** KEYS[1] the key. ARGV: lease. */
const ABANDON: RedisScript = {
  name: 'kernelLeaseAbandon',
  keys: 1,
  lua: `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`,
};

/**
 * Values that one caller computes while the others wait: its lease lies under the key itself, so that whatever
 * overwrites or deletes the key also keeps a computation that began earlier from being stored.
 */
export class LeasedKeys {
  readonly #redis: RedisClient;
  readonly #guard: RedisGuard;

  constructor(redis: RedisClient, guard: RedisGuard) {
    this.#redis = redis;
    this.#guard = guard;
  }

  /** A lease of nobody else's; `note` is for those who find it. */
  newLease(note = ''): string {
    return `${MARK}${randomToken(12)}:${note}`;
  }

  /**
   * What lies under `key`: `lease` where it was free, else a value or somebody else's lease.
   * @param outdated a value that counts as missing
   */
  async claim(key: string, lease: string, leaseSeconds: number, outdated = ''): Promise<string> {
    return String(await this.#run(CLAIM, key, [lease, toMs(leaseSeconds), outdated]));
  }

  /** Stores the value of the holder of `lease`; false when the lease was lost to a delete, a set or time. */
  async fill(key: string, lease: string, value: string, ttlSeconds?: number): Promise<boolean> {
    const life = ttlSeconds === undefined ? '' : toMs(ttlSeconds);
    return (await this.#run(FILL, key, [lease, value, life])) === 1;
  }

  async renew(key: string, lease: string, leaseSeconds: number): Promise<boolean> {
    return (await this.#run(RENEW, key, [lease, toMs(leaseSeconds)])) === 1;
  }

  async abandon(key: string, lease: string): Promise<void> {
    await this.#run(ABANDON, key, [lease]);
  }

  #run(script: RedisScript, key: string, args: ReadonlyArray<string | number>): Promise<unknown> {
    return this.#guard.run(() => runScript(this.#redis, script, [key], args));
  }
}

export function isLease(found: string): boolean {
  return found.startsWith(MARK);
}

/** The note of a lease that was found. */
export function noteOf(lease: string): string {
  return lease.slice(lease.indexOf(':', MARK.length) + 1);
}

/** Seconds as whole milliseconds, at least one: what PX and PEXPIRE take. */
export function toMs(seconds: number): number {
  return Math.max(1, Math.ceil(seconds * 1_000));
}
