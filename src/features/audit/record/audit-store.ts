import { uuidv7 } from '../../../base/ids.js';
import type { Database, DatabaseHandle } from '../../../orm/index.js';
import { CHAIN_END, ensureState, readState, writeState } from '../chain/audit-state.js';
import { type ChainEnd, chainEndOf, chainEndText, type SealedFields, sealOf } from '../chain/hash-chain.js';
import { KernelAuditLog } from '../entities.js';
import type { AuditEntry, AuditEvent, AuditOrigin, RowChanged } from '../events.js';
import { accountEvent } from './account-events.js';

import { type DescribedEvent, VersionReader } from './version-reader.js';
import { shownMetadata, shownText } from './without-secrets.js';

export interface AuditStoreOptions {
  /** Where the rows are whose changes are recorded, with their histories. */
  database: Database;
  /** Where the log is; may be the same. */
  telemetry: Database;
}

type NewRecord = Omit<SealedFields, 'seq'>;

/** Writes the log: each event once, in a chain without gaps, however many write at once. */
export class AuditStore {
  readonly #telemetry: Database;
  readonly #versions: VersionReader;
  #hasChain = false;

  constructor({ database, telemetry }: AuditStoreOptions) {
    this.#telemetry = telemetry;
    this.#versions = new VersionReader(database);
  }

  /** Stores all events that are not stored yet, or none. */
  readonly save = async (events: readonly AuditEvent[]): Promise<void> => {
    const changes = await this.#versions.describe(events.filter((event) => event.kind === 'change'));
    const records = events.flatMap((event) =>
      event.kind === 'change' ? changeRecords(event, changes.get(event.id)) : [entryRecord(event)],
    );
    await this.#ensureChain();
    await this.#telemetry.context((db) => append(db, records));
  };

  /** Whether events are stored: the ids of those that are not. */
  async missing(ids: readonly string[]): Promise<string[]> {
    const stored = await storedIds(ids, this.#telemetry);
    return ids.filter((id) => !stored.has(id));
  }

  async #ensureChain(): Promise<void> {
    if (!this.#hasChain) await ensureState(CHAIN_END, { db: this.#telemetry });
    this.#hasChain = true;
  }
}

async function append(db: DatabaseHandle, records: readonly NewRecord[]): Promise<void> {
  await lockChain(db);
  const stored = await storedIds(
    records.map(({ eventId }) => eventId),
    db,
  );
  const fresh = records.filter(({ eventId }) => !stored.has(eventId));
  if (fresh.length === 0) return;
  let end = chainEndOf(await readState(CHAIN_END, { db }));
  const rows = fresh.map((record) => {
    const row = sealed(record, end);
    end = row;
    return row;
  });
  await KernelAuditLog.saveMany(rows, { db });
  await writeState(CHAIN_END, chainEndText(end), { db });
}

/** Whoever appends waits here for the one before: a write locks the row on every engine, also one that changes nothing. */
async function lockChain(db: DatabaseHandle): Promise<void> {
  await db.execute('UPDATE [kernel_audit_state] SET [value] = [value] WHERE [id] = ?', [CHAIN_END]);
}

async function storedIds(ids: readonly string[], db: Database | DatabaseHandle): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await KernelAuditLog.find({ where: { eventId: { in: [...ids] } }, select: ['eventId'], db });
  return new Set(rows.map(({ eventId }) => eventId));
}

function sealed(record: NewRecord, before: ChainEnd): SealedFields & ChainEnd & { id: string } {
  const row = { ...record, id: uuidv7(), seq: before.seq + 1 };
  return { ...row, hash: sealOf(row, before.hash) };
}

/** The change itself, and where it gives or takes a right, that as well. */
function changeRecords(event: RowChanged, described: DescribedEvent | undefined): NewRecord[] {
  const { id: eventId, table: entity, rowId: entityId, version: entityVersion } = event;
  const common = { eventId, entity, entityId, entityVersion, status: 'success' };
  if (!described)
    return [{ ...common, action: event.action, timestamp: new Date(event.at), ...originFields(event.origin) }];
  const { action, changes, oldSnapshot, newSnapshot, version, workspaceId } = described;
  const origin = originFields(originOfVersion(event.origin, version.userId, workspaceId));
  const timestamp = new Date(version.at);
  const change: NewRecord = {
    ...common,
    action,
    changes: JSON.stringify(changes),
    oldSnapshot: oldSnapshot && JSON.stringify(oldSnapshot),
    newSnapshot: newSnapshot && JSON.stringify(newSnapshot),
    comment: version.comment && shownText(version.comment),
    timestamp,
    ...origin,
  };
  const right = accountEvent(event, described);
  if (!right) return [change];
  return [
    change,
    { ...right, status: 'success', changes: json(right.changes), metadata: json(right.metadata), timestamp, ...origin },
  ];
}

function json(value: object | null): string | null {
  return value && JSON.stringify(value);
}

/** The history knows who made a version; an event that says otherwise is about somebody else's. */
function originOfVersion(
  origin: AuditOrigin | undefined,
  userId: string | null,
  workspaceId: string | null | undefined,
): Partial<AuditOrigin> {
  const told = origin && origin.userId === userId ? origin : { userId };
  return workspaceId === undefined ? told : { ...told, workspaceId };
}

function entryRecord({ id: eventId, action, status, entity, entityId, metadata, at, origin }: AuditEntry): NewRecord {
  return {
    eventId,
    action,
    status,
    entity,
    entityId,
    metadata: metadata ? JSON.stringify(shownMetadata(metadata)) : null,
    timestamp: new Date(at),
    ...originFields(origin),
  };
}

function originFields(origin: Partial<AuditOrigin> | undefined): AuditOrigin {
  const {
    userId = null,
    actorType = null,
    requestId = null,
    workspaceId = null,
    ip = null,
    userAgent = null,
  } = origin ?? {};
  return { userId, actorType, requestId, workspaceId, ip, userAgent };
}
