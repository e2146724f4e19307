export { createMetricsRouter, type MetricsProtection, type MetricsRouterOptions } from './metrics-routes.js';
export {
  type HealthCheck,
  type HealthCheckFn,
  type HealthCheckResult,
  Readiness,
  type ReadinessOptions,
  type ReadinessReport,
} from './readiness.js';
export { createRootInfoRouter, type RootInfoOptions } from './root-info.js';
export { createHealthRouter, type HealthRouterOptions } from './routes.js';
