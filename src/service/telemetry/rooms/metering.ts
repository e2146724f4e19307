import {
  trimDays,
  trimMonthsAndYears,
  UsageEvent,
  type UsageRecord,
  UsageStore,
  UsageSummary,
  usageService,
} from '../../../features/metering/index.js';
import type { TelemetryRoom } from '../telemetry-room.js';

/** What users and workspaces use. */
export const meteringTelemetry: TelemetryRoom = {
  entities: [UsageEvent, UsageSummary],
  retention: [
    { entity: UsageEvent, field: 'timestamp', setting: 'usageEvents' },
    { entity: UsageSummary, field: 'period', setting: 'usageDays', trim: trimDays },
    { entity: UsageSummary, field: 'period', setting: 'usageSummaries', trim: trimMonthsAndYears },
  ],
  open({ settings, services, events, telemetry }) {
    const app = settings.observability.serviceName;
    const store = new UsageStore({ app, db: telemetry });
    const save = (batch: readonly UsageRecord[]): Promise<void> => store.save(batch);
    services.provide(usageService, { app, store, sink: events.open<UsageRecord>({ key: 'metering_events', save }) });
  },
};
