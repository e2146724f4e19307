/** How waits between tries grow. */
export interface BackoffPolicy {
  /** First wait, ms. */
  baseMs: number;
  /** Growth per try. */
  factor: number;
  /** Longest wait before jitter, ms. */
  capMs: number;
  /** Share by which a wait is randomly longer or shorter, 0 to 1. */
  jitter: number;
}

export const DEFAULT_BACKOFF: BackoffPolicy = { baseMs: 100, factor: 2, capMs: 10_000, jitter: 0.2 };

/** The wait after the `attempt`-th failed try (from 1), ms. */
export function backoffDelay(attempt: number, policy: BackoffPolicy = DEFAULT_BACKOFF, random = Math.random): number {
  const wait = Math.min(policy.capMs, policy.baseMs * policy.factor ** (attempt - 1));
  return jittered(wait, policy.jitter, random);
}

/** `ms`, up to `share` shorter or longer by chance, so that many waiters do not return at once. */
export function jittered(ms: number, share: number, random = Math.random): number {
  return Math.max(0, Math.round(ms * (1 + share * (2 * random() - 1))));
}
