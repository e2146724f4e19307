import { ConflictError, ConstraintError } from '../../../../base/errors.js';
import type { Portable } from '../../../entity/codec.js';
import { AT } from '../../../entity/system-fields.js';
import { insertRow, type PortableRow, type Stamp, stamp, updateRow } from '../../../history/recorder.js';
import type { Scope } from '../../../session/scope.js';
import type { Session } from '../../../session/session.js';
import type { WriteAction } from '../../../session/watch/write-event.js';
import type { EntityPlan } from '../../../sql/entity-plan.js';
import { type FieldValue, sameValue } from '../../../sql/write/encode-row.js';
import { atomically } from '../atomically.js';
import { changeAtOnce } from '../change/change-at-once.js';
import { assertVersion, lockByMatch, lockOrReserve, nextVersion } from '../lock/lock-row.js';
import { newRow, type PreparedRow, prepareRow, type SaveRequest } from './prepared-row.js';
import { upsertRow } from './upsert.js';

/** Inserts a row, or merges into the one with the same id (or the same `matchBy` values). @returns the stored row. */
export async function saveRow(session: Session, plan: EntityPlan, data: object, request: SaveRequest): Promise<object> {
  const prepared = prepareRow(plan, data, request);
  if (isPlainInsert(prepared, request) && isOneStatement(plan, request.comment))
    return plan.instance(await atomically(session, (target) => insertNew(target, plan, prepared, request.comment)));
  return (
    (await saveBack(session, plan, prepared, request)) ??
    (await upsertRow(session, plan, prepared, request)) ??
    writeLocked(session, plan, prepared, request)
  );
}

/**
 * By looking at the row first, and locking it. Where a row is meant by other fields than its id, somebody may insert it at
 * the same time in one statement, which waits for no lock: then it is there, and is found by a second look.
 */
export async function writeLocked(
  session: Session,
  plan: EntityPlan,
  row: PreparedRow,
  request: SaveRequest,
): Promise<object> {
  const write = (): Promise<object> => session.unit((scope) => writeRow(scope, plan, row, request));
  if (!row.match) return write();
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof ConstraintError && error.kind === 'unique')) throw error;
    return write();
  }
}

/** Where a row with that id is there and not hidden, to save it is to change it. @returns `undefined` where it may not be so. */
async function saveBack(
  session: Session,
  plan: EntityPlan,
  { id, values, match }: PreparedRow,
  { expectedVersion, comment }: SaveRequest,
): Promise<object | undefined> {
  if (id === undefined || match) return undefined;
  const changed = await changeAtOnce(session, plan, { id, values, expectedVersion, comment });
  return changed?.row ?? undefined;
}

/** Nothing has to be looked up first. */
function isPlainInsert(row: PreparedRow, request: SaveRequest): boolean {
  return row.id === undefined && row.match === undefined && request.expectedVersion === undefined;
}

function isOneStatement({ meta, dialect }: EntityPlan, comment: string | undefined): boolean {
  return !meta.history || comment === undefined || dialect.capabilities.writableCtes;
}

/** Writes one row inside a transaction. */
async function writeRow(scope: Scope, plan: EntityPlan, row: PreparedRow, request: SaveRequest): Promise<object> {
  const before = await find(scope, plan, row);
  if (before) return plan.instance(await merge(scope, plan, before, row, request));
  if (request.expectedVersion !== undefined) {
    throw new ConflictError(`${plan.meta.name} was expected at version ${request.expectedVersion} but does not exist`);
  }
  return plan.instance(await insert(scope, plan, row, request.comment));
}

async function find(scope: Scope, plan: EntityPlan, row: PreparedRow): Promise<PortableRow | undefined> {
  if (row.match) return lockByMatch(scope, plan, row.match);
  return row.id === undefined ? undefined : lockOrReserve(scope, plan, row.id);
}

async function merge(
  scope: Scope,
  plan: EntityPlan,
  before: PortableRow,
  row: PreparedRow,
  request: SaveRequest,
): Promise<PortableRow> {
  const change = mergeChange(scope, plan, before, row, request);
  return change ? updateRow(scope, plan, before, change.changes, change.made, change.action) : before;
}

/** What one save makes of a stored row. */
interface MergeChange {
  readonly changes: readonly FieldValue[];
  readonly made: Stamp;
  readonly action: WriteAction;
}

/** What merging into a stored row changes; `undefined` when that is nothing. */
export function mergeChange(
  session: Session,
  plan: EntityPlan,
  before: PortableRow,
  row: PreparedRow,
  request: SaveRequest,
): MergeChange | undefined {
  assertVersion(plan, before, request.expectedVersion);
  const changes = changedValues(before, row.values);
  const deleted = before[AT.deletedAt] !== null;
  if (deleted && row.loadedAlive) {
    throw new ConflictError(
      `${plan.meta.name} ${String(before[AT.id])} was deleted after it was loaded; restore it first`,
    );
  }
  if (changes.length === 0 && !deleted) return undefined;
  const made = stamp(session, request.comment, before[AT.updatedAt]);
  if (!deleted) return { changes, made, action: 'update' };
  return { changes: [...changes, { column: plan.column('deletedAt'), value: null }], made, action: 'restore' };
}

/** What a save really changes; a save that changes nothing writes nothing. */
export function changedValues(before: PortableRow, values: readonly FieldValue[]): FieldValue[] {
  return values.filter(({ column, value }) => !sameValue(column, before[column.index] as Portable, value));
}

/** A row whose id nobody has named, so that it has no past. */
function insertNew(
  session: Session,
  plan: EntityPlan,
  row: PreparedRow,
  comment: string | undefined,
): Promise<PortableRow> {
  const made = stamp(session, comment);
  return insertRow(session, plan, newRow(plan, row, session.core.newId(plan.meta.table), 1, made), made);
}

async function insert(
  scope: Scope,
  plan: EntityPlan,
  row: PreparedRow,
  comment: string | undefined,
): Promise<PortableRow> {
  if (row.id === undefined) return insertNew(scope, plan, row, comment);
  const { version, notBefore } = await nextVersion(scope, plan, row.id);
  const made = stamp(scope, comment, notBefore);
  return insertRow(scope, plan, newRow(plan, row, row.id, version, made), made);
}
