import { AT, HISTORY_COLUMNS } from '../../entity/system-fields.js';
import type { EntityPlan } from '../entity-plan.js';

/** Every column as a parameter, in the plan's order. */
export function insertSql(plan: EntityPlan): string {
  return plan.text('insert', () => {
    const values = plan.columns.map((_, index) => plan.dialect.placeholder(index + 1)).join(', ');
    return `INSERT INTO ${plan.table} (${plan.columnList}) VALUES (${values})`;
  });
}

/** The columns at `indexes` as parameters, then the id. */
export function updateSql(plan: EntityPlan, indexes: readonly number[]): string {
  return plan.text(`update ${indexes.join()}`, () => {
    const { placeholder } = plan.dialect;
    const sets = indexes.map((index, position) => `${plan.columns[index]?.quoted} = ${placeholder(position + 1)}`);
    return `UPDATE ${plan.table} SET ${sets.join(', ')} WHERE ${idColumn(plan)} = ${placeholder(indexes.length + 1)}`;
  });
}

/** Says why a version was made, where a trigger has recorded it. Parameters: comment, id, version. */
export function commentSql(plan: EntityPlan): string {
  return plan.text('comment', () => {
    const [comment, id, version] = placeholders(plan, 3);
    const { quote } = plan.dialect;
    return (
      `UPDATE ${plan.historyTable} SET ${quote('history_comment')} = ${comment} ` +
      `WHERE ${idColumn(plan)} = ${id} AND ${quote('version')} = ${version}`
    );
  });
}

/** A statement on the row, and the version it leaves, as one. Parameters: the statement's own, time, user, comment. */
export function recordedSql(plan: EntityPlan, sql: string, parameters: number): string {
  return plan.text(`recorded ${sql}`, () => {
    const extra = Array.from({ length: 3 }, (_, index) => plan.dialect.placeholder(parameters + index + 1));
    return (
      `WITH written AS (${sql} RETURNING ${plan.columnList}) INSERT INTO ${plan.historyTable} (${plan.columnList}, ${historyExtra(plan)}) ` +
      `SELECT ${plan.columnList}, ${plan.columns[AT.version]?.quoted}, ${extra.join(', ')} FROM written`
    );
  });
}

function historyExtra(plan: EntityPlan): string {
  return HISTORY_COLUMNS.map((name) => plan.dialect.quote(name)).join(', ');
}

function idColumn(plan: EntityPlan): string {
  return plan.columns[AT.id]?.quoted ?? '';
}

function placeholders(plan: EntityPlan, count: number): string[] {
  return Array.from({ length: count }, (_, index) => plan.dialect.placeholder(index + 1));
}
