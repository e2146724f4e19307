import { ValidationError } from '../../../base/errors.js';
import { AT } from '../../entity/system-fields.js';
import type { Session } from '../../session/session.js';
import type { EntityPlan, PlannedColumn } from '../../sql/entity-plan.js';
import { type Fragment, type NextPlaceholder, NOTHING, placeholders } from '../../sql/read/fragment.js';
import type { LooseFindOptions } from '../options.js';
import { readCondition } from './read-condition.js';

/** Rows in the order of their ids, read in batches, so that memory stays flat however many there are. */
export async function* streamRows(
  session: Session,
  plan: EntityPlan,
  options: LooseFindOptions & { batchSize?: number },
): AsyncGenerator<object, void, undefined> {
  const batchSize = options.batchSize ?? 500;
  if (!(Number.isSafeInteger(batchSize) && batchSize > 0))
    throw new ValidationError([], 'batchSize must be a whole number from 1');
  const condition = readCondition(
    plan,
    { ...options, includeDeleted: true },
    options.includeDeleted ? NOTHING : live(plan),
  );
  const { quoted: id } = plan.columns[AT.id] as PlannedColumn;
  const batchSql = (next: NextPlaceholder, isFirst: boolean): string => {
    const where = condition.write(next);
    const after = isFirst ? '' : `${where ? ' AND' : ' WHERE'} ${id} > ${next()}`;
    return `SELECT ${plan.columnList} FROM ${plan.table}${where}${after} ORDER BY ${id} LIMIT ${batchSize}`;
  };
  for (let last: unknown; ; ) {
    const isFirst = last === undefined;
    const sql = plan.text(`stream${isFirst} ${batchSize} ${condition.shape}`, () =>
      batchSql(placeholders(plan.dialect), isFirst),
    );
    const rows = await session.all(sql, isFirst ? condition.values : [...condition.values, last], plan.bigints);
    for (const row of rows) yield plan.hydrate(row);
    if (rows.length < batchSize) return;
    last = rows.at(-1)?.[AT.id];
  }
}

/**
 * Rows that are not soft-deleted, said so that every batch is read from the index of the ids: one of 500 rows out of 300,000
 * takes 0.5 ms on PostgreSQL, 74 ms where it is sorted out of all of them.
 */
function live({ dialect, columns }: EntityPlan): Fragment {
  const { quoted } = columns[AT.deletedAt] as PlannedColumn;
  return { shape: 'few', values: [], write: () => dialect.mostlyNull?.(quoted) ?? `${quoted} IS NULL` };
}
