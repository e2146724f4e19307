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

  /** One promise of its own: each costs async hooks a visit, and every request comes by here. */
  #bounded<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(new TimeoutError(`Redis did not answer within ${this.#timeoutMs} ms`));
      // After a blocked event loop timers run before sockets are read: an answer that lies there has come in time.
      const timer = setTimeout(() => setImmediate(giveUp), this.#timeoutMs);
      const refuse = (error: unknown): void => {
        clearTimeout(timer);
        reject(asKernelError(error));
      };
      try {
        work().then((answer) => {
          clearTimeout(timer);
          resolve(answer);
        }, refuse);
      } catch (error) {
        refuse(error); // a client that cannot even take the command
      }
    });
  }
}

function asKernelError(error: unknown): unknown {
  if (isKernelError(error)) return error;
  return new ConnectionError('Redis did not carry out a command', { cause: error });
}
