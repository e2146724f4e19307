import type { RedisOptions } from 'ioredis';
import { backoffDelay } from '../base/backoff.js';
import type { RedisClient } from './redis-client.js';
import { parseRedisUrl, type RedisAddress } from './redis-url.js';

const RECONNECT = { baseMs: 50, factor: 2, capMs: 1000, jitter: 0.3 };
/** About 2.5 s of reconnecting; then waiting commands fail, so that a long outage cannot fill the memory with them. */
const RECONNECTS_PER_COMMAND = 6;
/** A cluster that lost a master needs its node timeout and an election, some seconds in all, before it has another. */
const REDIRECTIONS = 40;
const REDIRECTION_MS = 200;

/** A client for what `url` names, not connected yet. */
export async function makeClient(
  url: string,
  limits: Pick<RedisOptions, 'commandTimeout' | 'connectTimeout'>,
): Promise<RedisClient> {
  const address = parseRedisUrl(url);
  const { Redis, Cluster } = await import('ioredis');
  const options: RedisOptions = {
    ...limits,
    socketTimeout: limits.commandTimeout ?? 0, // a peer that is gone without a word would else be written to for minutes
    maxRetriesPerRequest: RECONNECTS_PER_COMMAND,
    retryStrategy: (attempt) => backoffDelay(attempt, RECONNECT),
    reconnectOnError: isDemoted,
    lazyConnect: true,
  };
  switch (address.kind) {
    case 'single':
      return new Redis(address.url, options);
    case 'sentinel':
      return new Redis({ ...options, ...credentials(address), ...sentinelOptions(address) });
    case 'cluster': {
      const cluster = new Cluster([...address.nodes], {
        lazyConnect: true,
        redisOptions: { ...options, ...credentials(address) },
        clusterRetryStrategy: (attempt) => backoffDelay(attempt, RECONNECT),
        maxRedirections: REDIRECTIONS,
        retryDelayOnFailover: REDIRECTION_MS,
        retryDelayOnClusterDown: REDIRECTION_MS,
      });
      return cluster as unknown as RedisClient; // it takes the same commands
    }
  }
}

function credentials({ username, password, tls }: RedisAddress): RedisOptions {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
  };
}

function sentinelOptions({ nodes, master, db, tls }: RedisAddress & { kind: 'sentinel' }): RedisOptions {
  return { sentinels: [...nodes], name: master, db, enableTLSForSentinelMode: tls, sentinelRetryStrategy: () => 200 };
}

/** After a failover the old primary answers, but takes no writes; a new connection finds the new one. */
function isDemoted(error: Error): boolean {
  return error.message.startsWith('READONLY');
}
