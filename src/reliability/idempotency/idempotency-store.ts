import { TextSealer } from '../../base/sealed-text.js';
import type { RedisClient } from '../../redis/index.js';
import { isLease, LeasedKeys, noteOf } from '../leased-keys.js';
import { RedisGuard, type RedisGuardOptions } from '../redis-guard.js';

export interface IdempotencyStoreOptions extends RedisGuardOptions {
  /** Prefix of every key. Default `idempotent:`. */
  prefix?: string;
  /** Encrypts what is kept: answers may carry tokens and keys. */
  secret: string;
  /** How long a claim outlives a crash, s. Default 30. */
  leaseSeconds?: number;
}

/** What a caller that is about to do something once is told. */
export type IdempotencyClaim =
  /** It is the first: do it, then `complete` or `abandon` the claim. */
  | { state: 'first'; claim: HeldClaim }
  /** It was done: this is what came of it. */
  | { state: 'done'; result: string }
  /** Somebody is doing it right now. */
  | { state: 'in flight' }
  /** The key was used for something else. */
  | { state: 'mismatch' }
  /** It was done, and the secret that its result was kept with has been changed since. */
  | { state: 'unreadable' };

const DONE = 'done:';

/** Remembers what was done under a key, so that it is done once and its result told to whoever asks again. */
export class IdempotencyStore {
  readonly #leased: LeasedKeys;
  readonly #sealer: TextSealer;
  readonly #prefix: string;
  readonly #leaseSeconds: number;

  constructor(redis: RedisClient, options: IdempotencyStoreOptions) {
    this.#leased = new LeasedKeys(redis, new RedisGuard({ timeoutMs: 5_000, ...options }));
    this.#sealer = new TextSealer(options.secret, 'idempotency');
    this.#prefix = options.prefix ?? 'idempotent:';
    this.#leaseSeconds = options.leaseSeconds ?? 30;
  }

  /**
   * Claims `key` for what `fingerprint` stands for.
   * @throws ConnectionError, TimeoutError or CircuitOpenError when Redis is away: nothing may be done then.
   */
  async claim(key: string, fingerprint: string): Promise<IdempotencyClaim> {
    const full = this.#prefix + key;
    const lease = this.#leased.newLease(fingerprint);
    const found = await this.#leased.claim(full, lease, this.#leaseSeconds);
    if (found === lease) return { state: 'first', claim: this.#hold(full, lease, fingerprint) };
    if (isLease(found)) return { state: noteOf(found) === fingerprint ? 'in flight' : 'mismatch' };
    const [, before, sealed = ''] = found.split(':');
    if (before !== fingerprint) return { state: 'mismatch' };
    const result = this.#sealer.open(sealed, full);
    return result === undefined ? { state: 'unreadable' } : { state: 'done', result };
  }

  #hold(key: string, lease: string, fingerprint: string): HeldClaim {
    return new HeldClaim({
      renew: () => this.#leased.renew(key, lease, this.#leaseSeconds),
      renewEveryMs: (this.#leaseSeconds * 1_000) / 3,
      complete: (result, ttlSeconds) => {
        const value = `${DONE}${fingerprint}:${this.#sealer.seal(result, key)}`;
        return this.#leased.fill(key, lease, value, ttlSeconds);
      },
      abandon: () => this.#leased.abandon(key, lease),
    });
  }
}

interface ClaimVerbs {
  renew(): Promise<boolean>;
  renewEveryMs: number;
  complete(result: string, ttlSeconds: number): Promise<boolean>;
  abandon(): Promise<void>;
}

/** The right to do something now; renewed while it is held, free again soon after its holder has died. */
export class HeldClaim {
  readonly #verbs: ClaimVerbs;
  readonly #timer: NodeJS.Timeout;

  constructor(verbs: ClaimVerbs) {
    this.#verbs = verbs;
    // A renewal that fails is tried again by the next one; a lease that was lost shows in what `complete` answers.
    this.#timer = setInterval(() => void verbs.renew().catch(() => false), verbs.renewEveryMs).unref();
  }

  /** Keeps the result; false when the claim had been lost and somebody else may have done it too. */
  complete(result: string, ttlSeconds: number): Promise<boolean> {
    clearInterval(this.#timer);
    return this.#verbs.complete(result, ttlSeconds);
  }

  /** It was not done: the next caller is the first. */
  abandon(): Promise<void> {
    clearInterval(this.#timer);
    return this.#verbs.abandon();
  }
}
