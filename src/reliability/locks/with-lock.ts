import { jittered } from '../../base/backoff.js';
import { ConflictError } from '../../base/errors.js';
import { ambientService } from '../../base/services.js';
import { sleep } from '../../base/sleep.js';
import { ttlSecondsOf } from '../ttl.js';
import { LocalLocks } from './local-locks.js';
import { LockRenewer } from './lock-renewer.js';
import type { HeldLock, LockStore } from './lock-store.js';
import { DEFAULT_LOCK_SECONDS, lockService } from './locks.js';

export interface WithLockOptions {
  /** The lock is renewed while the work runs; this is how long it outlives a crash. Default 300. */
  ttlSeconds?: number;
  holder?: string;
  /** How long to wait for a lock that is held. Default 0: refuse at once. */
  waitSeconds?: number;
  /** Ends the wait; a lock that arrives too late is given back, and the work is not begun. */
  signal?: AbortSignal;
}

/** What the work under a lock is handed. */
export interface LockScope {
  /** Aborts when the lock is lost: stop writing. */
  signal: AbortSignal;
  /** Hand it to whatever is written to; a store that refuses lower fences is safe from paused holders. */
  fence: number;
}

const POLL_MS = 50;
/** Before a kernel has started, or without one: exclusion within this process. */
const processLocks = new LocalLocks();

/**
 * Runs `work` as the only holder of `key`, and releases the lock whatever happens.
 * @throws ConflictError when the lock is held and stays so for `waitSeconds`; the reason of `signal` where it ends the wait
 */
export async function withLock<T>(
  key: string,
  work: (scope: LockScope) => Promise<T>,
  options: WithLockOptions = {},
): Promise<T> {
  const ttlSeconds = ttlSecondsOf({ ttlSeconds: options.ttlSeconds }) ?? DEFAULT_LOCK_SECONDS;
  const store = ambientService(lockService) ?? processLocks;
  const lock = await acquire(store, key, ttlSeconds, options);
  const renew = (): Promise<boolean> => store.renew(key, lock.lockId, ttlSeconds);
  const renewer = new LockRenewer({ key, renew, ttlSeconds, intervalSeconds: ttlSeconds / 3 });
  try {
    options.signal?.throwIfAborted();
    return await work({ signal: renewer.signal, fence: lock.fence });
  } finally {
    renewer.cancel();
    // The outcome of the work stands; a lock that could not be released runs out by itself.
    await store.release(key, lock.lockId).catch(() => false);
  }
}

async function acquire(
  store: LockStore,
  key: string,
  ttlSeconds: number,
  { holder = '', waitSeconds = 0, signal }: WithLockOptions,
): Promise<HeldLock> {
  const giveUpAt = performance.now() + waitSeconds * 1_000;
  for (;;) {
    signal?.throwIfAborted();
    const lock = await store.acquire(key, ttlSeconds, holder);
    if (lock) return lock;
    if (performance.now() >= giveUpAt) throw new ConflictError(`"${key}" is locked by someone else`);
    await sleep(jittered(POLL_MS, 0.5), signal);
  }
}
