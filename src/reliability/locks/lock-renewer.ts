import { ConflictError } from '../../base/errors.js';

export interface LockRenewerOptions {
  key: string;
  /** Extends the lock; false when it is no longer ours. */
  renew: () => Promise<boolean>;
  ttlSeconds: number;
  intervalSeconds: number;
}

/**
 * Keeps a lock until cancelled. `signal` aborts once the lock is lost, or may be because no renewal got through in time.
 * Timers run by the monotonic clock, so a step of the wall clock cannot hide that a lock ran out.
 */
export class LockRenewer {
  readonly #options: LockRenewerOptions;
  readonly #lost = new AbortController();
  readonly #interval: NodeJS.Timeout;
  #expiry: NodeJS.Timeout;
  #renewing = false;

  constructor(options: LockRenewerOptions) {
    this.#options = options;
    this.#expiry = this.#expireIn(options.ttlSeconds * 1_000);
    this.#interval = setInterval(() => void this.#renew(), options.intervalSeconds * 1_000);
    this.#interval.unref();
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Stops renewing; the lock then runs out unless it is released. */
  cancel(): void {
    clearInterval(this.#interval);
    clearTimeout(this.#expiry);
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  async #renew(): Promise<void> {
    if (this.#renewing) return;
    this.#renewing = true;
    const asked = performance.now();
    try {
      if (await this.#options.renew()) this.#extend(asked);
      else this.#lose('is no longer ours');
    } catch {
      // Tried again at the next interval; the lock counts as lost only when its time is up.
    } finally {
      this.#renewing = false;
    }
  }

  /** The lock lives from when Redis renewed it, which is no earlier than when it was asked. */
  #extend(asked: number): void {
    clearTimeout(this.#expiry);
    this.#expiry = this.#expireIn(asked + this.#options.ttlSeconds * 1_000 - performance.now());
  }

  #expireIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#lose('ran out before a renewal got through'), ms).unref();
  }

  #lose(how: string): void {
    this.cancel();
    this.#lost.abort(new ConflictError(`The lock "${this.#options.key}" ${how}`));
  }
}
