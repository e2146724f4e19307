import { TraceSpan, TraceStore } from '../../../features/tracing/index.js';
import { type TraceEvent, tracerService } from '../../../telemetry/index.js';
import type { TelemetryRoom } from '../telemetry-room.js';

/** What happened in requests and jobs. */
export const tracingTelemetry: TelemetryRoom = {
  entities: [TraceSpan],
  retention: [{ entity: TraceSpan, field: 'startedAt', setting: 'traces' }],
  open({ services, events, telemetry }) {
    const store = new TraceStore({ db: telemetry });
    const save = (batch: readonly TraceEvent[]): Promise<void> => store.saveEvents(batch);
    const sink = events.open<TraceEvent>({ key: 'trace_events', save, batchSize: 250 });
    const tracer = services.get(tracerService);
    if (tracer) tracer.sink = sink;
  },
};
