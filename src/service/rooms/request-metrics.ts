import { createRequestMetricsRouter, RequestMetricsStore } from '../../features/request-metrics/index.js';
import type { Room, RoomOptions } from './room.js';

/** The routes are there also where nothing is recorded at the moment: what has been is still of interest. */
export function openRequestMetrics({ settings, engines: { telemetry: db } }: RoomOptions): Room | undefined {
  if (!db || !settings.auth.enabled) return undefined;
  const router = createRequestMetricsRouter({ store: new RequestMetricsStore({ db }) });
  return { mount: (routes, prefix) => routes.mount([router], prefix) };
}
