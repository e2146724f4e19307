import { ConflictError } from '../../../../base/errors.js';
import type { Portable } from '../../../entity/codec.js';
import { AT } from '../../../entity/system-fields.js';
import type { PortableRow } from '../../../history/recorder.js';
import type { Scope } from '../../../session/scope.js';
import type { Session } from '../../../session/session.js';
import type { EntityPlan } from '../../../sql/entity-plan.js';
import { placeholders } from '../../../sql/read/fragment.js';
import type { FieldValue } from '../../../sql/write/encode-row.js';
import { tenantScope } from '../../tenant.js';
import { holdKeys } from './hold-keys.js';

/** The row with that id, soft-deleted or not, kept from other writers until the unit ends. */
export async function lockById(scope: Scope, plan: EntityPlan, id: string): Promise<PortableRow | undefined> {
  const { sql, params } = selectById(plan, id, plan.dialect.rowLock);
  const [row] = await scope.change(sql, params, plan.bigints); // refused where nothing may be written
  return row && plan.portable(row);
}

/**
 * The same row, as it is right now: others may change it in the next moment. It is read where it is written, which on SQLite
 * takes 0.85 of the time: the cache of a connection for reading ends with every commit of another one.
 */
export async function peekById(session: Session, plan: EntityPlan, id: string): Promise<PortableRow | undefined> {
  const { sql, params } = selectById(plan, id, '');
  const [row] = await session.change(sql, params, plan.bigints);
  return row && plan.portable(row);
}

function selectById(plan: EntityPlan, id: string, lock: string): { sql: string; params: unknown[] } {
  const tenant = tenantScope(plan);
  const sql = plan.text(`row${lock} ${tenant !== undefined}`, () => {
    const { placeholder } = plan.dialect;
    const own = tenant ? ` AND ${tenant.column.quoted} = ${placeholder(2)}` : '';
    return `SELECT ${plan.columnList} FROM ${plan.table} WHERE ${plan.columns[AT.id]?.quoted} = ${placeholder(1)}${own}${lock}`;
  });
  return { sql, params: tenant ? [id, tenant.column.toRaw(tenant.value)] : [id] };
}

/** The same; where there is no such row, nobody else makes one until the unit ends. */
export async function lockOrReserve(scope: Scope, plan: EntityPlan, id: string): Promise<PortableRow | undefined> {
  const found = await lockById(scope, plan, id);
  if (found || scope.core.dialect.capabilities.writersTakeTurns) return found;
  // A row that is not there cannot be locked: another unit may be inserting it right now.
  await holdKeys(scope, plan, [idLock(id)]);
  return lockById(scope, plan, id);
}

/** What those who make a row of that id take turns by. */
export function idLock(id: string): string {
  return JSON.stringify([id]);
}

/**
 * The row that is not soft-deleted and has those values. Two callers with the same values take turns, with or without a
 * unique key. @throws ConflictError when more than one row matches.
 */
export async function lockByMatch(
  scope: Scope,
  plan: EntityPlan,
  match: readonly FieldValue[],
): Promise<PortableRow | undefined> {
  const { dialect } = plan;
  await holdKeys(scope, plan, [matchLock(match)]);
  const given = match.filter(({ value }) => value !== null);
  const shape = match.map(({ column, value }) => `${column.index}${value === null ? ' null' : ''}`).join();
  const sql = plan.text(`match ${shape}`, () => {
    const next = placeholders(dialect);
    // PostgreSQL finds no index for a comparison that also matches two NULLs.
    const conditions = match.map(({ column, value }) =>
      value === null ? `${column.quoted} IS NULL` : `${column.quoted} = ${next()}`,
    );
    const live = `${plan.columns[AT.deletedAt]?.quoted} IS NULL`;
    return `SELECT ${plan.columnList} FROM ${plan.table} WHERE ${[...conditions, live].join(' AND ')} LIMIT 2${dialect.rowLock}`;
  });
  const rows = await scope.change(
    sql,
    given.map(({ column, value }) => column.toRaw(value)),
    plan.bigints,
  );
  if (rows.length > 1) throw ambiguous(plan, match);
  return rows[0] && plan.portable(rows[0]);
}

/** What those who look for the same match take turns by. */
export function matchLock(match: readonly FieldValue[]): string {
  return JSON.stringify(match.map(({ column, value }) => [column.property, String(value)]));
}

export function ambiguous(plan: EntityPlan, match: readonly FieldValue[]): ConflictError {
  const names = match.map(({ column }) => column.property).join(', ');
  return new ConflictError(`More than one ${plan.meta.name} matches ${names}`);
}

/** Versions go on where the history of a deleted row of the same id ended. */
export async function nextVersion(
  scope: Session,
  plan: EntityPlan,
  id: string,
): Promise<{ version: number; notBefore: Portable | undefined }> {
  if (!plan.meta.history) return { version: 1, notBefore: undefined };
  const { quote, placeholder } = plan.dialect;
  const sql = plan.text('next version', () => {
    const columns = `MAX(${quote('version')}), MAX(${quote('history_timestamp')})`;
    return `SELECT ${columns} FROM ${plan.historyTable} WHERE ${plan.columns[AT.id]?.quoted} = ${placeholder(1)}`;
  });
  const [row] = await scope.all(sql, [id]);
  return { version: Number(row?.[0] ?? 0) + 1, notBefore: row?.[1] ? plan.isoTime(row[1]) : undefined };
}

/** @throws ConflictError when the row has another version than the caller has seen. */
export function assertVersion(plan: EntityPlan, row: PortableRow, expected: number | undefined): void {
  if (expected === undefined || row[AT.version] === expected) return;
  throw new ConflictError(
    `${plan.meta.name} ${String(row[AT.id])} is at version ${String(row[AT.version])}, not ${expected}; load it again`,
    { details: { table: plan.meta.table, id: row[AT.id], version: row[AT.version], expectedVersion: expected } },
  );
}
