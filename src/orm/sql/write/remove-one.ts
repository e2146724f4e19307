import { AT } from '../../entity/system-fields.js';
import type { EntityPlan, PlannedColumn } from '../entity-plan.js';
import { placeholders } from '../read/fragment.js';
import { lastVersionSql } from './remove-many.js';

/**
 * Deletes a row for good, appends the end of its history where it keeps one, and answers the row as it was: one statement,
 * for engines whose statements can write what another part of them has changed. Parameters: the id, tenant and version
 * where they are asked for, then those of the last version.
 */
export function removeOneSql(plan: EntityPlan, tenant: PlannedColumn | undefined, expects: boolean): string {
  return plan.text(`remove one ${tenant !== undefined} ${expects}`, () => {
    const next = placeholders(plan.dialect);
    const wanted = [plan.columns[AT.id], tenant, expects ? plan.columns[AT.version] : undefined];
    const conditions = wanted.flatMap((column) => (column ? [`${column.quoted} = ${next()}`] : []));
    const gone = `DELETE FROM ${plan.table} WHERE ${conditions.join(' AND ')} RETURNING ${plan.columnList}`;
    const recorded = plan.meta.history ? `, recorded AS (${lastVersionSql(plan, next)} FROM gone)` : '';
    return `WITH gone AS (${gone})${recorded} SELECT ${plan.columnList} FROM gone`;
  });
}
