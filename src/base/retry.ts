import { type BackoffPolicy, backoffDelay, DEFAULT_BACKOFF } from './backoff.js';
import { sleep } from './sleep.js';

export interface RetryOptions {
  /** Tries in all, the first one included. */
  tries?: number;
  backoff?: BackoffPolicy;
  /** Only faults that may pass by themselves are worth another try. */
  isTransient(error: unknown): boolean;
  signal?: AbortSignal;
  onRetry?(error: unknown, attempt: number, delayMs: number): void;
}

/** Runs a whole unit of work again while its fault is transient; the last error is thrown as it came. */
export async function retry<T>(work: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const tries = options.tries ?? 3;
  for (let attempt = 1; ; attempt++) {
    options.signal?.throwIfAborted();
    try {
      return await work(attempt);
    } catch (error) {
      if (attempt >= tries || !options.isTransient(error)) throw error;
      const delayMs = backoffDelay(attempt, options.backoff ?? DEFAULT_BACKOFF);
      options.onRetry?.(error, attempt, delayMs);
      await sleep(delayMs, options.signal);
    }
  }
}
