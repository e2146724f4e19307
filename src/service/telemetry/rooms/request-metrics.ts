import {
  type RequestEvent,
  RequestMetric,
  RequestMetricsStore,
  requestSinkService,
} from '../../../features/request-metrics/index.js';
import type { TelemetryRoom } from '../telemetry-room.js';

/** Every request that is answered. */
export const requestMetricsTelemetry: TelemetryRoom = {
  entities: [RequestMetric],
  retention: [{ entity: RequestMetric, field: 'timestamp', setting: 'requestMetrics' }],
  open({ services, events, telemetry }) {
    const store = new RequestMetricsStore({ db: telemetry });
    const save = (batch: readonly RequestEvent[]): Promise<void> => store.saveEvents(batch);
    services.provide(requestSinkService, events.open<RequestEvent>({ key: 'request_metrics', save }));
  },
};
