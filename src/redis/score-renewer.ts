import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { Logger } from '../base/ports.js';
import type { RedisClient } from './redis-client.js';

export interface ScoreRenewerOptions {
  /** A sorted set of which `member` has the time of its end as its score, Unix ms by the server's clock. */
  key: string;
  member: string;
  /** How far ahead of now that time is put, ms. */
  lifeMs: number;
  everyMs: number;
  logger: Logger;
}

/** So much longer is allowed, that not each of many short jobs has to allow a little more. */
const SLACK_MS = 100;

/** The thread's whole program. A text, so that it needs no file beside it, whatever bundles or compiles this one. */
const PROGRAM = `
const { workerData } = require('node:worker_threads');
const { Redis, Cluster } = require(workerData.ioredis);
const { connection, nodes, key, member, lifeMs, everyMs, until } = workerData;
const options = { ...connection, maxRetriesPerRequest: 1 };
const client = nodes ? new Cluster(nodes, { redisOptions: options }) : new Redis(options);
client.on('error', () => {});
const now = () => process.hrtime.bigint() / 1000000n;
const RENEW = \`
local clock = redis.call('TIME')
local ending = clock[1] * 1000 + math.floor(clock[2] / 1000) + ARGV[2]
return redis.call('ZADD', KEYS[1], 'XX', string.format('%.0f', ending), ARGV[1])
\`;
setInterval(() => {
  if (now() < Atomics.load(until, 0)) client.eval(RENEW, 1, key, member, lifeMs).catch(() => {});
}, everyMs);
`;

/** What of a client's options makes another one like it. */
const CONNECTION_OPTIONS = [
  'host',
  'port',
  'path',
  'family',
  'username',
  'password',
  'db',
  'tls',
  'sentinels',
  'name',
  'sentinelUsername',
  'sentinelPassword',
  'connectTimeout',
  'commandTimeout',
] as const;

/**
 * Renews the end of a sorted set's member from a thread and a connection of its own, so that it goes on while this
 * thread is busy. Only as long as it is allowed to: `allow` says until when, for a thread that is stuck for good must
 * not be kept alive. It never adds a member that is gone.
 */
export class ScoreRenewer {
  readonly #until = new BigInt64Array(new SharedArrayBuffer(8));
  readonly #thread: Worker;
  #allowedTo = 0;

  /** Whether the client speaks to a server; nothing outside this thread reaches the in-memory Redis. */
  static serves(client: RedisClient): boolean {
    return 'connector' in client || 'startupNodes' in client;
  }

  /** @throws Error where the client's options cannot be given to a thread, such as functions among those of TLS. */
  constructor(client: RedisClient, { logger, ...renewal }: ScoreRenewerOptions) {
    const { nodes, options } = sourceOf(client);
    const connection = Object.fromEntries(CONNECTION_OPTIONS.map((name) => [name, options[name]]));
    const ioredis = createRequire(import.meta.url).resolve('ioredis');
    const workerData = { ioredis, connection, nodes, until: this.#until, ...renewal };
    this.#thread = new Worker(PROGRAM, { eval: true, workerData });
    this.#thread.unref();
    this.#thread.on('error', (error) => logger.warn({ err: error }, 'The thread that keeps the lease ended'));
  }

  /** It may renew for the next `ms`, or for as long as was said before. */
  allow(ms: number): void {
    const end = performance.now() + ms;
    if (end <= this.#allowedTo) return;
    this.#allowedTo = end + SLACK_MS;
    const until = monotonicMs() + BigInt(Math.ceil(ms + SLACK_MS));
    if (until > Atomics.load(this.#until, 0)) Atomics.store(this.#until, 0, until);
  }

  /** It may renew for the next `ms`, whatever was said before. */
  allowOnly(ms: number): void {
    this.#allowedTo = performance.now() + ms;
    Atomics.store(this.#until, 0, monotonicMs() + BigInt(Math.ceil(ms)));
  }

  async close(): Promise<void> {
    await this.#thread.terminate();
  }
}

/** The options of a client, and where a cluster's client begins to look for the others. */
function sourceOf(client: RedisClient): { nodes?: unknown; options: Readonly<Record<string, unknown>> } {
  const { options, startupNodes: nodes } = client as unknown as {
    options: Record<string, object>;
    startupNodes?: unknown;
  };
  return client.isCluster ? { nodes, options: { ...options.redisOptions } } : { options };
}

/** The same in every thread. */
function monotonicMs(): bigint {
  return process.hrtime.bigint() / 1_000_000n;
}
