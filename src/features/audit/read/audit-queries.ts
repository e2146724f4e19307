import type { Filter, SessionHandle } from '../../../orm/index.js';
import { KernelAuditLog } from '../entities.js';

/** Which records are wanted; all that is given must hold. */
export interface AuditQuery {
  /** A table, or the kind of thing of entries by hand. */
  entity?: string | undefined;
  entityId?: string | undefined;
  userId?: string | undefined;
  workspaceId?: string | undefined;
  requestId?: string | undefined;
  action?: string | undefined;
  status?: string | undefined;
  /** From this moment on. */
  since?: Date | undefined;
  /** Up to and with this moment. */
  until?: Date | undefined;
}

export interface AuditPage {
  limit: number;
  offset: number;
}

/** Newest first; of the same moment, the last one that was stored. */
const NEWEST_FIRST = { timestamp: 'desc', seq: 'desc' } as const;

export async function findRecords(
  query: AuditQuery,
  { limit, offset }: AuditPage,
  on: { db: SessionHandle },
): Promise<KernelAuditLog[]> {
  return KernelAuditLog.find({ where: filterOf(query), orderBy: NEWEST_FIRST, limit, offset, ...on });
}

/** How many there are in all, by the same conditions. */
export async function countRecords(query: AuditQuery, on: { db: SessionHandle }): Promise<number> {
  return KernelAuditLog.count({ where: filterOf(query), ...on });
}

/** Every record, a page at a time: what is stored meanwhile neither moves nor repeats a record. */
export async function* eachRecord(
  query: AuditQuery,
  { most, db }: { most: number; db: SessionHandle },
): AsyncGenerator<KernelAuditLog> {
  let below = Number.MAX_SAFE_INTEGER;
  for (let left = most; left > 0; ) {
    const where = { ...filterOf(query), seq: { lt: below } } as Filter<KernelAuditLog>;
    const page = await KernelAuditLog.find({ where, orderBy: { seq: 'desc' }, limit: Math.min(left, 1_000), db });
    yield* page;
    const last = page.at(-1);
    if (!last) return;
    below = last.seq;
    left -= page.length;
  }
}

function filterOf({ since, until, ...equal }: AuditQuery): Filter<KernelAuditLog> {
  const given = Object.fromEntries(Object.entries(equal).filter(([, value]) => value !== undefined));
  const time = { ...(since && { gte: since }), ...(until && { lte: until }) };
  return { ...given, ...(Object.keys(time).length > 0 && { timestamp: time }) } as Filter<KernelAuditLog>;
}
