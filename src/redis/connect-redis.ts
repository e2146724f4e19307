import type { Clock } from '../base/clock.js';
import { ConfigError } from '../base/errors.js';
import { type Logger, silentLogger } from '../base/ports.js';
import { openFakeClient } from './fake-client.js';
import { openRealClient } from './real-client.js';
import type { RedisClient } from './redis-client.js';
import { RedisConnection } from './redis-connection.js';
import { parseRedisUrl, redactRedisUrl } from './redis-url.js';
import { warnOfUnsafeServer } from './server-checks.js';

export interface ConnectRedisOptions {
  /**
   * `redis://host:6379`, a cluster as `redis+cluster://host:7000?node=host2:7001`, or sentinels as
   * `redis+sentinel://host:26379/0?master=name`; `rediss` for TLS. Without it an in-memory Redis serves this process.
   */
  url?: string | undefined;
  /** Prefix of every key, so that two services can share one Redis. Default none. */
  namespace?: string | undefined;
  /** Most clients this process opens. Default 10. */
  maxConnections?: number | undefined;
  /** Longest wait for a reply. Default 5 s. */
  socketTimeoutSeconds?: number | undefined;
  /** Longest wait for a connection. Default 5 s. */
  socketConnectTimeoutSeconds?: number | undefined;
  /** Serve from memory when `url` cannot be reached. Default false: refuse to start. */
  allowFallback?: boolean | undefined;
  logger?: Logger | undefined;
  /** What the in-memory Redis has for its time. */
  clock?: Clock | undefined;
}

/**
 * Opens the one Redis connection of a kernel.
 * @throws ConfigError for a malformed option.
 * @throws ConnectionError when `url` cannot be reached in time and `allowFallback` is false.
 */
export async function connectRedis(options: ConnectRedisOptions = {}): Promise<RedisConnection> {
  const maxConnections = options.maxConnections ?? 10;
  assertPositive('redis.maxConnections', maxConnections);
  const logger = options.logger ?? silentLogger;
  const { client, isFake } = await openClient(options, logger);
  if (!isFake) await warnOfUnsafeServer(client, logger);
  return new RedisConnection({ client, isFake, namespace: options.namespace ?? '', maxConnections });
}

async function openClient(
  options: ConnectRedisOptions,
  logger: Logger,
): Promise<{ client: RedisClient; isFake: boolean }> {
  if (!options.url) return { client: await openFakeClient(options.clock), isFake: true };
  parseRedisUrl(options.url);
  try {
    return { client: await openReal(options.url, options, logger), isFake: false };
  } catch (error) {
    if (!options.allowFallback) throw error;
    logger.warn(
      { err: error, redis: redactRedisUrl(options.url) },
      'Redis cannot be reached: serving from memory. Jobs, limits and sessions are this process’s own and end with it',
    );
    return { client: await openFakeClient(options.clock), isFake: true };
  }
}

function openReal(url: string, options: ConnectRedisOptions, logger: Logger): Promise<RedisClient> {
  const commandSeconds = options.socketTimeoutSeconds ?? 5;
  const connectSeconds = options.socketConnectTimeoutSeconds ?? 5;
  assertPositive('redis.socketTimeoutSeconds', commandSeconds);
  assertPositive('redis.socketConnectTimeoutSeconds', connectSeconds);
  return openRealClient({
    url,
    commandTimeoutMs: commandSeconds * 1000,
    connectTimeoutMs: connectSeconds * 1000,
    logger,
  });
}

function assertPositive(field: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return;
  throw new ConfigError('Redis cannot be used as configured', [
    { field, fault: `${value} is not a positive number`, mend: 'Leave it out for the default' },
  ]);
}
