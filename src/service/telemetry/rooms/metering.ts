import {
  UsageEvent,
  type UsageRecord,
  UsageStore,
  UsageSummary,
  usageService,
} from '../../../features/metering/index.js';
import type { TelemetryRoom } from '../telemetry-room.js';

/** What users and workspaces use. The sums are small and stay. */
export const meteringTelemetry: TelemetryRoom = {
  entities: [UsageEvent, UsageSummary],
  retention: [{ entity: UsageEvent, field: 'timestamp', setting: 'usageEvents' }],
  open({ settings, services, events, telemetry }) {
    const app = settings.observability.serviceName;
    const store = new UsageStore({ app, db: telemetry });
    const save = (batch: readonly UsageRecord[]): Promise<void> => store.save(batch);
    services.provide(usageService, { app, store, sink: events.open<UsageRecord>({ key: 'metering_events', save }) });
  },
};
