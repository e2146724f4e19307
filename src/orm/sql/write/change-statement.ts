import { AT, HISTORY_COLUMNS } from '../../entity/system-fields.js';
import type { EntityPlan, PlannedColumn } from '../entity-plan.js';
import type { ChangeStatement, Slot } from './change-parameters.js';
import { type ChangeShape, kindOf } from './change-shape.js';

/**
 * Changes a row that is what the shape wants, where it really differs, raises the version and records it. Answers the
 * row before and, where it was changed, the row after, side by side. The row is locked before it is compared, so that
 * callers who change the same row take turns and every one sees what the one before it left.
 */
export function changeWithBefore(plan: EntityPlan, shape: ChangeShape): ChangeStatement {
  return plan.changes.get(shape.indexes, kindOf(shape), () => build(plan, shape));
}

function build(plan: EntityPlan, shape: ChangeShape): ChangeStatement {
  const { placeholder, rowLock } = plan.dialect;
  const { indexes, tenant, expects } = shape;
  const slots: Slot[] = ['id', ...indexes.keys()];
  const bind = (slot: Slot): string => placeholder(slots.push(slot));
  const [now, actor] = [bind('now'), bind('actor')];
  const own = tenant ? ` AND ${tenant.quoted} = ${bind('tenant')}` : '';
  const expected = expects ? bind('expected') : undefined;
  const [id] = systemColumns(plan);
  const of = (table: string): string => plan.columns.map(({ quoted }) => `${table}.${quoted}`).join(', ');
  const written =
    `UPDATE ${plan.table} AS target SET ${assignments(plan, shape, now, actor).join(', ')} FROM before ` +
    `WHERE target.${id} = before.${id} AND ${conditions(plan, shape, expected).join(' AND ')} RETURNING ${of('target')}`;
  const sql =
    `WITH before AS (SELECT ${plan.columnList} FROM ${plan.table} WHERE ${id} = ${placeholder(1)}${own}${rowLock}), ` +
    `written AS (${written})${plan.meta.history ? `, recorded AS (${recordSql(plan, actor, bind('comment'))})` : ''} ` +
    `SELECT ${of('before')}, ${of('written')} FROM before LEFT JOIN written ON TRUE`;
  return { sql, slots };
}

function assignments(plan: EntityPlan, { indexes, deletion }: ChangeShape, now: string, actor: string): string[] {
  const [, deletedAt, updatedAt, updatedBy, version] = systemColumns(plan);
  const time = `${plan.dialect.greatest}(before.${updatedAt}, ${now})`;
  return [
    ...indexes.map((index, position) => `${columnAt(plan, index)} = ${plan.dialect.placeholder(position + 2)}`),
    ...(deletion ? [`${deletedAt} = ${deletion === 'hide' ? time : 'NULL'}`] : []),
    `${updatedAt} = ${time}`,
    `${updatedBy} = ${actor}`,
    `${version} = before.${version} + 1`,
  ];
}

function conditions(plan: EntityPlan, { indexes, deletion }: ChangeShape, expected: string | undefined): string[] {
  const { placeholder, nullSafeEquals } = plan.dialect;
  const [, deletedAt, , , version] = systemColumns(plan);
  const same = indexes.map(
    (index, position) => `before.${columnAt(plan, index)} ${nullSafeEquals} ${placeholder(position + 2)}`,
  );
  return [
    `before.${deletedAt} IS ${deletion === 'show' ? 'NOT NULL' : 'NULL'}`,
    ...(expected === undefined ? [] : [`before.${version} = ${expected}`]),
    ...(deletion ? [] : [`NOT (${same.join(' AND ')})`]),
  ];
}

function recordSql(plan: EntityPlan, actor: string, comment: string): string {
  const [, , updatedAt, , version] = systemColumns(plan);
  const extra = HISTORY_COLUMNS.map((name) => plan.dialect.quote(name)).join(', ');
  return (
    `INSERT INTO ${plan.historyTable} (${plan.columnList}, ${extra}) ` +
    `SELECT ${plan.columnList}, ${version}, ${updatedAt}, ${actor}, ${comment} FROM written`
  );
}

function columnAt(plan: EntityPlan, index: number): string {
  return (plan.columns[index] as PlannedColumn).quoted;
}

function systemColumns(plan: EntityPlan): string[] {
  return [AT.id, AT.deletedAt, AT.updatedAt, AT.updatedBy, AT.version].map((at) => plan.columns[at]?.quoted ?? '');
}
