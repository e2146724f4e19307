import type { Clock } from '../../base/clock.js';
import type { Lifecycle } from '../../base/lifecycle.js';
import type { Logger } from '../../base/ports.js';
import type { Services } from '../../base/services.js';
import type { Database, EntityTarget } from '../../orm/index.js';
import type { KernelMetrics } from '../../telemetry/index.js';
import type { Engines } from '../engines.js';
import type { KernelSettings } from '../settings/settings.js';
import { Retention } from './retention.js';
import { TELEMETRY_ROOMS } from './rooms/index.js';
import { SERVICE_RETENTION } from './service-tables.js';
import type { RetentionRule, TelemetryRoomOptions } from './telemetry-room.js';

export interface TelemetryOptions {
  clock?: Clock | undefined;
  settings: KernelSettings;
  services: Services;
  lifecycle: Lifecycle;
  logger: Logger;
  metrics: KernelMetrics;
  countsFor?: string | null;
}

/** The tables of everything that is recorded. */
export const TELEMETRY_ENTITIES: readonly EntityTarget[] = TELEMETRY_ROOMS.flatMap(({ entities }) => entities);

/** The kinds of records that an admin worker trims; the service trims its own tables. */
export const RECORDED_KINDS: ReadonlyArray<RetentionRule['setting']> = TELEMETRY_ROOMS.flatMap(({ retention }) =>
  retention.map(({ setting }) => setting),
);

/** Everything that is recorded, opened. */
export interface Telemetry {
  /** Creates the tables where they are in a database of their own. */
  migrate(): Promise<void>;
  /** What watches the writes of this process, and trims the tables of the service. */
  startRooms(): Promise<void>;
  /** Stores what is published, and trims what is old, until the lifecycle ends. */
  startAdminWorker(): void;
}

/** Opens the rooms of telemetry. @returns undefined without a database: nothing can be recorded then. */
export function openTelemetry(options: TelemetryOptions, engines: Engines): Telemetry | undefined {
  const { database, telemetry, events } = engines;
  if (!database || !telemetry) return undefined;
  const opened = { ...options, database, telemetry, events };
  for (const room of TELEMETRY_ROOMS) room.open(opened);
  return {
    migrate: async () => {
      if (telemetry !== database) await telemetry.migrate();
    },
    startRooms: async () => {
      for (const room of TELEMETRY_ROOMS) await room.start?.(opened);
      const retention = openRetention(opened, SERVICE_RETENTION, database);
      retention.start();
      options.lifecycle.push('the retention of the service', () => retention.stop());
    },
    startAdminWorker: () => startAdminWorker(opened),
  };
}

function openRetention(
  { settings, logger, metrics, clock }: TelemetryOptions,
  rules: readonly RetentionRule[],
  db: Database,
): Retention {
  const days = settings.telemetry.retention;
  return new Retention({ rules, days, db, logger, metrics, ...(clock && { clock }) });
}

function startAdminWorker(opened: TelemetryOptions & TelemetryRoomOptions): void {
  const { lifecycle, events, telemetry } = opened;
  const rules = TELEMETRY_ROOMS.flatMap(({ retention }) => retention);
  const retention = openRetention(opened, rules, telemetry);
  events.startDrains();
  retention.start();
  lifecycle.push('the admin worker', async () => {
    await Promise.all([events.stopDrains(), retention.stop()]);
  });
}
