import { SchemaError } from '../../base/errors.js';
import type { HistoryRetention } from '../entity/history-retention.js';
import type { DatabaseCore } from '../session/database-core.js';
import type { Session } from '../session/session.js';
import type { EntityPlan } from '../sql/entity-plan.js';
import { chunks } from '../sql/write/chunks.js';

const DAY_MS = 86_400_000;
/** Rows whose versions are looked at in one transaction: locks are short, and a run that is cut off keeps what it did. */
const ROWS_AT_A_TIME = 500;
/** Bounds of one DELETE. */
const ROWS_PER_DELETE = 100;

/** The oldest version of a row that stays, less one. */
type Bound = readonly [id: string, version: number];

/**
 * Removes versions that no one is promised any more. The newest version of a row always stays, and so does the one that
 * was in force when the days began: `asOf` any moment since then answers what it always did.
 * @returns how many versions went.
 */
export async function pruneVersions(core: DatabaseCore, plan: EntityPlan): Promise<number> {
  const retention = plan.meta.historyRetention;
  if (!retention) throw new SchemaError(`${plan.meta.name} says no historyRetention`);
  let removed = 0;
  for (let after = ''; ; ) {
    const page = await pageOfIds(core, plan, after);
    const last = page.at(-1);
    if (last === undefined) return removed;
    removed += await core.unit(async (scope) => {
      const bounds = await prunable(scope, plan, retention, [after, last]);
      return remove(scope, plan, bounds);
    });
    after = last;
  }
}

async function pageOfIds(session: Session, plan: EntityPlan, after: string): Promise<string[]> {
  const id = plan.dialect.quote('id');
  const rows = await session.all(
    `SELECT ${id} FROM ${plan.historyTable} WHERE ${id} > ${plan.dialect.placeholder(1)} GROUP BY ${id} ORDER BY ${id} LIMIT ${ROWS_AT_A_TIME}`,
    [after],
  );
  return rows.map(([rowId]) => rowId as string);
}

/** A version may go when the one after it is older than the days, and enough younger ones stay. */
async function prunable(
  session: Session,
  plan: EntityPlan,
  { days, keepLast = 1 }: HistoryRetention,
  [after, last]: readonly [string, string],
): Promise<Bound[]> {
  const { quote, placeholder } = plan.dialect;
  const [id, version, time] = ['id', 'version', 'history_timestamp'].map(quote);
  const params: unknown[] = [after, last, keepLast];
  const versions =
    `SELECT ${id}, ${version}, LEAD(${time}) OVER (PARTITION BY ${id} ORDER BY ${version}) AS ended, ` +
    `ROW_NUMBER() OVER (PARTITION BY ${id} ORDER BY ${version} DESC) AS age FROM ${plan.historyTable} ` +
    `WHERE ${id} > ${placeholder(1)} AND ${id} <= ${placeholder(2)}`;
  const conditions = [`age > ${placeholder(3)}`];
  if (days !== undefined) {
    const cutoff = plan.rawTime(new Date(session.core.clock.now() - days * DAY_MS).toISOString());
    conditions.push(`ended <= ${placeholder(params.push(cutoff))}`);
  }
  const rows = await session.all(
    `SELECT ${id}, MAX(${version}) FROM (${versions}) v WHERE ${conditions.join(' AND ')} GROUP BY ${id} ORDER BY ${id}`,
    params,
  );
  return rows.map(([rowId, newest]) => [rowId as string, Number(newest)]);
}

async function remove(session: Session, plan: EntityPlan, bounds: readonly Bound[]): Promise<number> {
  const { quote, placeholder } = plan.dialect;
  let removed = 0;
  for (const some of chunks(bounds, () => ROWS_PER_DELETE)) {
    const conditions = some.map(
      (_, at) => `(${quote('id')} = ${placeholder(2 * at + 1)} AND ${quote('version')} <= ${placeholder(2 * at + 2)})`,
    );
    removed += await session.run(`DELETE FROM ${plan.historyTable} WHERE ${conditions.join(' OR ')}`, some.flat());
  }
  return removed;
}
