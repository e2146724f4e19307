import { createHash } from 'node:crypto';
import type { AmbientContext } from '../../base/context.js';
import type { WriteAction } from '../../orm/index.js';
import type { KernelEvent } from '../../telemetry/index.js';

export type AuditStatus = 'success' | 'failure' | 'denied';

/** Who did something, and from where. */
export interface AuditOrigin {
  userId: string | null;
  actorType: string | null;
  requestId: string | null;
  workspaceId: string | null;
  ip: string | null;
  userAgent: string | null;
}

/** That a row was changed. What was changed stands in its history, and is read there when the event is stored. */
export interface RowChanged extends KernelEvent {
  kind: 'change';
  table: string;
  rowId: string;
  version: number;
  action: WriteAction;
  /** ISO text. */
  at: string;
  /** Absent where it is not known: the version was found in the history. */
  origin?: AuditOrigin;
  /** Columns whose values are not shown. */
  hidden?: readonly string[];
}

/** Anything else that is worth a record. */
export interface AuditEntry extends KernelEvent {
  kind: 'entry';
  action: string;
  status: AuditStatus;
  entity: string;
  entityId: string;
  metadata?: Readonly<Record<string, unknown>>;
  at: string;
  origin: AuditOrigin;
}

export type AuditEvent = RowChanged | AuditEntry;

const LONGEST_ID = 255;

/** The same for the same version of a row, whoever tells of it. */
export function changeId(table: string, rowId: string, version: number): string {
  const id = `${table}:${rowId}:${version}`;
  return id.length <= LONGEST_ID ? id : createHash('sha256').update(id).digest('hex');
}

export function originOf({ actor, requestId, tenantId, ipAddress, userAgent }: AmbientContext): AuditOrigin {
  return {
    userId: actor?.id.slice(0, 255) ?? null,
    actorType: actor?.type ?? null,
    requestId: requestId?.slice(0, 128) ?? null,
    workspaceId: tenantId?.slice(0, 255) ?? null,
    ip: ipAddress?.slice(0, 64) ?? null,
    userAgent: userAgent?.slice(0, 512) ?? null,
  };
}
