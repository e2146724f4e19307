import type { RedisClient } from '../../redis/index.js';

/** How long a producer trusts what it read. */
const FRESH_MS = 10_000;
/** Workers say their names again every minute; a name this old belongs to a task that was given up. */
const FORGOTTEN_MS = 7 * 86_400_000;

/** The tasks that workers say they can run, for producers that have no handlers of their own. */
export class PublishedTasks {
  readonly #redis: RedisClient;
  readonly #key: string;
  #names: ReadonlySet<string> = new Set();
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(redis: RedisClient, key: string) {
    this.#redis = redis;
    this.#key = key;
  }

  /** Says that this process runs `names`. */
  async publish(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    const now = await this.#serverTime();
    await this.#redis.zadd(this.#key, ...names.flatMap((name) => [now, name]));
    await this.#redis.zremrangebyscore(this.#key, '-inf', now - FORGOTTEN_MS);
  }

  async has(name: string): Promise<boolean> {
    if (this.#names.has(name) && performance.now() - this.#readAt < FRESH_MS) return true;
    await this.#read(); // a name not seen before may have come a moment ago
    return this.#names.has(name);
  }

  /** When a worker last offered `name`, Unix ms; 0 for never. */
  async offeredAt(name: string): Promise<number> {
    return Number((await this.#redis.zscore(this.#key, name)) ?? 0);
  }

  /** What was read last. */
  get names(): readonly string[] {
    return [...this.#names].sort();
  }

  async #read(): Promise<void> {
    this.#names = new Set(await this.#redis.zrange(this.#key, 0, -1));
    this.#readAt = performance.now();
  }

  async #serverTime(): Promise<number> {
    const [seconds] = await this.#redis.time();
    return Number(seconds) * 1000;
  }
}
