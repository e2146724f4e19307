import {
  type AuditEvent,
  AuditLogger,
  AuditReconciler,
  AuditStore,
  auditService,
  claimLog,
  KernelAuditLog,
  KernelAuditState,
  trimChain,
} from '../../../features/audit/index.js';
import type { KernelSettings } from '../../settings/settings.js';
import type { TelemetryRoom } from '../telemetry-room.js';

/** Whose name the log is claimed by; null where it is in the database of the service itself. */
export function claimantOf({ databaseUrl, telemetry, observability }: KernelSettings): string | null {
  const { adminDbUrl } = telemetry;
  return adminDbUrl === null || adminDbUrl === databaseUrl ? null : observability.serviceName;
}

const CHANNEL = 'audit_events';

/** Who changed what: every write of an entity that keeps a history, what happens to accounts, and entries by hand. */
export const auditTelemetry: TelemetryRoom = {
  entities: [KernelAuditLog, KernelAuditState],
  retention: [{ entity: KernelAuditLog, field: 'timestamp', setting: 'audit', trim: trimChain }],
  open({ services, lifecycle, events, database, telemetry }) {
    const store = new AuditStore({ database, telemetry });
    const publisher = events.open<AuditEvent>({ key: CHANNEL, save: store.save, batchSize: 200 });
    const logger = new AuditLogger(publisher);
    const stop = logger.watch(database);
    lifecycle.push('the audit of writes', async () => stop());
    services.provide(auditService, { logger, db: telemetry });
  },
  async start({ settings, lifecycle, events, database, telemetry, logger, metrics }) {
    await claimLog(telemetry, claimantOf(settings));
    const reconciler = new AuditReconciler({
      database,
      telemetry,
      store: new AuditStore({ database, telemetry }),
      sink: events.publisher<AuditEvent>(CHANNEL),
      oldestOnItsWay: async () => (await events.state(CHANNEL)).oldestAt,
      logger,
      metrics,
    });
    reconciler.start();
    lifecycle.push('the comparison of histories with the audit log', () => reconciler.stop());
  },
};
