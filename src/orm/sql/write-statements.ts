import { AT, HISTORY_COLUMNS } from '../entity/system-fields.js';
import type { EntityPlan } from './entity-plan.js';

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

export function deleteSql(plan: EntityPlan): string {
  return plan.text(
    'delete',
    () => `DELETE FROM ${plan.table} WHERE ${idColumn(plan)} = ${plan.dialect.placeholder(1)}`,
  );
}

/** Appends the stored row as a version. Parameters: time, user, comment, id. */
export function recordVersionSql(plan: EntityPlan): string {
  return plan.text('record version', () => {
    const [time, user, comment, id] = placeholders(plan, 4);
    return (
      `INSERT INTO ${plan.historyTable} (${plan.columnList}, ${historyExtra(plan)}) ` +
      `SELECT ${plan.columnList}, ${plan.columns[AT.version]?.quoted}, ${time}, ${user}, ${comment} FROM ${plan.table} WHERE ${idColumn(plan)} = ${id}`
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

/** Appends the row's end. Parameters: time of deletion, version, time, user, comment, id. */
export function recordRemovalSql(plan: EntityPlan): string {
  return plan.text('record removal', () => {
    const [deletedAt, version, time, user, comment, id] = placeholders(plan, 6);
    const values = plan.columns.map((column, index) => {
      if (index === AT.version) return 'NULL';
      return index === AT.deletedAt ? deletedAt : column.quoted;
    });
    return (
      `INSERT INTO ${plan.historyTable} (${plan.columnList}, ${historyExtra(plan)}) ` +
      `SELECT ${values.join(', ')}, ${version}, ${time}, ${user}, ${comment} FROM ${plan.table} WHERE ${idColumn(plan)} = ${id}`
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
