import { TimeoutError } from '../../base/errors.js';
import type { AcquireOptions } from '../dialect/driver.js';

interface Waiter {
  grant(): void;
}

/** One holder at a time, the others in the order they came. */
export class FifoLock {
  readonly #what: string;
  readonly #lastSql: () => string;
  readonly #waiters = new Set<Waiter>();
  #heldSince: number | undefined;

  /** @param lastSql what the holder has run last, for those who wait in vain. */
  constructor(what: string, lastSql: () => string) {
    this.#what = what;
    this.#lastSql = lastSql;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  get held(): boolean {
    return this.#heldSince !== undefined;
  }

  /** Takes the lock when it is free right now. */
  tryAcquire(): boolean {
    if (this.#heldSince !== undefined) return false;
    this.#heldSince = performance.now();
    return true;
  }

  /** @throws TimeoutError that says how long the holder has had it. */
  async acquire({ timeoutMs, signal }: AcquireOptions): Promise<void> {
    signal?.throwIfAborted();
    if (this.tryAcquire()) return;
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = { grant: () => leave(resolve) };
      const leave = (end: () => void): void => {
        this.#waiters.delete(waiter);
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        end();
      };
      const onAbort = (): void => leave(() => reject(signal?.reason));
      const timer = setTimeout(() => leave(() => reject(this.#timeout(timeoutMs))), timeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(waiter);
    });
  }

  release(): void {
    this.#heldSince = undefined;
    const [next] = this.#waiters;
    if (!next) return;
    this.#heldSince = performance.now();
    next.grant();
  }

  #timeout(timeoutMs: number): TimeoutError {
    const held = Math.round(performance.now() - (this.#heldSince ?? performance.now()));
    const last = this.#lastSql().slice(0, 200);
    return new TimeoutError(
      `Waited ${timeoutMs} ms for ${this.#what}; a transaction has held it for ${held} ms${last && `, its last statement: ${last}`}`,
      { details: { heldMs: held } },
    );
  }
}
