import { Lifecycle } from '../../base/lifecycle.js';
import type { Logger } from '../../base/ports.js';
import { Services } from '../../base/services.js';
import {
  createLogger,
  createMetrics,
  type KernelMetrics,
  loggerService,
  metricsService,
} from '../../telemetry/index.js';
import { type EnvironmentName, environmentService } from '../env/index.js';
import type { KernelSettings } from '../settings/settings.js';

/** What any process has that works beside a service. */
export interface WorkerParts {
  settings: KernelSettings;
  services: Services;
  lifecycle: Lifecycle;
  logger: Logger;
  metrics: KernelMetrics;
}

export function openWorkerParts(
  settings: KernelSettings,
  { name, environment, logger: given }: { name: string; environment: EnvironmentName; logger: Logger | undefined },
): WorkerParts {
  const logger = given ?? createLogger({ name, level: settings.observability.logLevel });
  const metrics = createMetrics({ logger });
  const services = new Services();
  const lifecycle = new Lifecycle();
  services.provide(environmentService, environment);
  services.provide(loggerService, logger);
  services.provide(metricsService, metrics);
  lifecycle.push('the services', () => services.close());
  return { settings, services, lifecycle, logger, metrics };
}
