import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../../base/clock.js';
import type { HeldLock, LockStore } from './lock-store.js';

/** Locks of one process, for when there is no Redis: they exclude its own workers and nobody else's. */
export class LocalLocks implements LockStore {
  readonly #clock: Clock;
  readonly #held = new Map<string, { lockId: string; expiresAt: number }>();
  #fence = 0;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  async acquire(key: string, ttlSeconds: number, _holder: string): Promise<HeldLock | null> {
    if (this.#live(key)) return null;
    const lockId = randomUUID();
    this.#held.set(key, { lockId, expiresAt: this.#clock.now() + ttlSeconds * 1_000 });
    this.#fence += 1;
    return { lockId, fence: this.#fence };
  }

  async renew(key: string, lockId: string, ttlSeconds: number): Promise<boolean> {
    const lock = this.#live(key);
    if (lock?.lockId !== lockId) return false;
    lock.expiresAt = this.#clock.now() + ttlSeconds * 1_000;
    return true;
  }

  async release(key: string, lockId: string): Promise<boolean> {
    if (this.#live(key)?.lockId !== lockId) return false;
    return this.#held.delete(key);
  }

  #live(key: string): { lockId: string; expiresAt: number } | undefined {
    const lock = this.#held.get(key);
    if (lock === undefined || lock.expiresAt > this.#clock.now()) return lock;
    this.#held.delete(key);
    return undefined;
  }
}
