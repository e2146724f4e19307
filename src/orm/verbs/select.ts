import { ValidationError } from '../../base/errors.js';
import { AT } from '../entity/system-fields.js';
import type { Session } from '../session/session.js';
import type { EntityPlan, PlannedColumn } from '../sql/entity-plan.js';
import { orderBySql } from '../sql/order-by.js';
import { Parameters, whereSql } from '../sql/where.js';
import type { LooseFindOptions } from './options.js';
import { tenantScope } from './tenant.js';

/** The WHERE clause of a read: the caller's condition, the tenant's, and no soft-deleted rows. '' when all rows count. */
function readCondition(plan: EntityPlan, options: LooseFindOptions, parameters: Parameters): string {
  const tenant = tenantScope(plan);
  const parts = [
    whereSql(plan, options.where, options.params, parameters),
    tenant ? `${tenant.column.quoted} = ${parameters.add(tenant.column.toRaw(tenant.value))}` : '',
    options.includeDeleted ? '' : `${plan.columns[AT.deletedAt]?.quoted} IS NULL`,
  ].filter(Boolean);
  return parts.length === 0 ? '' : ` WHERE ${parts.join(' AND ')}`;
}

/** The columns a read wants. @throws ValidationError for unknown ones. */
function selectedColumns(plan: EntityPlan, select: readonly string[] | undefined): readonly PlannedColumn[] {
  if (select === undefined) return plan.columns;
  if (select.length === 0) throw new ValidationError([], 'select is empty; name the fields or leave it out');
  return select.map((name) => plan.column(name));
}

/** `LIMIT … OFFSET …` with values that can only be numbers. */
function limitSql(limit: number | undefined, offset: number | undefined): string {
  assertCount('limit', limit);
  assertCount('offset', offset);
  if (limit === undefined && offset === undefined) return '';
  return ` LIMIT ${limit ?? Number.MAX_SAFE_INTEGER}${offset === undefined ? '' : ` OFFSET ${offset}`}`;
}

function assertCount(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) return;
  throw new ValidationError([{ loc: [name], msg: 'must be a whole number from 0', type: 'invalid_value' }]);
}

/** What rows are read from: the table, or its past. */
export type Source = (parameters: Parameters) => string;

const present =
  (plan: EntityPlan): Source =>
  () =>
    plan.table;

export async function findRows(
  session: Session,
  plan: EntityPlan,
  options: LooseFindOptions,
  source = present(plan),
): Promise<object[]> {
  const parameters = new Parameters(plan);
  const columns = selectedColumns(plan, options.select);
  const list = columns === plan.columns ? plan.columnList : columns.map((column) => column.quoted).join(', ');
  const sql =
    `SELECT ${list} FROM ${source(parameters)}${readCondition(plan, options, parameters)}` +
    `${orderBySql(plan, options.orderBy)}${limitSql(options.limit, options.offset)}`;
  const rows = await session.all(sql, parameters.values, plan.bigints);
  const hydrate = columns === plan.columns ? plan.hydrate : plan.hydrator(columns);
  return rows.map(hydrate);
}

export async function countRows(
  session: Session,
  plan: EntityPlan,
  options: LooseFindOptions,
  source = present(plan),
): Promise<number> {
  const parameters = new Parameters(plan);
  const sql = `SELECT COUNT(*) FROM ${source(parameters)}${readCondition(plan, options, parameters)}`;
  const [row] = await session.all(sql, parameters.values);
  return Number(row?.[0]);
}

export async function anyRow(session: Session, plan: EntityPlan, options: LooseFindOptions): Promise<boolean> {
  const parameters = new Parameters(plan);
  const sql = `SELECT 1 FROM ${plan.table}${readCondition(plan, options, parameters)} LIMIT 1`;
  return (await session.all(sql, parameters.values)).length > 0;
}

/**
 * One row. In a transaction that may write, it is kept from other writers until the end, so that what is worked out from
 * it is not out of date when it is written.
 */
export async function getRow(
  session: Session,
  plan: EntityPlan,
  id: string,
  includeDeleted: boolean,
): Promise<object | null> {
  const tenant = tenantScope(plan);
  const sql = plan.text(`get ${includeDeleted} ${tenant !== undefined} ${session.mayWrite}`, () => {
    const live = includeDeleted ? '' : ` AND ${plan.columns[AT.deletedAt]?.quoted} IS NULL`;
    const own = tenant ? ` AND ${tenant.column.quoted} = ${plan.dialect.placeholder(2)}` : '';
    return `SELECT ${plan.columnList} FROM ${plan.table} WHERE ${plan.columns[AT.id]?.quoted} = ${plan.dialect.placeholder(1)}${own}${live}${session.mayWrite ? plan.dialect.rowLock : ''}`;
  });
  assertId(plan, id);
  const [row] = await session.all(sql, tenant ? [id, tenant.column.toRaw(tenant.value)] : [id], plan.bigints);
  return row ? plan.hydrate(row) : null;
}

/** An id that is missing must never become a query for any row. */
export function assertId(plan: EntityPlan, id: unknown): asserts id is string {
  if (typeof id === 'string' && id !== '') return;
  throw new ValidationError(
    [{ loc: ['id'], msg: 'must be a text that is not empty', type: 'invalid_value' }],
    `${plan.meta.name}: the id must be a text that is not empty`,
  );
}

/** Rows in the order of their ids, read in batches, so that memory stays flat however many there are. */
export async function* streamRows(
  session: Session,
  plan: EntityPlan,
  options: LooseFindOptions & { batchSize?: number },
): AsyncGenerator<object, void, undefined> {
  const batchSize = options.batchSize ?? 500;
  if (!(Number.isSafeInteger(batchSize) && batchSize > 0))
    throw new ValidationError([], 'batchSize must be a whole number from 1');
  const id = plan.columns[AT.id] as PlannedColumn;
  for (let last: string | undefined; ; ) {
    const parameters = new Parameters(plan);
    const condition = readCondition(plan, options, parameters);
    const after = last === undefined ? '' : `${condition ? ' AND' : ' WHERE'} ${id.quoted} > ${parameters.add(last)}`;
    const sql = `SELECT ${plan.columnList} FROM ${plan.table}${condition}${after} ORDER BY ${id.quoted} LIMIT ${batchSize}`;
    const rows = await session.all(sql, parameters.values, plan.bigints);
    for (const row of rows) yield plan.hydrate(row);
    if (rows.length < batchSize) return;
    last = rows.at(-1)?.[AT.id] as string;
  }
}
