import type { Logger, Metrics } from '../../base/ports.js';
import type { Services } from '../../base/services.js';
import { type JobQueue, type JobRegistry, JobWorker, JobWorkers } from '../../jobs/index.js';
import type { Database } from '../../orm/index.js';
import type { RedisConnection } from '../../redis/index.js';
import { tracerService } from '../../telemetry/index.js';
import type { KernelSettings } from '../settings/settings.js';

export interface WorkersOptions {
  queue: JobQueue;
  registry: JobRegistry;
  database: Database | undefined;
  redis: RedisConnection;
  settings: KernelSettings;
  services: Services;
  logger: Logger;
  metrics: Metrics;
}

/** Workers whose handlers get the kernel's database and services. None is started. */
export function createWorkers(options: WorkersOptions): JobWorkers {
  const { queue, registry, database, redis, settings, services, logger, metrics } = options;
  const tracer = services.get(tracerService);
  const { threadPoolSize, retryDelaysSeconds } = settings.jobs;
  return new JobWorkers(
    ({ concurrency }) =>
      new JobWorker({
        queue,
        registry,
        ...(concurrency !== undefined && { concurrency }),
        threadPoolSize,
        leaseThread: redis.openConnections < settings.redis.maxConnections, // it needs one of its own
        retryDelaysMs: retryDelaysSeconds.map((seconds) => seconds * 1000),
        withDb: (context, run) => {
          const work = async () => run(database as never);
          return tracer ? tracer.runJob(context, work) : work();
        },
        services,
        logger,
        metrics,
      }),
  );
}
