import { backoffDelay } from '../base/backoff.js';
import { ConnectionError } from '../base/errors.js';
import type { Logger } from '../base/ports.js';
import { hideArguments } from './hide-arguments.js';
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

const RECONNECT = { baseMs: 50, factor: 2, capMs: 1000, jitter: 0.3 };
/** About 2.5 s of reconnecting; then waiting commands fail, so that a long outage cannot fill the memory with them. */
const RECONNECTS_PER_COMMAND = 6;

/**
 * A connected client. It reconnects by itself for as long as it is open.
 * @throws ConnectionError when the first connection fails; names the URL without its password.
 */
export async function openRealClient(options: RealClientOptions): Promise<RedisClient> {
  const { Redis } = await import('ioredis');
  const redis: RedisClient = new Redis(options.url, {
    lazyConnect: true,
    commandTimeout: options.commandTimeoutMs,
    socketTimeout: options.commandTimeoutMs, // a peer that is gone without a word would else be written to for minutes
    connectTimeout: options.connectTimeoutMs,
    maxRetriesPerRequest: RECONNECTS_PER_COMMAND,
    retryStrategy: (attempt) => backoffDelay(attempt, RECONNECT),
    reconnectOnError: isDemoted,
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

/** After a failover the old primary answers, but takes no writes; a new connection finds the new one. */
function isDemoted(error: Error): boolean {
  return error.message.startsWith('READONLY');
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
