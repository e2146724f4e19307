import { KernelError } from '../../base/errors.js';
import { ambientService, type ServiceKey, serviceKey } from '../../base/services.js';
import type { SessionHandle } from '../../orm/index.js';
import type { AuditLogger } from './audit-logger.js';
import { type AuditQuery, findRecords } from './read/audit-queries.js';
import { type AuditRecordView, recordView } from './read/views.js';

/** What a kernel provides of its audit log. */
export interface AuditLog {
  readonly logger: AuditLogger;
  /** Where the log is. */
  readonly db: SessionHandle;
}

export const auditService: ServiceKey<AuditLog> = serviceKey('audit');

export interface AuditLogOptions extends Omit<AuditQuery, 'since' | 'until'> {
  /** A moment, or a text that names one. */
  since?: Date | string;
  until?: Date | string;
  /** Default 100. */
  limit?: number;
  /** Default 0. */
  offset?: number;
  /** Where the log is; default that of the running kernel. */
  db?: SessionHandle;
}

/** Takes entries by hand. @throws KernelError `E_NOT_STARTED` where no kernel with a database runs. */
export function getAudit(): AuditLogger {
  return running().logger;
}

/** Records as the routes answer them, newest first. */
export async function getAuditLogs(options: AuditLogOptions = {}): Promise<AuditRecordView[]> {
  const { db = running().db, since, until, limit = 100, offset = 0, ...query } = options;
  const times = {
    ...(since && { since: momentOf('since', since) }),
    ...(until && { until: momentOf('until', until) }),
  };
  return (await findRecords({ ...query, ...times }, { limit, offset }, { db })).map(recordView);
}

/** Records of one row, newest first. */
export function getEntityAuditHistory(
  entity: string,
  entityId: string,
  { limit = 50, db }: { limit?: number; db?: SessionHandle } = {},
): Promise<AuditRecordView[]> {
  return getAuditLogs({ entity, entityId, limit, ...(db && { db }) });
}

function running(): AuditLog {
  const service = ambientService(auditService);
  if (service) return service;
  throw new KernelError('E_NOT_STARTED', 'The audit log belongs to a running kernel with a database; start one first');
}

function momentOf(field: string, moment: Date | string): Date {
  const date = new Date(moment);
  if (!Number.isNaN(date.getTime())) return date;
  throw new KernelError('E_AUDIT_QUERY', `${field}: "${String(moment)}" is no moment; write 2026-01-31T12:00:00Z`);
}
