/** A lock that is held. */
export interface HeldLock {
  lockId: string;
  /**
   * Rises with every acquisition of the same key. A store that remembers the highest fence it has seen and refuses
   * lower ones is safe even from a holder that was paused past its time.
   */
  fence: number;
}

/** Where locks are kept. All verbs are atomic; only the owner's `lockId` renews or releases. */
export interface LockStore {
  /** Null when somebody else holds the lock. */
  acquire(key: string, ttlSeconds: number, holder: string): Promise<HeldLock | null>;
  /** False when the lock is no longer this owner's. */
  renew(key: string, lockId: string, ttlSeconds: number): Promise<boolean>;
  /** False when the lock was not this owner's. */
  release(key: string, lockId: string): Promise<boolean>;
}
