import { ConfigError } from '../base/errors.js';
import { Lifecycle } from '../base/lifecycle.js';
import type { RedisClient } from './redis-client.js';

export interface RedisConnectionOptions {
  client: RedisClient;
  isFake: boolean;
  namespace: string;
  maxConnections: number;
}

/** Everything one kernel holds of Redis: its clients, whether they are real, and the prefix of its keys. */
export class RedisConnection {
  /** The client that everything but the jobs shares. */
  readonly client: RedisClient;
  /** The jobs' own client, so that a busy queue does not delay requests. The same one when only one is allowed. */
  readonly jobs: RedisClient;
  /** True for the in-memory Redis, which serves this process alone and forgets at its end. */
  readonly isFake: boolean;
  readonly namespace: string;
  readonly #maxConnections: number;
  readonly #lifecycle = new Lifecycle();
  #open = 1;

  constructor({ client, isFake, namespace, maxConnections }: RedisConnectionOptions) {
    this.client = client;
    this.isFake = isFake;
    this.namespace = namespace;
    this.#maxConnections = maxConnections;
    this.#lifecycle.push('the shared Redis client', () => this.#release(client));
    this.jobs = maxConnections > 1 ? this.open('jobs') : client;
  }

  /** The full name of a key: `name` under this kernel's namespace. */
  key(name: string): string {
    return this.namespace + name;
  }

  /** How many clients are open. */
  get openConnections(): number {
    return this.#open;
  }

  /**
   * One more client, for what blocks or subscribes; closed with the connection.
   * @throws ConfigError when `maxConnections` clients are open.
   */
  open(purpose: string): RedisClient {
    if (this.#open >= this.#maxConnections) {
      throw new ConfigError('Redis has no client left to give', [
        {
          field: 'redis.maxConnections',
          fault: `all ${this.#maxConnections} are open and "${purpose}" needs one`,
          mend: `Allow at least ${this.#maxConnections + 1}`,
        },
      ]);
    }
    this.#open += 1;
    const client = this.client.duplicate();
    client.on('error', () => {}); // the shared client reports the outage; an unheard error event would end the process
    this.#lifecycle.push(`the Redis client for ${purpose}`, () => this.#release(client));
    return client;
  }

  /** Round trip to the server, ms. */
  async ping(): Promise<number> {
    const start = performance.now();
    await this.client.ping();
    return performance.now() - start;
  }

  /** Closes every client; idempotent. */
  async close(): Promise<void> {
    await this.#lifecycle.close();
  }

  async #release(client: RedisClient): Promise<void> {
    this.#open -= 1;
    if (this.isFake && client === this.client) await client.flushall(); // ends with the process otherwise, not with us
    client.disconnect();
  }
}
