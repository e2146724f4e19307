export { type QueryParams, RequestMetric } from './entities.js';
export {
  type RequestMetricsOptions,
  recordRequests,
  requestSinkService,
  setupRequestMetrics,
} from './record-requests.js';
export type { RequestEvent } from './request-event.js';
export { type NewRequestMetric, RequestMetricsStore } from './request-metrics-store.js';
export type { RequestStats } from './request-stats.js';
export { createRequestMetricsRouter, type RequestMetricsRouterOptions } from './routes.js';
