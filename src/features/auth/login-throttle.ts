import { createHash } from 'node:crypto';
import { addressBucket } from '../../http/edge/ip-address.js';
import { RateLimitedError } from '../../http/errors.js';
import type { RateLimiter, RateLimitResult } from '../../reliability/limits/rate-limiter.js';
import { Gate } from './passwords.js';

interface FailureLimit {
  failures: number;
  windowSeconds: number;
}

/** How many wrong passwords are borne. */
export interface LoginLimits {
  /** Of one account from one address. */
  pair: FailureLimit;
  /** Of all accounts from one address. */
  address: FailureLimit;
  /** Of one account from all addresses it has never signed in from. */
  strangers: FailureLimit;
}

export const DEFAULT_LOGIN_LIMITS: LoginLimits = {
  pair: { failures: 10, windowSeconds: 900 },
  address: { failures: 100, windowSeconds: 900 },
  strangers: { failures: 30, windowSeconds: 3600 },
};

export interface LoginAttempt {
  /** What is tried, whether it exists or not. */
  account: string;
  ipAddress: string | null | undefined;
  /** True when the account has signed in from this address before. */
  isFamiliar: boolean;
}

/**
 * Stops guessing without locking the owner out: guesses from many addresses use up what strangers may try, while an
 * address that the account has signed in from keeps its own budget. Only failures count. Without Redis each process counts
 * for itself, so an outage does not open the door.
 */
export class LoginThrottle {
  readonly #limiter: RateLimiter;
  readonly #limits: LoginLimits;
  /** Looking and counting happen inside one turn: of a thousand simultaneous guesses only a few can pass uncounted. */
  readonly #gate = new Gate(4);

  constructor(limiter: RateLimiter, limits: LoginLimits = DEFAULT_LOGIN_LIMITS) {
    this.#limiter = limiter;
    this.#limits = limits;
  }

  /**
   * Runs `check` unless too many attempts have failed, and counts when it answers null.
   * @throws RateLimitedError with the seconds to wait.
   */
  async attempt<T>(attempt: LoginAttempt, check: () => Promise<T | null>): Promise<T | null> {
    const buckets = this.#bucketsOf(attempt);
    return this.#gate.run(async () => {
      await this.#assertOpen(buckets);
      const result = await check();
      if (result === null) await this.#ask(buckets, 'consume');
      else await this.#forgive(buckets);
      return result;
    });
  }

  async #assertOpen(buckets: readonly Bucket[]): Promise<void> {
    const answers = await this.#ask(buckets, 'peek');
    const waits = answers.filter((answer) => !answer.allowed).map((answer) => answer.retryAfterSeconds);
    if (waits.length > 0) throw new RateLimitedError(Math.max(...waits), 'Too many failed sign-ins; try again later');
  }

  #ask(buckets: readonly Bucket[], verb: 'peek' | 'consume'): Promise<RateLimitResult[]> {
    return Promise.all(
      buckets.map(({ key, failures, windowSeconds }) =>
        this.#limiter[verb](key, failures, windowSeconds, { whenUnavailable: 'count-locally' }),
      ),
    );
  }

  /** Who got in has shown that the failures of this account at this address were typing errors. */
  async #forgive([pair]: readonly Bucket[]): Promise<void> {
    if (!pair) return;
    await this.#limiter.reset(pair.key, pair.windowSeconds).catch(() => {}); // a courtesy, not worth failing a sign-in
  }

  #bucketsOf({ account, ipAddress, isFamiliar }: LoginAttempt): Bucket[] {
    const name = createHash('sha256').update(account).digest('base64url');
    const address = addressBucket(ipAddress ?? '');
    const buckets: Bucket[] = [
      { key: `login:pair:${name}:${address}`, ...this.#limits.pair },
      { key: `login:address:${address}`, ...this.#limits.address },
    ];
    if (!isFamiliar) buckets.push({ key: `login:strangers:${name}`, ...this.#limits.strangers });
    return buckets;
  }
}

type Bucket = FailureLimit & { key: string };
