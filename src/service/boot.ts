import type { Lifecycle } from '../base/lifecycle.js';
import type { Logger } from '../base/ports.js';
import type { Services } from '../base/services.js';
import { type Auth, type AuthConfig, ensureAdmin } from '../features/auth/index.js';
import { mailerService } from '../features/email/index.js';
import type { Readiness } from '../features/health/index.js';
import { compose, createStack, type HttpMiddleware, Idempotency, RateLimits, type RouteTable } from '../http/index.js';
import { type JobRegistry, jobWorkersService } from '../jobs/index.js';
import { entityMeta } from '../orm/index.js';
import { cacheService, IdempotencyStore } from '../reliability/index.js';
import type { KernelMetrics } from '../telemetry/index.js';
import { SharedMetrics } from './cluster/shared-metrics.js';
import { type Engines, openEngines } from './engines.js';
import { type EnvironmentName, workerPlace } from './env/index.js';
import { buildIdentity, type Identity } from './identity.js';
import { BackupSchedule } from './jobs/backup-schedule.js';
import { entitiesOf } from './kernel-entities.js';
import type { KernelParts } from './kernel-parts.js';
import type { KernelRuntime } from './kernel-runtime.js';
import { openRooms, type Room } from './rooms/index.js';
import { mountRoutes } from './routes/mount-routes.js';
import { openStaticFiles } from './routes/static-files.js';
import type { KernelSettings } from './settings/settings.js';
import { watchEngines } from './telemetry/gauges.js';
import { openObservers, openTracer } from './telemetry/observers.js';
import { openTelemetry, TELEMETRY_ENTITIES, type Telemetry } from './telemetry/open-telemetry.js';
import { version } from './version.js';
import { createWorkers } from './workers/workers.js';

export interface BootOptions {
  kernel: KernelRuntime;
  settings: KernelSettings;
  environment: EnvironmentName;
  parts: KernelParts & { jobRegistry: JobRegistry };
  authConfig: AuthConfig;
  logger: Logger;
  metrics: KernelMetrics;
  services: Services;
  readiness: Readiness;
  lifecycle: Lifecycle;
}

/** A kernel whose engines are open. */
export interface RunningKernel {
  engines: Engines;
  identity: Identity;
  routes: RouteTable;
  stack: { before: HttpMiddleware; route: HttpMiddleware };
  /** Migrates, seeds and starts the workers. */
  begin(): Promise<void>;
}

/** Opens the engines and builds the pipeline on them. What is opened is on `lifecycle` at once. */
export async function bootKernel(options: BootOptions): Promise<RunningKernel> {
  const { settings, environment, parts, logger, metrics, services, readiness, kernel } = options;
  const isProd = environment === 'prod';
  const { jobRegistry, clock, newId } = parts;
  const entities = entitiesOf(settings, parts);
  openTracer(settings, services);
  const opened = { ...options, clock, newId, jobRegistry, entities, recorded: TELEMETRY_ENTITIES, isProd };
  const engines = await openEngines(opened);
  const telemetry = openTelemetry({ ...options, clock }, engines);
  const identity = buildIdentity(options, engines);
  const { auth } = identity;
  voidWhatIsWritten(options, engines);
  watchServers(readiness, engines);
  const unwatch = watchEngines({ metrics, ...engines });
  options.lifecycle.push('the gauges', async () => unwatch());
  const mailer = services.get(mailerService);
  const rooms = openRooms({ ...options, engines, identity });
  const routes = mountRoutes({
    rooms,
    settings,
    version: parts.version ?? '1.0.0',
    description: parts.description ?? '',
    routers: parts.routers ?? [],
    identity,
    hasAccounts: parts.userStore !== undefined || engines.database !== undefined,
    readiness,
    renderMetrics: metricsOfAll(options),
    mailbox: isProd || !mailer || mailer.isConfigured ? undefined : { mailer, openLocally: isPersonal(options) },
  });
  const { before, route } = createStack({
    routes,
    logger,
    metrics,
    security: { ...settings.security, debug: settings.security.debug && !isProd },
    sensitiveParams: settings.observability.sensitiveParams,
    cors: settings.cors,
    production: isProd,
    trustProxy: parts.trustProxy,
    apiPrefix: settings.features.kernelPrefix,
    authenticate: settings.auth.enabled ? auth.authenticate : undefined,
    rateLimits: buildRateLimits(options, engines),
    idempotency: buildIdempotency(options, engines),
    streams: kernel.streams,
    ...openObservers(settings, services, parts.trustProxy),
    files: openStaticFiles(parts.rootDir, settings.features.kernelPrefix),
    services,
    // Where nobody signs in, a user is who has a key.
    state: { kernel, isKeyAdmitted: settings.features.authMode === 'apikey' },
  });
  const stack = { before: compose(before), route };
  return { engines, identity, routes, stack, begin: () => begin(options, { engines, auth, rooms, telemetry }) };
}

/** Of every process on this port, whichever of them is asked. */
function metricsOfAll({ settings, metrics, lifecycle }: BootOptions): () => Promise<string> {
  const place = workerPlace();
  if (!place) return () => metrics.render();
  const shared = new SharedMetrics({ service: settings.observability.serviceName, place, metrics });
  const stop = shared.start();
  lifecycle.push('the metrics of all workers', async () => stop());
  return () => shared.render();
}

