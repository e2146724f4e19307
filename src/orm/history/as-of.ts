import { ValidationError } from '../../base/errors.js';
import { AT } from '../entity/system-fields.js';
import type { EntityPlan } from '../sql/entity-plan.js';
import type { Parameters } from '../sql/where.js';
import { assertHistory } from './versions.js';

/**
 * The rows of a table as they were at a moment, as something to select from: of each row its newest version until then.
 * Rows that were deleted for good by then are left out; soft-deleted ones carry their `deletedAt`.
 */
export function asOfSource(plan: EntityPlan, moment: Date, parameters: Parameters): string {
  assertHistory(plan);
  if (!(moment instanceof Date) || Number.isNaN(moment.getTime()))
    throw new ValidationError([], 'asOf takes a valid Date');
  const { quote } = plan.dialect;
  const id = plan.columns[AT.id]?.quoted ?? '';
  const version = quote('version');
  const time = quote('history_timestamp');
  const until = plan.rawTime(moment.toISOString());
  const columns = plan.columns.map((column) =>
    column.index === AT.version ? `h.${version} AS ${column.quoted}` : `h.${column.quoted}`,
  );
  return (
    `(SELECT ${columns.join(', ')} FROM ${plan.historyTable} h WHERE h.${time} <= ${parameters.add(until)} ` +
    `AND h.${plan.columns[AT.version]?.quoted} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ${plan.historyTable} n ` +
    `WHERE n.${id} = h.${id} AND n.${version} > h.${version} AND n.${time} <= ${parameters.add(until)})) past`
  );
}
