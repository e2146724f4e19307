import { type Clock, systemClock } from '../../base/clock.js';
import { randomToken } from '../../base/ids.js';
import type { CacheBackend, CacheClaim } from './cache-backend.js';
import { decodeValue, encodeValue } from './cache-codec.js';
import { matchesPattern } from './glob.js';

export interface InMemoryCacheOptions {
  /** Most entries; the one unused longest makes room. Default 1,000. */
  maxSize?: number;
  clock?: Clock;
}

type Entry = { expiresAt: number } & ({ text: string } | { lease: string });

/** Sweeping on every write would make a write cost the size of the cache. */
const SETS_PER_SWEEP = 50;

/** A least-recently-used cache of this process. */
export class InMemoryCache implements CacheBackend {
  readonly type = 'in-memory';
  readonly #maxSize: number;
  readonly #clock: Clock;
  /** In the order of last use, the longest unused first. */
  readonly #entries = new Map<string, Entry>();
  #sets = 0;

  constructor(options: InMemoryCacheOptions = {}) {
    this.#maxSize = Math.max(1, options.maxSize ?? 1_000);
    this.#clock = options.clock ?? systemClock;
  }

  /** Entries held, expired ones not yet swept included. */
  get size(): number {
    return this.#entries.size;
  }

  async get(key: string): Promise<unknown> {
    const text = this.#text(key);
    return text === undefined ? null : decodeValue(text);
  }

  async read(key: string): Promise<string | null> {
    return this.#text(key) ?? null;
  }

  async set(key: string, value: unknown, ttlSeconds?: number): Promise<void> {
    this.#store(key, encodeValue(value), ttlSeconds);
  }

  async delete(key: string): Promise<boolean> {
    const existed = this.#text(key) !== undefined;
    this.#entries.delete(key);
    return existed;
  }

  async deletePattern(pattern: string): Promise<number> {
    let deleted = 0;
    for (const key of [...this.#entries.keys()]) {
      if (matchesPattern(pattern, key) && (await this.delete(key))) deleted += 1;
    }
    return deleted;
  }

  async clear(): Promise<void> {
    this.#entries.clear();
  }

  async exists(key: string): Promise<boolean> {
    return this.#text(key) !== undefined;
  }

  async claim(key: string, leaseSeconds: number, outdated?: string): Promise<CacheClaim> {
    const entry = this.#live(key);
    if (entry === undefined || ('text' in entry && entry.text === outdated)) {
      const lease = randomToken(12);
      this.#put(key, { lease, expiresAt: this.#clock.now() + leaseSeconds * 1_000 });
      return { state: 'leased', lease };
    }
    if ('lease' in entry) return { state: 'busy' };
    this.#put(key, entry);
    return { state: 'hit', text: entry.text };
  }

  async fill(key: string, lease: string, text: string, ttlSeconds?: number): Promise<boolean> {
    if (!this.#holds(key, lease)) return false;
    this.#store(key, text, ttlSeconds);
    return true;
  }

  async abandon(key: string, lease: string): Promise<void> {
    if (this.#holds(key, lease)) this.#entries.delete(key);
  }

  #text(key: string): string | undefined {
    const entry = this.#live(key);
    if (entry === undefined || 'lease' in entry) return undefined;
    this.#put(key, entry);
    return entry.text;
  }

  #holds(key: string, lease: string): boolean {
    const entry = this.#live(key);
    return entry !== undefined && 'lease' in entry && entry.lease === lease;
  }

  #live(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.expiresAt > this.#clock.now()) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  #store(key: string, text: string, ttlSeconds?: number): void {
    const expiresAt = ttlSeconds === undefined ? Number.POSITIVE_INFINITY : this.#clock.now() + ttlSeconds * 1_000;
    this.#put(key, { text, expiresAt });
    this.#sets += 1;
    if (this.#sets % SETS_PER_SWEEP === 0) this.#sweep();
  }

  /** Puts `entry` last, as the one used most recently. */
  #put(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size <= this.#maxSize) return;
    const oldest = this.#entries.keys().next().value;
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  #sweep(): void {
    const now = this.#clock.now();
    for (const [key, entry] of this.#entries) {
      if (entry.expiresAt <= now) this.#entries.delete(key);
    }
  }
}
