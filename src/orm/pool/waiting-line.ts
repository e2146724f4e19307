import type { AcquireOptions } from '../dialect/driver.js';
import type { LaneKind } from './lanes.js';
import type { PooledConnection } from './pooled-connection.js';

/** One caller without a connection. */
export interface Waiter {
  /** What it would share a connection for; `undefined` for one who needs a connection of its own. */
  readonly lane: LaneKind | undefined;
  grant(connection: PooledConnection): void;
  fail(error: unknown): void;
}

/** Callers without a connection, in the order they came. */
export class WaitingLine {
  readonly #waiters = new Set<Waiter>();
  #sharing = 0;

  get size(): number {
    return this.#waiters.size;
  }

  /** How many of them would share a connection. */
  get sharing(): number {
    return this.#sharing;
  }

  get first(): Waiter | undefined {
    const [first] = this.#waiters;
    return first;
  }

  /** @param timeout makes the error of a wait that was too long. */
  join(
    lane: LaneKind | undefined,
    { timeoutMs, signal }: AcquireOptions,
    timeout: () => Error,
  ): Promise<PooledConnection> {
    return new Promise((resolve, reject) => {
      const leave = (end: () => void): void => {
        this.#waiters.delete(waiter);
        if (lane) this.#sharing -= 1;
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        end();
      };
      const onAbort = (): void => leave(() => reject(signal?.reason));
      const waiter: Waiter = {
        lane,
        grant: (connection) => leave(() => resolve(connection)),
        fail: (error) => leave(() => reject(error)),
      };
      const timer = setTimeout(() => leave(() => reject(timeout())), timeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(waiter);
      if (lane) this.#sharing += 1;
    });
  }

  failAll(error: unknown): void {
    for (const waiter of this.#waiters) waiter.fail(error);
  }
}
