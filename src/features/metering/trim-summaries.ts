import type { DatabaseHandle } from '../../orm/index.js';
import { UsageSummary } from './entities.js';
import { PERIOD_KEY_LENGTHS, periodKey, type UsagePeriod } from './periods.js';

const ROWS_AT_A_TIME = 1_000;

/** Removes sums of days that were over by a moment, a batch. @returns how many went. */
export function trimDays(db: DatabaseHandle, before: Date): Promise<number> {
  return trim(db, 'day', before);
}

/** The same for sums of months and years. */
export async function trimMonthsAndYears(db: DatabaseHandle, before: Date): Promise<number> {
  return (await trim(db, 'month', before)) || trim(db, 'year', before);
}

/** Keys of one length are in the order of time. The period that the moment is in is not over. */
async function trim(db: DatabaseHandle, period: UsagePeriod, before: Date): Promise<number> {
  const over = await UsageSummary.find({
    where: '[period] < ? AND LENGTH([period]) = ?',
    params: [periodKey(period, before), PERIOD_KEY_LENGTHS[period]],
    orderBy: 'period',
    select: ['id'],
    limit: ROWS_AT_A_TIME,
    includeDeleted: true,
    db,
  });
  if (over.length === 0) return 0;
  return UsageSummary.deleteMany({ id: { in: over.map(({ id }) => id) } }, { includeDeleted: true, db });
}
