import { NotFoundError, ValidationError } from '../../base/errors.js';
import { AT } from '../entity/system-fields.js';
import type { Session } from '../session/session.js';
import type { EntityPlan, PlannedColumn } from '../sql/entity-plan.js';
import type { Fragment, NextPlaceholder } from '../sql/read/fragment.js';
import { encodeValue } from '../sql/write/encode-row.js';
import { assertHistory, type TenantLimit } from './versions.js';

/**
 * The rows of a table as they were at a moment, as something to select from: of each row its newest version until then.
 * Rows that were deleted for good by then are left out; soft-deleted ones carry their `deletedAt`.
 */
export function asOfSource(plan: EntityPlan, moment: Date): Fragment {
  assertHistory(plan);
  const until = rawMoment(plan, moment);
  return { shape: 'past', values: [until, until], write: (next) => pastSql(plan, next) };
}

function pastSql(plan: EntityPlan, next: NextPlaceholder): string {
  const { quote } = plan.dialect;
  const id = plan.columns[AT.id]?.quoted ?? '';
  const version = quote('version');
  const time = quote('history_timestamp');
  const columns = plan.columns.map((column) =>
    column.index === AT.version ? `h.${version} AS ${column.quoted}` : `h.${column.quoted}`,
  );
  return (
    `(SELECT ${columns.join(', ')} FROM ${plan.historyTable} h WHERE h.${time} <= ${next()} ` +
    `AND h.${plan.columns[AT.version]?.quoted} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ${plan.historyTable} n ` +
    `WHERE n.${id} = h.${id} AND n.${version} > h.${version} AND n.${time} <= ${next()})) past`
  );
}

/**
 * Asks, after a read of the past, whether it could know: a row whose oldest kept version is younger than `moment` and not
 * its first had another one then, which was pruned, or never kept. Asked before, a pruning in between would go unseen.
 * @param id where only one row was read.
 * @throws NotFoundError rather than to leave a row out that was there.
 */
export async function assertKept(
  session: Session,
  plan: EntityPlan,
  moment: Date,
  tenant: TenantLimit,
  id?: string,
): Promise<void> {
  const params = [rawMoment(plan, moment), ...tenant.params, ...(id === undefined ? [] : [id])];
  const sql = plan.text(`kept ${tenant.sql} ${id !== undefined}`, () => {
    const { quote, placeholder } = plan.dialect;
    const [rowId, version, time] = ['id', 'version', 'history_timestamp'].map(quote);
    const only = id === undefined ? '' : ` AND h.${rowId} = ${placeholder(params.length)}`;
    return (
      `SELECT MAX(h.${time}) FROM ${plan.historyTable} h WHERE h.${time} > ${placeholder(1)} AND h.${version} > 1${tenant.sql}${only} ` +
      `AND NOT EXISTS (SELECT 1 FROM ${plan.historyTable} p WHERE p.${rowId} = h.${rowId} AND p.${version} = h.${version} - 1)`
    );
  });
  const [row] = await session.all(sql, params);
  if (row?.[0] === null || row?.[0] === undefined) return;
  const since = plan.isoTime(row[0]);
  throw new NotFoundError(
    `${plan.meta.name}${id === undefined ? '' : ` ${id}`} as of ${moment.toISOString()} is not known: older versions were not kept; ask for ${since} or later`,
    { details: { table: plan.meta.table, since } },
  );
}

function rawMoment(plan: EntityPlan, moment: Date): unknown {
  if (!(moment instanceof Date)) throw new ValidationError([], 'asOf takes a valid Date');
  const column = plan.columns[AT.createdAt] as PlannedColumn;
  return column.toRaw(encodeValue(column, moment));
}
