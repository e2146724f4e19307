import { join } from 'node:path';
import type { Clock } from '../base/clock.js';
import { ConfigError } from '../base/errors.js';
import type { Lifecycle } from '../base/lifecycle.js';
import type { Logger } from '../base/ports.js';
import type { Services } from '../base/services.js';
import { createMailer, type Mailer, mailerService } from '../features/email/index.js';
import { Outbox } from '../features/jobs/index.js';
import { JobQueue, type JobRegistry, jobQueueService } from '../jobs/index.js';
import { connect, type Database, databaseService, type EntityTarget } from '../orm/index.js';
import { connectRedis, type RedisConnection, redisService } from '../redis/index.js';
import {
  Cache,
  cacheService,
  LocalLocks,
  lockService,
  RateLimiter,
  RedisLocks,
  rateLimitConfig,
  rateLimiterService,
  StreamLeases,
  streamLeaseService,
} from '../reliability/index.js';
import { EventHub, eventHubService, type KernelMetrics, spanTracer } from '../telemetry/index.js';
import type { KernelSettings } from './settings/settings.js';

export interface EnginesOptions {
  settings: KernelSettings;
  services: Services;
  lifecycle: Lifecycle;
  logger: Logger;
  metrics: KernelMetrics;
  jobRegistry: JobRegistry;
  entities: readonly EntityTarget[];
  /** The tables of what is recorded; in a database of their own where there is `adminDbUrl`. */
  recorded: readonly EntityTarget[];
  isProd: boolean;
  /** Memory will not do in its place, in no environment. */
  needsRedis?: boolean;
  clock?: Clock | undefined;
  newId?: ((table: string) => string) | undefined;
}

/** What stands on a server: opened together, closed in reverse. */
export interface Engines {
  redis: RedisConnection;
  database: Database | undefined;
  /** Where audit records and the like are written and read; the same one, or one of their own. */
  telemetry: Database | undefined;
  /** What is recorded, on its way there. */
  events: EventHub;
  limiter: RateLimiter;
  queue: JobQueue;
  outbox: Outbox | undefined;
}

/** Connects Redis and the database at once and builds what stands on them. */
export async function openEngines(options: EnginesOptions): Promise<Engines> {
  const [redis, database, own] = await allOrNone([openRedis(options), openDatabase(options), openTelemetry(options)]);
  const telemetry = own ?? database;
  const { services, lifecycle, settings, logger, metrics, jobRegistry, isProd, clock } = options;
  const { client, isFake } = redis;
  const common = { logger, metrics };
  const timed = { ...common, ...(clock && { clock }) };
  // The in-memory engine interprets Lua at milliseconds a call; a window of this process is as exact, and 200 times faster.
  const limiter = new RateLimiter(
    isFake ? null : client,
    rateLimitConfig({ keyPrefix: redis.key('ratelimit:') }),
    timed,
  );
  const outbox = database && settings.jobs.outbox ? new Outbox({ db: database, logger }) : undefined;
  const queue = new JobQueue({
    redis: redis.jobs,
    prefix: redis.key(settings.redis.keyPrefix),
    registry: jobRegistry,
    outbox,
    openSubscriber: () => redis.open('job signals'),
    maxAttempts: settings.jobs.maxAttempts,
    timeoutMs: settings.jobs.workTimeoutSeconds * 1000,
    ...common,
  });
  services.provide(redisService, redis);
  if (database) services.provide(databaseService, database);
  services.provide(rateLimiterService, limiter);
  services.provide(jobQueueService, queue);
  services.provide(cacheService, new Cache({ redis: client, prefix: redis.key('cache:'), isFake, isProd, ...timed }));
  services.provide(
    lockService,
    isFake ? new LocalLocks(clock) : new RedisLocks(client, { prefix: redis.key('lock:') }),
  );
  const { maxConcurrentPerUser: limit, leaseTtlSeconds: ttlSeconds, leaseKeyNamespace } = settings.streaming;
  const prefix = redis.key(`${settings.redis.keyPrefix}${leaseKeyNamespace}:`);
  services.provide(streamLeaseService, new StreamLeases(client, { limit, ttlSeconds, prefix }));
  services.provide(mailerService, openMailer(options));
  const events = new EventHub({ redis: client, prefix: redis.key(''), volatile: isFake, ...common });
  services.provide(eventHubService, events);
  lifecycle.push('events on their way', () => events.close());
  return { redis, database, telemetry, events, limiter, queue, outbox };
}

