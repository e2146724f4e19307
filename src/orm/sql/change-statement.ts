import { AT, HISTORY_COLUMNS } from '../entity/system-fields.js';
import type { EntityPlan, PlannedColumn } from './entity-plan.js';

/** What a change of one row in one statement binds, in this order. */
export interface ChangeParameters {
  readonly id: string;
  /** Raw values of the changed columns. */
  readonly values: readonly unknown[];
  readonly now: string;
  readonly actorId: string | null;
  /** `null` when any version will do. */
  readonly expectedVersion: number | null;
  /** Raw value of the tenant, where the entity is limited to one. */
  readonly tenant: readonly unknown[];
  /** Empty for an entity without history, which binds none. */
  readonly comment: readonly [string | null] | readonly [];
}

export function changeParameters(change: ChangeParameters): unknown[] {
  const { id, values, now, actorId, expectedVersion, tenant, comment } = change;
  return [id, ...values, now, actorId, expectedVersion, ...tenant, ...comment];
}

/**
 * Changes the columns at `indexes` of a row that is not soft-deleted, where they really differ, raises the version and
 * records it. Answers the row before and, where it was changed, the row after, side by side. The row is locked before
 * it is compared, so that callers who change the same row take turns and every one sees what the one before it left.
 */
export function changeSql(plan: EntityPlan, indexes: readonly number[], tenant: PlannedColumn | undefined): string {
  return plan.text(`change ${tenant?.index} ${indexes.join()}`, () => {
    const { placeholder, rowLock, nullSafeEquals } = plan.dialect;
    const columns = indexes.map((index) => (plan.columns[index] as PlannedColumn).quoted);
    const value = (position: number): string => placeholder(position + 2);
    const [now, actor, expected, own] = [0, 1, 2, 3].map((offset) => value(columns.length + offset));
    const comment = value(columns.length + (tenant ? 4 : 3));
    const [id, deletedAt, updatedAt, updatedBy, version] = systemColumns(plan);
    const limit = tenant ? ` AND ${tenant.quoted} = ${own}` : '';
    const sets = [
      ...columns.map((column, position) => `${column} = ${value(position)}`),
      `${updatedAt} = GREATEST(before.${updatedAt}, ${now})`,
      `${updatedBy} = ${actor}`,
      `${version} = before.${version} + 1`,
    ];
    const same = columns.map((column, position) => `before.${column} ${nullSafeEquals} ${value(position)}`);
    const of = (table: string): string => plan.columns.map(({ quoted }) => `${table}.${quoted}`).join(', ');
    const written =
      `UPDATE ${plan.table} AS target SET ${sets.join(', ')} FROM before WHERE target.${id} = before.${id} ` +
      `AND before.${deletedAt} IS NULL AND before.${version} = COALESCE(${expected}, before.${version}) ` +
      `AND NOT (${same.join(' AND ')}) RETURNING ${of('target')}`;
    return (
      `WITH before AS (SELECT ${plan.columnList} FROM ${plan.table} WHERE ${id} = ${placeholder(1)}${limit}${rowLock}), ` +
      `written AS (${written})${plan.meta.history ? `, recorded AS (${recordSql(plan, actor, comment)})` : ''} ` +
      `SELECT ${of('before')}, ${of('written')} FROM before LEFT JOIN written ON TRUE`
    );
  });
}

function recordSql(plan: EntityPlan, actor: string | undefined, comment: string | undefined): string {
  const [, , updatedAt, , version] = systemColumns(plan);
  const extra = HISTORY_COLUMNS.map((name) => plan.dialect.quote(name)).join(', ');
  return (
    `INSERT INTO ${plan.historyTable} (${plan.columnList}, ${extra}) ` +
    `SELECT ${plan.columnList}, ${version}, ${updatedAt}, ${actor}, ${comment} FROM written`
  );
}

function systemColumns(plan: EntityPlan): string[] {
  return [AT.id, AT.deletedAt, AT.updatedAt, AT.updatedBy, AT.version].map((at) => plan.columns[at]?.quoted ?? '');
}
