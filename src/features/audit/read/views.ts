import type { KernelAuditLog } from '../entities.js';

/** A record on the wire. */
export interface AuditRecordView {
  id: string;
  event_id: string;
  entity: string;
  entity_id: string;
  action: string;
  status: string;
  changes: unknown;
  old_snapshot: unknown;
  new_snapshot: unknown;
  metadata: unknown;
  version: number | null;
  comment: string | null;
  user_id: string | null;
  actor_type: string | null;
  request_id: string | null;
  workspace_id: string | null;
  ip: string | null;
  user_agent: string | null;
  timestamp: string;
  seq: number;
  hash: string;
}

export function recordView(record: KernelAuditLog): AuditRecordView {
  return {
    id: record.id,
    event_id: record.eventId,
    entity: record.entity,
    entity_id: record.entityId,
    action: record.action,
    status: record.status,
    changes: parsed(record.changes),
    old_snapshot: parsed(record.oldSnapshot),
    new_snapshot: parsed(record.newSnapshot),
    metadata: parsed(record.metadata),
    version: record.entityVersion ?? null,
    comment: record.comment ?? null,
    user_id: record.userId ?? null,
    actor_type: record.actorType ?? null,
    request_id: record.requestId ?? null,
    workspace_id: record.workspaceId ?? null,
    ip: record.ip ?? null,
    user_agent: record.userAgent ?? null,
    timestamp: record.timestamp.toISOString(),
    seq: record.seq,
    hash: record.hash,
  };
}

/** A change of a row, as the difference to the version before. */
export function diffView({ entityVersion, timestamp, userId, comment, action, changes }: KernelAuditLog): object {
  return {
    version: entityVersion,
    timestamp: timestamp.toISOString(),
    user_id: userId ?? null,
    comment: comment ?? null,
    action,
    changes: parsed(changes),
  };
}

function parsed(json: string | null | undefined): unknown {
  return json ? JSON.parse(json) : null;
}