/** A developer's own machine, where nobody else comes by way of a proxy. */
function isPersonal({ environment, parts }: BootOptions): boolean {
  return environment !== 'staging' && environment !== 'uat' && !parts.trustProxy;
}

/** A table's name and `<table>:<id>` are tags of the cache: what was cached with them is void once the row has changed. */
function voidWhatIsWritten({ lifecycle, services }: BootOptions, { database }: Engines): void {
  const cache = services.get(cacheService);
  if (!database || !cache || cache.backendType === 'disabled') return;
  // Three records of each request, none of which anybody caches: 8 % of the CPU of a busy service went into voiding them.
  const recorded = new Set(TELEMETRY_ENTITIES.map((entity) => entityMeta(entity).table));
  const stop = database.on('change', ({ table, id }) =>
    recorded.has(table) ? undefined : cache.invalidateTags(table, `${table}:${id}`),
  );
  lifecycle.push('cache tags', async () => stop());
}

function buildRateLimits({ settings, logger, metrics }: BootOptions, { limiter }: Engines): RateLimits | null {
  const { reliability } = settings;
  if (!reliability.rateLimitEnabled) return null;
  const tiers = {
    anonymous: reliability.rateLimitAnonymousRpm,
    authenticated: reliability.rateLimitAuthenticatedRpm,
    admin: reliability.rateLimitAdminRpm,
    windowSeconds: reliability.rateLimitWindowSeconds,
  };
  return new RateLimits({ limiter, tiers, logger, metrics });
}

function buildIdempotency({ settings, logger }: BootOptions, { redis }: Engines): Idempotency | null {
  const { idempotencyEnabled, idempotencyTtlSeconds: ttlSeconds } = settings.reliability;
  if (!idempotencyEnabled) return null;
  const store = new IdempotencyStore(redis.client, {
    prefix: redis.key('idempotent:'),
    secret: settings.auth.tokenSecret,
  });
  return new Idempotency({ store, ttlSeconds, logger });
}

/** Servers can go away; what lives in this process cannot, and is not asked. */
function watchServers(readiness: Readiness, { redis, database }: Engines): void {
  if (!redis.isFake) {
    readiness.add('redis', async () => {
      await redis.ping();
      return [true, 'connected'];
    });
  }
  if (database && database.engine !== 'sqlite') {
    readiness.add('database', async () => {
      await database.query('SELECT 1');
      return [true, 'connected'];
    });
  }
}

interface Opened {
  engines: Engines;
  auth: Auth;
  rooms: readonly Room[];
  telemetry: Telemetry | undefined;
}

async function begin(options: BootOptions, { engines, auth, rooms, telemetry }: Opened): Promise<void> {
  const { kernel, parts, lifecycle, metrics, logger, settings } = options;
  await telemetry?.migrate();
  await migrate(options, engines);
  await telemetry?.startRooms();
  if (settings.telemetry.adminWorkerEmbedded) telemetry?.startAdminWorker();
  if (parts.admin) await ensureAdmin(parts.admin, kernel.userStore, auth.hasher);
  lifecycle.push('onShutdown', async () => void (await parts.onShutdown?.()));
  for (const room of rooms) await room.start?.();
  await parts.onStartup?.();
  await startWorkers(options, engines);
  await startBackups(options, engines);
  metrics.markStarted();
  logger.info({ kernel: version, environment: options.environment }, `${settings.observability.serviceName} is ready`);
}

async function migrate({ parts }: BootOptions, { database }: Engines): Promise<void> {
  if (!database) return;
  await database.migrate();
  if (!parts.schemaInit && !parts.dbSeed) return;
  await database.withMigrationLock(async (db) => {
    await parts.schemaInit?.(db);
    await parts.dbSeed?.(db);
  });
}

/** What is in memory has nothing to go back to. */
async function startBackups({ settings, lifecycle, logger, parts }: BootOptions, { database }: Engines): Promise<void> {
  const { backupSchedule: cron } = settings.database;
  if (!database || cron === null || settings.databaseUrl?.endsWith(':memory:')) return;
  const schedule = new BackupSchedule({ database, cron, logger, ...(parts.clock && { clock: parts.clock }) });
  await schedule.start();
  lifecycle.push('scheduled backups', () => schedule.stop());
}

/** Those of `startWorkers()` as well: they are stopped with the kernel. */
async function startWorkers(options: BootOptions, engines: Engines): Promise<void> {
  const { kernel, settings, parts, lifecycle, services } = options;
  const { outbox, queue } = engines;
  outbox?.start(queue);
  if (outbox) lifecycle.push('the outbox of jobs', () => outbox.stop());
  const workers = createWorkers({ ...options, ...engines, registry: parts.jobRegistry });
  services.provide(jobWorkersService, workers);
  lifecycle.push('the job workers', () => workers.stop({ timeoutMs: kernel.shutdownTimeLeftMs }));
  const { workerCount } = settings.jobs;
  if (workerCount === 0 || Object.keys(parts.jobRegistry.tasks).length === 0) return;
  await workers.start({ concurrency: workerCount });
}
