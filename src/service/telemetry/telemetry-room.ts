import type { Lifecycle } from '../../base/lifecycle.js';
import type { Logger } from '../../base/ports.js';
import type { Services } from '../../base/services.js';
import type { Database, EntityTarget } from '../../orm/index.js';
import type { EventHub, KernelMetrics } from '../../telemetry/index.js';
import type { KernelSettings } from '../settings/settings.js';

/** What a room of telemetry is opened with: in a service, in a worker of jobs, and in an admin worker alike. */
export interface TelemetryRoomOptions {
  settings: KernelSettings;
  services: Services;
  lifecycle: Lifecycle;
  logger: Logger;
  metrics: KernelMetrics;
  /** Where channels are opened. */
  events: EventHub;
  /** The service whose usage is counted; null in a worker that was not told. Default that of the settings. */
  countsFor?: string | null;
  /** Where the entities of the service live. */
  database: Database;
  /** Where records are written and read: that of `adminDbUrl`, else `database`. */
  telemetry: Database;
}

/** A table that grows with traffic, and what bounds it. */
export interface RetentionRule {
  entity: EntityTarget;
  /** Its property with the time of a record. */
  field: string;
  /** The setting with the days that records are kept. */
  setting: keyof KernelSettings['telemetry']['retention'];
  /** Removes the oldest records before a moment, a small batch; default: by that field. @returns how many went. */
  trim?(db: Database, before: Date): Promise<number>;
}

/** Something that is recorded beside the work of a service: its tables, its channels and how long it is kept. */
export interface TelemetryRoom {
  entities: readonly EntityTarget[];
  retention: readonly RetentionRule[];
  /** Opens channels and provides services. Its tables may not be there yet. */
  open(options: TelemetryRoomOptions): void;
  /** Goes on in the background where the classes of the service are known, once the tables are there. */
  start?(options: TelemetryRoomOptions): void | Promise<void>;
}
