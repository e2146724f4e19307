import { createHash } from 'node:crypto';
import type { DatabaseHandle, SessionHandle } from '../../orm/index.js';
import { UsageSummary } from './entities.js';
import { periodKeys } from './periods.js';
import type { UsageRecord } from './usage-event.js';

/** What a row of the summary stands for. */
export interface SummaryKey {
  app: string;
  workspaceId: string | null;
  userId: string | null;
  period: string;
  metric: string;
}

interface Total extends SummaryKey {
  id: string;
  add: bigint;
}

const DAY_MS = 86_400_000;
/** Rows of one statement: each is compared with all ids in it. */
const ROWS_AT_A_TIME = 200;

/** Always the same for one key, whoever makes it: so no two rows stand for the same. */
export function summaryId({ app, workspaceId, userId, period, metric }: SummaryKey): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([app, workspaceId, userId, period, metric]))
    .digest('hex');
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}

/** What one user of one workspace has used on one day. */
interface DayOfUse extends Omit<SummaryKey, 'period' | 'metric'> {
  at: number;
  metrics: Map<string, bigint>;
}

/** What records add up to, by day, month and year; sorted, so that whoever writes them locks rows in the same order. */
export function totalsOf(records: readonly UsageRecord[]): Total[] {
  const totals = new Map<string, Total>();
  for (const { at, metrics, ...who } of daysOf(records)) {
    for (const period of periodKeys(new Date(at))) {
      for (const [metric, add] of metrics) {
        const key = { ...who, period, metric };
        const id = summaryId(key);
        const known = totals.get(id);
        if (known) known.add += add;
        else totals.set(id, { ...key, id, add });
      }
    }
  }
  return [...totals.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
}

/** First by day alone: a key for each of the fifteen sums of every request was 2 % of the CPU of a busy service. */
function daysOf(records: readonly UsageRecord[]): Iterable<DayOfUse> {
  const days = new Map<string, DayOfUse>();
  for (const { app, workspaceId, userId, metrics, at } of records) {
    const name = JSON.stringify([app, workspaceId, userId, Math.floor(at / DAY_MS)]);
    const day = days.get(name) ?? { app, workspaceId, userId, at, metrics: new Map<string, bigint>() };
    days.set(name, day);
    for (const metric in metrics)
      day.metrics.set(metric, (day.metrics.get(metric) ?? 0n) + BigInt(metrics[metric] ?? 0));
  }
  return days.values();
}

/** Adds to the summary inside the transaction of `db`. The database does the sum: what others add meanwhile is not lost. */
export async function addTotals(db: DatabaseHandle, totals: readonly Total[]): Promise<void> {
  for (let at = 0; at < totals.length; at += ROWS_AT_A_TIME) {
    const some = totals.slice(at, at + ROWS_AT_A_TIME);
    await makeMissing(db, some);
    const cases = some.map(() => 'WHEN ? THEN CAST(? AS DECIMAL(20, 0))').join(' ');
    const ids = some.map(({ id }) => id);
    await db.execute(
      `UPDATE [kernel_usage_summary] SET [value] = [value] + CASE [id] ${cases} ELSE 0 END
        WHERE [id] IN (${ids.map(() => '?').join(', ')})`,
      [...some.flatMap(({ id, add }) => [id, add]), ...ids],
    );
  }
}

async function makeMissing(db: DatabaseHandle, totals: readonly Total[]): Promise<void> {
  const ids = totals.map(({ id }) => id);
  const known = await UsageSummary.find({ where: { id: { in: ids } }, select: ['id'], db });
  if (known.length === totals.length) return;
  const there = new Set(known.map(({ id }) => id));
  await makeRows(
    db,
    totals.filter(({ id }) => !there.has(id)),
  );
}

/** Rows begin at zero. One that somebody else has made meanwhile is left as it is: nothing is said of its value. */
export async function makeRows(db: SessionHandle, keys: readonly SummaryKey[]): Promise<void> {
  const rows = keys.map(({ app, workspaceId, userId, period, metric }) => {
    const key = { app, workspaceId, userId, period, metric };
    return { id: summaryId(key), ...key };
  });
  await UsageSummary.saveMany(rows, { db });
}
