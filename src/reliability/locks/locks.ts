import { randomUUID } from 'node:crypto';
import { ambientService, type ServiceKey, serviceKey } from '../../base/services.js';
import { type Ttl, ttlSecondsOf } from '../ttl.js';
import { LockRenewer } from './lock-renewer.js';
import type { LockStore } from './lock-store.js';

export const lockService: ServiceKey<LockStore> = serviceKey('locks');

export const DEFAULT_LOCK_SECONDS = 300;

export interface AcquireLockOptions {
  /** The lock frees itself after this long unless renewed. Default 300. */
  ttlSeconds?: number;
  /** Who holds it, for people who look. */
  holder?: string;
}

export interface AutoRenewOptions {
  /** What each renewal extends the lock to. Default 300. */
  ttlSeconds?: number;
  /** Default a third of `ttlSeconds`, so that two renewals may fail before the lock is lost. */
  intervalSeconds?: number;
}

/**
 * The lock's id, or null when somebody else holds it. Before a kernel has started there is nothing to exclude and every
 * call gets an id; with a kernel on the in-memory engine the lock excludes within this process.
 * @throws ConnectionError, TimeoutError or CircuitOpenError when Redis is away: no lock is granted then.
 */
export async function acquireLock(key: string, options: AcquireLockOptions = {}): Promise<string | null> {
  const ttlSeconds = ttlSecondsOf(options) ?? DEFAULT_LOCK_SECONDS;
  const store = ambientService(lockService);
  if (!store) return randomUUID();
  return (await store.acquire(key, ttlSeconds, options.holder ?? ''))?.lockId ?? null;
}

/** Frees the lock if `lockId` still owns it; false when it does not. */
export async function releaseLock(key: string, lockId: string): Promise<boolean> {
  return (await ambientService(lockService)?.release(key, lockId)) ?? true;
}

/** Extends the lock if `lockId` still owns it; false when it does not. */
export async function renewLock(key: string, lockId: string, ttl: Ttl = DEFAULT_LOCK_SECONDS): Promise<boolean> {
  const ttlSeconds = ttlSecondsOf(ttl) ?? DEFAULT_LOCK_SECONDS;
  return (await ambientService(lockService)?.renew(key, lockId, ttlSeconds)) ?? true;
}

/** Renews in the background until cancelled; `signal` aborts when the lock is lost. */
export async function autoRenewLock(key: string, lockId: string, options: AutoRenewOptions = {}): Promise<LockRenewer> {
  const ttlSeconds = ttlSecondsOf({ ttlSeconds: options.ttlSeconds }) ?? DEFAULT_LOCK_SECONDS;
  const intervalSeconds = ttlSecondsOf({ ttlSeconds: options.intervalSeconds }) ?? ttlSeconds / 3;
  const store = ambientService(lockService);
  const renew = async (): Promise<boolean> => (await store?.renew(key, lockId, ttlSeconds)) ?? true;
  return new LockRenewer({ key, renew, ttlSeconds, intervalSeconds });
}
