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
  open({ settings, countsFor = settings.observability.serviceName, services, events, telemetry }) {
    const app = countsFor ?? '';
    const store = new UsageStore({ app, db: telemetry });
    const save = (batch: readonly UsageRecord[]): Promise<void> => store.save(batch);
    const sink = events.open<UsageRecord>({ key: 'metering_events', save });
    if (app !== '') services.provide(usageService, { app, store, sink });
  },
};