async function openRedis(options: EnginesOptions): Promise<RedisConnection> {
  const { settings, lifecycle, logger, metrics, isProd, needsRedis = false, clock } = options;
  const { url, ...redis } = settings.redis;
  const allowFallback = !needsRedis && (!isProd || redis.allowFallback);
  const connection = await connectRedis({ ...redis, url: url ?? undefined, allowFallback, logger, clock });
  lifecycle.push('Redis', () => connection.close());
  metrics.gauge('redis_in_memory', connection.isFake ? 1 : 0);
  return connection;
}

function openDatabase(options: EnginesOptions): Promise<Database | undefined> {
  const { settings, entities, recorded } = options;
  const isWhole = settings.telemetry.adminDbUrl === null;
  return open(settings.databaseUrl, 'databaseUrl', isWhole ? [...entities, ...recorded] : entities, options);
}

/** The database that only holds what is recorded. Its files have a folder of their own: no restore takes one for the other. */
function openTelemetry(options: EnginesOptions): Promise<Database | undefined> {
  const { settings, recorded } = options;
  const url = settings.databaseUrl === null ? null : settings.telemetry.adminDbUrl;
  const dataDir = join(settings.database.dataDir, 'telemetry');
  return open(url, 'adminDbUrl', recorded, { ...options, dataDir });
}

async function open(
  url: string | null,
  field: string,
  entities: readonly EntityTarget[],
  { settings, lifecycle, logger, clock, newId, dataDir }: EnginesOptions & { dataDir?: string },
): Promise<Database | undefined> {
  if (url === null) return undefined;
  assertUrl(url, field);
  const { backupSchedule: _, backupRetention, backupStore, backupEncryption, ...options } = settings.database;
  const database = await connect(url, {
    ...options,
    ...(backupRetention && { backupRetention }),
    ...(backupStore && { backupStore }),
    ...(backupEncryption && { backupEncryption }),
    ...(clock && { clock }),
    ...(newId && { newId }),
    ...(dataDir && { dataDir }),
    entities: [...entities],
    ...(settings.tracing.enabled && { tracer: spanTracer }),
    logger,
  });
  lifecycle.push(`the database of ${field}`, () => database.close());
  return database;
}

/** Node's own error for what is no URL carries it whole, with the password. */
function assertUrl(url: string, field: string): void {
  if (URL.canParse(url)) return;
  const mend = url.startsWith('sqlite:')
    ? 'Write sqlite:./data/app.db or sqlite::memory:'
    : 'Percent-encode special characters of user and password: postgresql://user:p%2Fw@host:5432/name';
  throw new ConfigError('The database cannot be used as configured:', [{ field, fault: 'is not a URL', mend }]);
}

/** Mail that is only captured needs no real sender. */
function openMailer({ settings: { email }, logger, isProd, clock }: EnginesOptions): Mailer {
  const from = email.from ?? (isProd || email.smtpUrl ? null : 'no-reply@localhost');
  return createMailer({ ...email, from, capture: !isProd, logger, ...(clock && { clock }) });
}

/** Waits for every opening, so that what did open is on the lifecycle before a failure is passed on. */
async function allOrNone<T extends readonly unknown[]>(
  openings: { [Index in keyof T]: Promise<T[Index]> },
): Promise<T> {
  await Promise.allSettled(openings);
  return Promise.all(openings) as unknown as Promise<T>;
}
