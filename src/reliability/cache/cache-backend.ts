/** What a caller that wants a missing value is told. */
export type CacheClaim =
  /** The value is there, encoded. */
  | { state: 'hit'; text: string }
  /** It is not, and this caller computes it: it must `fill` or `abandon` with this lease. */
  | { state: 'leased'; lease: string }
  /** Somebody else computes it. */
  | { state: 'busy' };

/**
 * Where cached values live. Values are JSON: what comes out is a copy of what went in. A lease lies under the key
 * itself, so whatever overwrites or deletes the key also keeps a computation that began earlier from being stored.
 */
export interface CacheBackend {
  readonly type: 'redis' | 'in-memory' | 'disabled';
  /** The value, or null when there is none (any more). */
  get(key: string): Promise<unknown>;
  /** Without `ttlSeconds` the value stays until it is deleted or evicted. */
  set(key: string, value: unknown, ttlSeconds?: number): Promise<void>;
  /** True when there was a value. */
  delete(key: string): Promise<boolean>;
  /** Deletes the keys that match a glob of `*` and `?` (`\` takes the next character literally); answers how many. */
  deletePattern(pattern: string): Promise<number>;
  clear(): Promise<void>;
  exists(key: string): Promise<boolean>;
  /** The stored text of the value, or null. */
  read(key: string): Promise<string | null>;
  /** @param outdated a stored text that counts as missing */
  claim(key: string, leaseSeconds: number, outdated?: string): Promise<CacheClaim>;
  /** Stores what the holder of `lease` computed; false when the lease was lost to a delete, a set or time. */
  fill(key: string, lease: string, text: string, ttlSeconds?: number): Promise<boolean>;
  abandon(key: string, lease: string): Promise<void>;
}
