import type { Logger, Metrics } from '../../base/ports.js';
import { DELIVERY_TASK, type DueDelivery } from '../../features/webhooks/index.js';
import { JobQueue, type JobRegistry } from '../../jobs/index.js';
import type { Engines } from '../engines.js';
import type { KernelSettings } from '../settings/settings.js';

export interface WebhookQueueOptions {
  engines: Pick<Engines, 'redis' | 'queue'>;
  settings: KernelSettings;
  registry?: JobRegistry;
  logger: Logger;
  metrics: Metrics;
}

/** The queue of webhook deliveries, beside the one of jobs. Of what has ended it keeps nothing: the deliveries do. */
export function openWebhookQueue({ engines, settings, registry, logger, metrics }: WebhookQueueOptions): JobQueue {
  const { redis, queue } = engines;
  return new JobQueue({
    redis: redis.jobs,
    prefix: redis.key(settings.redis.keyPrefix),
    name: 'webhooks',
    ...(registry && { registry }),
    signals: queue.signals,
    resultTtlMs: 0,
    maxDead: 100,
    logger,
    metrics,
  });
}

/** Says that deliveries are due, from a process that sends none itself. Where nobody hears it, they are found a little later. */
export function announceOn(queue: JobQueue, logger: Logger): (due: readonly DueDelivery[]) => Promise<void> {
  return async function announce(due) {
    try {
      await queue.enqueueMany(due.map((data) => ({ task: DELIVERY_TASK, data })));
    } catch (error) {
      logger.warn({ err: error, deliveries: due.length }, 'Webhooks could not be put in line; sent later');
    }
  };
}
