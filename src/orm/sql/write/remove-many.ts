import { AT, HISTORY_COLUMNS } from '../../entity/system-fields.js';
import type { EntityPlan, PlannedColumn } from '../entity-plan.js';
import { type NextPlaceholder, placeholders } from '../read/fragment.js';
import type { OneOf } from '../read/one-of.js';
import type { ChangeNote } from './change-where.js';

/**
 * Appends the end of rows: a last version with their values and the time of deletion, `_version` NULL, for the row has none
 * any more.
 */
export function removalSql(plan: EntityPlan, ids: OneOf): string {
  return plan.text(`removal ${ids.shape}`, () => {
    const next = placeholders(plan.dialect);
    const insert = lastVersionSql(plan, next);
    return `${insert} FROM ${plan.table} WHERE ${ids.write(plan.columns[AT.id]?.quoted ?? '', next)}`;
  });
}

/** The beginning of that statement, up to where the rows come from. It binds the time twice, then user and comment. */
export function lastVersionSql(plan: EntityPlan, next: NextPlaceholder): string {
  const { quote, greatest } = plan.dialect;
  const [version, updatedAt] = [AT.version, AT.updatedAt].map((at) => plan.columns[at]?.quoted);
  const time = (): string => `${greatest}(${updatedAt}, ${next()})`;
  const values = plan.columns.map((column) => {
    if (column.index === AT.version) return 'NULL';
    return column.index === AT.deletedAt ? time() : column.quoted;
  });
  const extra = [`${version} + 1`, time(), next(), next()];
  const into = [plan.columnList, ...HISTORY_COLUMNS.map(quote)].join(', ');
  return `INSERT INTO ${plan.historyTable} (${into}) SELECT ${[...values, ...extra].join(', ')}`;
}

/** What `removalSql` binds. */
export function removalParameters(plan: EntityPlan, ids: OneOf, { now, actorId, comment }: ChangeNote): unknown[] {
  const time = plan.rawTime(now);
  return [time, time, actorId, comment, ...ids.values];
}

export function removeManySql(plan: EntityPlan, ids: OneOf): string {
  return plan.text(`remove ${ids.shape}`, () => {
    const condition = ids.write(plan.columns[AT.id]?.quoted ?? '', placeholders(plan.dialect));
    return `DELETE FROM ${plan.table} WHERE ${condition}`;
  });
}

/** Clears a column of rows that are about to go; no version, for their last one is written. */
export function clearManySql(plan: EntityPlan, column: PlannedColumn, ids: OneOf): string {
  return plan.text(`clear ${column.index} ${ids.shape}`, () => {
    const condition = ids.write(plan.columns[AT.id]?.quoted ?? '', placeholders(plan.dialect));
    return `UPDATE ${plan.table} SET ${column.quoted} = NULL WHERE ${condition}`;
  });
}
