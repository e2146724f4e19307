import { ConflictError, ValidationError } from '../../base/errors.js';
import { uuidv7 } from '../../base/ids.js';
import type { Portable } from '../entity/codec.js';
import { AT, isSystemProperty } from '../entity/system-fields.js';
import { insertRow, type PortableRow, stamp, updateRow } from '../history/recorder.js';
import type { Scope } from '../session/scope.js';
import type { Session } from '../session/session.js';
import { encodeRow, type FieldValue, sameValue } from '../sql/encode-row.js';
import type { EntityPlan } from '../sql/entity-plan.js';
import { atomically } from './atomically.js';
import { assertVersion, lockById, lockByMatch, nextVersion } from './lock-row.js';
import { assertId } from './select.js';
import { assertOwnTenant, tenantScope } from './tenant.js';

export interface SaveRequest {
  comment?: string;
  expectedVersion?: number;
  matchBy?: string | readonly string[];
}

/** Inserts a row, or merges into the one with the same id (or the same `matchBy` values). @returns the stored row. */
export async function saveRow(session: Session, plan: EntityPlan, data: object, request: SaveRequest): Promise<object> {
  const prepared = prepare(plan, data, request);
  if (isPlainInsert(prepared, request) && isOneStatement(plan))
    return atomically(session, async (target) => plan.instance(await insert(target, plan, prepared, request.comment)));
  return session.unit((scope) => write(scope, plan, prepared, request));
}

/** Nothing has to be looked up first. */
function isPlainInsert(row: PreparedRow, request: SaveRequest): boolean {
  return row.id === undefined && row.match === undefined && request.expectedVersion === undefined;
}

function isOneStatement({ meta, dialect }: EntityPlan): boolean {
  return !meta.history || dialect.capabilities.writableCtes;
}

/** All rows in one transaction. @throws before anything is written when any row is faulty. */
export async function saveRows(
  session: Session,
  plan: EntityPlan,
  rows: readonly object[],
  request: SaveRequest,
): Promise<object[]> {
  const prepared = rows.map((data) => prepare(plan, data, request));
  if (prepared.length === 0) return [];
  return session.unit(async (scope) => {
    const saved: object[] = [];
    for (const row of prepared) saved.push(await write(scope, plan, row, request));
    return saved;
  });
}

/** What a caller gave, checked, before any connection is taken. */
interface PreparedRow {
  readonly id: string | undefined;
  /** Own fields only; what the ORM keeps is left alone. */
  readonly values: readonly FieldValue[];
  readonly match: readonly FieldValue[] | undefined;
  /** The row had been loaded while it was alive. */
  readonly loadedAlive: boolean;
}

function prepare(plan: EntityPlan, data: object, request: SaveRequest): PreparedRow {
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    throw new ValidationError([], `${plan.meta.name}.save takes an object of fields`);
  const all = encodeRow(plan, data);
  const given = (index: number): Portable | undefined => all.find(({ column }) => column.index === index)?.value;
  const id = given(AT.id) ?? undefined;
  if (id !== undefined) assertId(plan, id);
  const values = scoped(
    plan,
    all.filter(({ column }) => !isSystemProperty(column.property)),
  );
  return {
    id,
    values,
    match: request.matchBy === undefined ? undefined : matchValues(plan, values, request.matchBy),
    loadedAlive: given(AT.version) !== undefined && (given(AT.deletedAt) ?? null) === null,
  };
}

/** A tenant entity's row belongs to the ambient tenant; naming another one is an error. */
function scoped(plan: EntityPlan, values: FieldValue[]): FieldValue[] {
  const tenant = tenantScope(plan);
  if (!tenant) return values;
  const named = values.find(({ column }) => column === tenant.column);
  if (!named) return [...values, tenant];
  assertOwnTenant(plan, tenant, named.value);
  return values;
}

function matchValues(
  plan: EntityPlan,
  values: readonly FieldValue[],
  matchBy: string | readonly string[],
): FieldValue[] {
  const names = typeof matchBy === 'string' ? [matchBy] : matchBy;
  if (names.length === 0)
    throw new ValidationError([], 'matchBy is empty; name the fields that tell which row is meant');
  const match = names.map((name) => {
    const column = plan.column(name);
    const found = values.find((value) => value.column === column);
    if (found) return found;
    throw new ValidationError([{ loc: [name], msg: 'is named in matchBy but has no value', type: 'missing' }]);
  });
  return withinTenant(plan, match);
}

/** A row of another tenant must never match. */
function withinTenant(plan: EntityPlan, match: FieldValue[]): FieldValue[] {
  const tenant = tenantScope(plan);
  return !tenant || match.some(({ column }) => column === tenant.column) ? match : [...match, tenant];
}

async function write(scope: Scope, plan: EntityPlan, row: PreparedRow, request: SaveRequest): Promise<object> {
  const before = await find(scope, plan, row);
  if (before) return plan.instance(await merge(scope, plan, before, row, request));
  if (request.expectedVersion !== undefined) {
    throw new ConflictError(`${plan.meta.name} was expected at version ${request.expectedVersion} but does not exist`);
  }
  return plan.instance(await insert(scope, plan, row, request.comment));
}

async function find(scope: Scope, plan: EntityPlan, row: PreparedRow): Promise<PortableRow | undefined> {
  if (row.match) return lockByMatch(scope, plan, row.match);
  if (row.id === undefined) return undefined;
  const found = await lockById(scope, plan, row.id);
  const { capabilities, lockKey } = scope.core.dialect;
  if (found || capabilities.writersTakeTurns) return found;
  // A row that is not there cannot be locked: another unit may be inserting it right now.
  await lockKey(scope, JSON.stringify([plan.meta.table, row.id]));
  return lockById(scope, plan, row.id);
}

async function merge(
  scope: Scope,
  plan: EntityPlan,
  before: PortableRow,
  row: PreparedRow,
  request: SaveRequest,
): Promise<PortableRow> {
  assertVersion(plan, before, request.expectedVersion);
  const changes = changedValues(before, row.values);
  const deleted = before[AT.deletedAt] !== null;
  if (deleted && row.loadedAlive) {
    throw new ConflictError(
      `${plan.meta.name} ${String(before[AT.id])} was deleted after it was loaded; restore it first`,
    );
  }
  const made = stamp(scope, request.comment, before[AT.updatedAt]);
  if (deleted) {
    const revival = { column: plan.column('deletedAt'), value: null };
    return updateRow(scope, plan, before, [...changes, revival], made, 'restore');
  }
  return changes.length === 0 ? before : updateRow(scope, plan, before, changes, made);
}

/** What a save really changes; a save that changes nothing writes nothing. */
export function changedValues(before: PortableRow, values: readonly FieldValue[]): FieldValue[] {
  return values.filter(({ column, value }) => !sameValue(column, before[column.index] as Portable, value));
}

async function insert(
  scope: Session,
  plan: EntityPlan,
  row: PreparedRow,
  comment: string | undefined,
): Promise<PortableRow> {
  const id = row.id ?? uuidv7(scope.core.clock.now());
  const version = row.id === undefined ? { version: 1, notBefore: undefined } : await nextVersion(scope, plan, id);
  const made = stamp(scope, comment, version.notBefore);
  const full = [...plan.defaults];
  for (const { column, value } of row.values) full[column.index] = value;
  full[AT.id] = id;
  full[AT.createdAt] = made.now;
  full[AT.updatedAt] = made.now;
  full[AT.createdBy] = made.actorId;
  full[AT.updatedBy] = made.actorId;
  full[AT.version] = version.version;
  await insertRow(scope, plan, full, made);
  return full;
}
