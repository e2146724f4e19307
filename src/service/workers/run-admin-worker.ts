import { runWithContext, withoutContext } from '../../base/context.js';
import { ConfigError } from '../../base/errors.js';
import type { Logger } from '../../base/ports.js';
import { JobRegistry } from '../../jobs/index.js';
import type { EntityTarget } from '../../orm/index.js';
import { openEngines } from '../engines.js';
import { environmentVariables, getEnv } from '../env/index.js';
import { closeOnSignals } from '../process-signals.js';
import type { ServiceConfig } from '../settings/config.js';
import type { ServiceOptions } from '../settings/options.js';
import { resolveSettings } from '../settings/resolve-options.js';
import { openTelemetry, TELEMETRY_ENTITIES } from '../telemetry/open-telemetry.js';
import { openWorkerParts } from './worker-parts.js';

export interface RunAdminWorkerOptions {
  /** Default: that of `config`. Events in memory would reach nobody else, so there must be one. */
  redisUrl?: string;
  /** Where the service keeps its rows; its tables are not migrated here. Default: that of `config`. */
  databaseUrl?: string;
  /** Where records are written; default that of `config`, else `databaseUrl`. */
  adminDbUrl?: string;
  /** As the service has it. */
  redisNamespace?: string;
  /** Days that records are kept, by kind. */
  retention?: ServiceOptions['retention'];
  /** The service's entities, where they are known: values in records are typed by them. Default none. */
  entities?: readonly EntityTarget[];
  config?: ServiceConfig;
  /** Name in logs. Default `admin-worker`. */
  name?: string;
  logger?: Logger;
  /** Longest graceful shutdown, ms. Default 30 s. */
  shutdownTimeoutMs?: number;
}

/** A process that stores what services publish. */
export interface RunningAdminWorker {
  /** Ends after the batches that are being stored. Idempotent. */
  close(): Promise<void>;
}

/**
 * Stores audit records and the like in a process of their own, for services with `adminWorkerEmbedded: false`, or to help
 * them: resolves once it works. SIGTERM and SIGINT end it as they end a service.
 * @throws ConfigError where no Redis or no database is named.
 */
export function runAdminWorker(options: RunAdminWorkerOptions): Promise<RunningAdminWorker> {
  return withoutContext(() => start(options));
}

async function start(options: RunAdminWorkerOptions): Promise<RunningAdminWorker> {
  const { name = 'admin-worker', shutdownTimeoutMs = 30_000, entities = [] } = options;
  const environment = getEnv(environmentVariables());
  const settings = resolveSettings(given(options, name), environment);
  refuseWithout(settings.redis.url, settings.databaseUrl);
  const own = openWorkerParts(settings, { name, environment, logger: options.logger });
  const { services, lifecycle, logger } = own;
  const parts = { ...own, entities, recorded: TELEMETRY_ENTITIES };
  const rest = { jobRegistry: new JobRegistry(), isProd: environment === 'prod', needsRedis: true };
  const close = () => runWithContext({ services }, () => lifecycle.close());
  try {
    const engines = await openEngines({ ...parts, ...rest });
    const telemetry = openTelemetry(parts, engines);
    await telemetry?.migrate();
    telemetry?.startAdminWorker();
  } catch (error) {
    await close().catch((fault) => logger.error({ err: fault }, 'The failed start left something open'));
    throw error;
  }
  logger.info(`${name} stores what is published`);
  const worker: RunningAdminWorker = {
    close: async () => {
      forget();
      await close();
    },
  };
  const forget = closeOnSignals(worker, { logger, timeoutMs: shutdownTimeoutMs });
  return worker;
}

function given(options: RunAdminWorkerOptions, name: string): ServiceOptions {
  const { config, redisUrl, databaseUrl, adminDbUrl, redisNamespace, retention } = options;
  const chosen = { config, redisUrl, databaseUrl, adminDbUrl, redisNamespace, retention };
  return { name, jwtSecret: 'nothing is signed here', ...chosen } as ServiceOptions;
}

function refuseWithout(redisUrl: string | null, databaseUrl: string | null): void {
  const faults = [
    ...(redisUrl === null ? [{ field: 'redisUrl', fault: 'no Redis is named', mend: 'Set it, or REDIS_URL' }] : []),
    ...(databaseUrl === null
      ? [{ field: 'databaseUrl', fault: 'no database is named', mend: 'Set it, or DATABASE_URL' }]
      : []),
  ];
  if (faults.length > 0) throw new ConfigError('The admin worker cannot start:', faults);
}
