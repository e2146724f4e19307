import type { CacheBackend, CacheClaim } from './cache-backend.js';

/** Keeps nothing: in production without Redis every call goes to the source, so that no instance serves stale data. */
export class NoOpCache implements CacheBackend {
  readonly type = 'disabled';

  async get(_key: string): Promise<null> {
    return null;
  }

  async set(_key: string, _value: unknown, _ttlSeconds?: number): Promise<void> {}

  async delete(_key: string): Promise<boolean> {
    return false;
  }

  async deletePattern(_pattern: string): Promise<number> {
    return 0;
  }

  async clear(): Promise<void> {}

  async exists(_key: string): Promise<boolean> {
    return false;
  }

  async read(_key: string): Promise<null> {
    return null;
  }

  async claim(_key: string, _leaseSeconds: number, _outdated?: string): Promise<CacheClaim> {
    return { state: 'leased', lease: '' };
  }

  async fill(_key: string, _lease: string, _text: string, _ttlSeconds?: number): Promise<boolean> {
    return false;
  }

  async abandon(_key: string, _lease: string): Promise<void> {}
}
