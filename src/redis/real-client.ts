import { ConnectionError } from '../base/errors.js';
import type { Logger } from '../base/ports.js';
import { hideArguments } from './hide-arguments.js';
import { makeClient } from './make-client.js';
import type { RedisClient } from './redis-client.js';
import { redactRedisUrl } from './redis-url.js';

export interface RealClientOptions {
  url: string;
  /** Longest wait for one reply, ms. */
  commandTimeoutMs: number;
  /** Longest wait for the connection, ms. */
  connectTimeoutMs: number;
  logger: Logger;
}

/**
 * A connected client. It reconnects by itself for as long as it is open.
 * @throws ConnectionError when the first connection fails; names the URL without its password.
 */
export async function openRealClient(options: RealClientOptions): Promise<RedisClient> {
  const redis = await makeClient(options.url, {
    commandTimeout: options.commandTimeoutMs,
    connectTimeout: options.connectTimeoutMs,
  });
  const client = hideArguments(redis);
  const lastFault = logFaults(client, options);
  try {
    await withinLimit(client.connect(), options.connectTimeoutMs + options.commandTimeoutMs);
    return client;
  } catch (error) {
    client.disconnect();
    const fault = lastFault() ?? error;
    const reason = fault instanceof Error ? fault.message : String(fault);
    throw new ConnectionError(
      `Redis at ${redactRedisUrl(options.url)} cannot be reached (${reason}). Start it, or correct redisUrl`,
      { cause: fault },
    );
  }
}

/** One line per outage, not one per reconnect. */
function logFaults(client: RedisClient, { url, logger }: RealClientOptions): () => Error | undefined {
  let fault: Error | undefined;
  client.on('error', (error: Error) => {
    if (!fault) logger.warn({ err: error, redis: redactRedisUrl(url) }, 'Redis connection failed; reconnecting');
    fault = error;
  });
  client.on('ready', () => {
    if (fault) logger.info({ redis: redactRedisUrl(url) }, 'Redis connection is back');
    fault = undefined;
  });
  return () => fault;
}

async function withinLimit<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
