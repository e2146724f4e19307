import { runWithContext, withoutContext } from '../../base/context.js';
import { ConfigError } from '../../base/errors.js';
import type { Logger } from '../../base/ports.js';
import { KernelJobOutbox } from '../../features/jobs/index.js';
import { EventTrigger, eventTriggerService } from '../../features/webhooks/index.js';
import { JobRegistry, type TaskHandler } from '../../jobs/index.js';
import { declaredEntities, type EntityTarget } from '../../orm/index.js';
import { openEngines } from '../engines.js';
import { type EnvironmentName, environmentVariables, getEnv } from '../env/index.js';
import { announceOn, openWebhookQueue } from '../jobs/webhook-queue.js';
import { closeOnSignals } from '../process-signals.js';
import type { ServiceConfig } from '../settings/config.js';
import type { ServiceOptions } from '../settings/options.js';
import { resolveSettings } from '../settings/resolve-options.js';
import type { KernelSettings } from '../settings/settings.js';
import { openTracer } from '../telemetry/observers.js';
import { openTelemetry, TELEMETRY_ENTITIES } from '../telemetry/open-telemetry.js';
import { openWorkerParts } from './worker-parts.js';
import { createWorkers } from './workers.js';

export interface RunWorkerOptions {
  /** Handlers by task name, or a registry of them. */
  tasks: Readonly<Record<string, TaskHandler>> | JobRegistry;
  /** Default: that of `config`. A queue in memory would reach nobody else, so there must be one. */
  redisUrl?: string;
  /** What handlers get as `db`; its tables are those that the service keeps, nothing is migrated here. */
  databaseUrl?: string;
  /** As the service has it. */
  redisNamespace?: string;
  /** Default: every `@Entity` class that was imported. */
  entities?: readonly EntityTarget[];
  /** Jobs in flight at once. Default 4, or the `workerCount` of `config`. */
  concurrency?: number;
  config?: ServiceConfig;
  /** Name of the service whose jobs these are: usage is counted for it. Default `name`; without either, none is counted. */
  service?: string;
  /** Name in logs. Default `worker`. */
  name?: string;
  logger?: Logger;
  /** Longest graceful shutdown, ms. Default 30 s. */
  shutdownTimeoutMs?: number;
}

/** A worker process at work. */
export interface RunningWorker {
  /** Takes no more jobs, lets running ones finish or gives them back, and closes what was opened. Idempotent. */
  close(): Promise<void>;
}

const SHUTDOWN_TIMEOUT_MS = 30_000;

/**
 * Runs jobs in a process of their own, without HTTP: resolves once it takes them. Handlers find the same database,
 * cache, locks and mailer as in a service. SIGTERM and SIGINT end it as they end a service.
 * @throws ConfigError when no Redis is named.
 */
export function runWorker(options: RunWorkerOptions): Promise<RunningWorker> {
  return withoutContext(() => start(options));
}

async function start(options: RunWorkerOptions): Promise<RunningWorker> {
  const { name = 'worker', shutdownTimeoutMs = SHUTDOWN_TIMEOUT_MS } = options;
  const environment = getEnv(environmentVariables());
  const settings = workerSettings(options, name, environment);
  if (settings.redis.url === null) refuseWithoutRedis();
  const registry = options.tasks instanceof JobRegistry ? options.tasks : JobRegistry.from(options.tasks);
  const own = openWorkerParts(settings, { name, environment, logger: options.logger });
  const { services, lifecycle, logger, metrics } = own;
  const entities = [...new Set([...(options.entities ?? declaredEntities()), KernelJobOutbox])];
  const isProd = environment === 'prod';
  const parts = { ...own, jobRegistry: registry, entities, isProd };
  const close = () => runWithContext({ services }, () => lifecycle.close());
  try {
    openTracer(settings, services);
    const engines = await openEngines({ ...parts, recorded: TELEMETRY_ENTITIES, needsRedis: true });
    openTelemetry({ ...parts, countsFor: options.service ?? options.name ?? null }, engines);
    const { outbox, queue, database: db } = engines;
    if (db) {
      const webhooks = openWebhookQueue({ engines, settings, logger, metrics });
      services.provide(eventTriggerService, new EventTrigger({ db, announce: announceOn(webhooks, logger) }));
    }
    outbox?.start(queue);
    if (outbox) lifecycle.push('the outbox of jobs', () => outbox.stop());
    const workers = createWorkers({ ...parts, ...engines, registry });
    await workers.start({ concurrency: options.concurrency ?? (options.config?.fields.workerCount || undefined) });
    lifecycle.push('the job workers', () => workers.stop({ timeoutMs: shutdownTimeoutMs }));
  } catch (error) {
    await close().catch((fault) => logger.error({ err: fault }, 'The failed start left something open'));
    throw error;
  }
  logger.info({ tasks: Object.keys(registry.tasks) }, `${name} takes jobs`);
  return closedOnSignals(close, logger, shutdownTimeoutMs);
}

function closedOnSignals(close: () => Promise<void>, logger: Logger, timeoutMs: number): RunningWorker {
  const worker: RunningWorker = {
    close: async () => {
      forget();
      await close();
    },
  };
  const forget = closeOnSignals(worker, { logger, timeoutMs });
  return worker;
}

function workerSettings(options: RunWorkerOptions, name: string, environment: EnvironmentName): KernelSettings {
  const { config, redisUrl, redisNamespace } = options;
  const jwtSecret = 'nothing is signed here';
  const given = { name, config, redisUrl, redisNamespace, jwtSecret } as ServiceOptions;
  const databaseUrl = options.databaseUrl ?? config?.fields.databaseUrl ?? null;
  return { ...resolveSettings(given, environment), databaseUrl };
}

function refuseWithoutRedis(): never {
  throw new ConfigError('The worker cannot start:', [
    { field: 'redisUrl', fault: 'no Redis is named, so no job could reach it', mend: 'Set it, or REDIS_URL' },
  ]);
}
