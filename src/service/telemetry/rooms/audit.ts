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
import type { TelemetryRoom } from '../telemetry-room.js';

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
    const isBesideRows = telemetry === database || settings.telemetry.adminDbUrl === settings.databaseUrl;
    await claimLog(telemetry, isBesideRows ? null : settings.observability.serviceName);
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
