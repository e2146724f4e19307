import { randomUUID } from 'node:crypto';
import { KernelError } from '../../base/errors.js';
import { ambientService, type ServiceKey, serviceKey } from '../../base/services.js';
import { type RedisClient, runScript } from '../../redis/index.js';
import { toMs } from '../leased-keys.js';
import { RedisGuard, type RedisGuardOptions } from '../redis-guard.js';
import { assertTtl } from '../ttl.js';
import { ACQUIRE, COUNT, REFRESH } from './lease-scripts.js';
import { StreamLease } from './stream-lease.js';
import { StreamLimitExceeded } from './stream-limit-exceeded.js';

export interface StreamLimits {
  /** Most streams that a user has open at once; 0 is no limit. Default 5. */
  limit?: number;
  /** How long a lease outlives a process that died. Default 180. */
  ttlSeconds?: number;
}

export interface StreamLeasesOptions extends StreamLimits, RedisGuardOptions {
  /** Prefix of every key. Default `queue:stream_leases:`. */
  prefix?: string;
}

export const streamLeaseService: ServiceKey<StreamLeases> = serviceKey('stream leases');

/** Counts the open streams of each user over all instances, by Redis' clock. */
export class StreamLeases {
  readonly #redis: RedisClient;
  readonly #guard: RedisGuard;
  readonly #prefix: string;
  readonly #limits: Required<StreamLimits>;

  constructor(redis: RedisClient, options: StreamLeasesOptions = {}) {
    this.#redis = redis;
    this.#guard = new RedisGuard({ timeoutMs: 5_000, ...options });
    this.#prefix = options.prefix ?? 'queue:stream_leases:';
    this.#limits = checked({ limit: options.limit ?? 5, ttlSeconds: options.ttlSeconds ?? 180 });
  }

  /**
   * @throws StreamLimitExceeded where the user has too many open; ConnectionError, TimeoutError or CircuitOpenError when
   *   Redis is away: nobody can be counted then
   */
  async acquire(userId: string, limits: StreamLimits = {}): Promise<StreamLease> {
    const { limit, ttlSeconds } = checked({ ...this.#limits, ...given(limits) });
    const id = randomUUID();
    const key = this.#prefix + userId;
    const most = limit === 0 ? Number.MAX_SAFE_INTEGER : limit;
    const reply = await this.#guard.run(() => runScript(this.#redis, ACQUIRE, [key], [id, most, toMs(ttlSeconds)]));
    const [granted, open = 0] = (reply as unknown[]).map(Number);
    if (granted !== 1) throw new StreamLimitExceeded(userId, limit, open);
    return new StreamLease(id, userId, {
      refreshEveryMs: (ttlSeconds * 1_000) / 3,
      refresh: async () =>
        (await this.#guard.run(() => runScript(this.#redis, REFRESH, [key], [id, toMs(ttlSeconds)]))) === 1,
      release: async () => void (await this.#guard.run(() => this.#redis.zrem(key, id))),
    });
  }

  /** How many streams the user has open. */
  async active(userId: string): Promise<number> {
    return Number(await this.#guard.run(() => runScript(this.#redis, COUNT, [this.#prefix + userId])));
  }
}

/**
 * A place for one more stream of `userId`: keep it for as long as the stream is open, and release it at its end.
 * @throws StreamLimitExceeded where the user has too many streams open.
 */
export async function streamLease(userId: string, limits: StreamLimits = {}): Promise<StreamLease> {
  return leases().acquire(userId, limits);
}

/** How many streams `userId` has open, over all instances. */
export async function getActiveStreams(userId: string): Promise<number> {
  return leases().active(userId);
}

function leases(): StreamLeases {
  const service = ambientService(streamLeaseService);
  if (service) return service;
  throw new KernelError('E_NOT_STARTED', 'Streams are counted by a running kernel; start one before streamLease()');
}

function given(limits: StreamLimits): StreamLimits {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

function checked({ limit, ttlSeconds }: Required<StreamLimits>): Required<StreamLimits> {
  assertTtl(ttlSeconds);
  if (Number.isInteger(limit) && limit >= 0) return { limit, ttlSeconds };
  throw new KernelError(
    'E_STREAM_LIMIT_OPTION',
    `A limit of ${limit} streams cannot be kept; give a whole number, 0 for none`,
  );
}
