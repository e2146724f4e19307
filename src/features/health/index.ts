export { createMetricsRouter } from './metrics-routes.js';
export {
  type HealthCheck,
  type HealthCheckFn,
  type HealthCheckResult,
  Readiness,
  type ReadinessOptions,
} from './readiness.js';
export { createRootInfoRouter } from './root-info.js';
export { createHealthRouter, type HealthRouterOptions } from './routes.js';
