import { CircuitBreaker } from '../base/circuit-breaker.js';
import { type Clock, systemClock } from '../base/clock.js';
import { ConnectionError, isKernelError, TimeoutError } from '../base/errors.js';

export interface RedisGuardOptions {
  /** Longest wait for one answer, ms. */
  timeoutMs?: number;
  clock?: Clock;
}

/**
 * Bounds what a Redis that is away or hangs can cost a caller: each call ends within `timeoutMs`, and after five
 * failures calls are refused at once for five seconds. Every fault comes out as a kernel error.
 */
export class RedisGuard {
  readonly #timeoutMs: number;
  readonly #breaker: CircuitBreaker;

  constructor(options: RedisGuardOptions = {}) {
    this.#timeoutMs = options.timeoutMs ?? 1_000;
    this.#breaker = new CircuitBreaker('Redis', {
      failureThreshold: 5,
      openMs: 5_000,
      probes: 1,
      clock: options.clock ?? systemClock,
    });
  }

  /** @throws ConnectionError, TimeoutError or CircuitOpenError when Redis did not answer. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return this.#breaker.run(() => this.#bounded(work));
  }

  async #bounded<T>(work: () => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const giveUp = (): void => reject(new TimeoutError(`Redis did not answer within ${this.#timeoutMs} ms`));
      // After a blocked event loop timers run before sockets are read: an answer that lies there has come in time.
      timer = setTimeout(() => setImmediate(giveUp), this.#timeoutMs);
    });
    try {
      return await Promise.race([work(), late]);
    } catch (error) {
      if (isKernelError(error)) throw error;
      throw new ConnectionError('Redis did not carry out a command', { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }
}
