import type { RawRow } from '../../../dialect/driver.js';
import type { Portable } from '../../../entity/codec.js';
import { AT } from '../../../entity/system-fields.js';
import type { PortableRow } from '../../../history/recorder.js';
import type { Session } from '../../../session/session.js';
import type { EntityPlan, PlannedColumn } from '../../../sql/entity-plan.js';
import { type Fragment, type NextPlaceholder, NOTHING, placeholders } from '../../../sql/read/fragment.js';
import { oneOf } from '../../../sql/read/one-of.js';
import type { TenantScope } from '../../tenant.js';

/** What rows are locked for: to be changed, or to be gone, which rows that reference them have to wait for as well. */
export type LockFor = 'change' | 'removal';

/** Where the versions of a row that is gone ended. */
export interface LastVersion {
  readonly version: number;
  readonly notBefore: Portable | undefined;
}

/**
 * The rows with those ids, soft-deleted or not, by id, kept from other writers until the unit ends. They are locked in the
 * order of their ids: two units that want the same ones take turns instead of waiting for each other.
 */
export async function lockByIds(
  session: Session,
  plan: EntityPlan,
  ids: Iterable<string>,
  tenant: TenantScope | undefined,
  lockFor: LockFor = 'change',
): Promise<Map<string, PortableRow>> {
  const id = plan.columns[AT.id] as PlannedColumn;
  return byId(plan, await lockWhere(session, plan, id, ids, tenant, lockFor));
}

/** The rows that have one of `values` in a column, locked as by `lockByIds`. */
export async function lockReferring(
  session: Session,
  plan: EntityPlan,
  column: PlannedColumn,
  values: Iterable<string>,
  lockFor: LockFor,
): Promise<Map<string, PortableRow>> {
  return byId(plan, await lockWhere(session, plan, column, values, undefined, lockFor));
}

/** At most `limit` rows that meet a condition, in the order of their ids, locked as by `lockByIds`. */
export async function lockNext(
  session: Session,
  plan: EntityPlan,
  condition: Fragment,
  after: string,
  limit: number,
  lockFor: LockFor,
): Promise<PortableRow[]> {
  const { quoted: id } = plan.columns[AT.id] as PlannedColumn;
  const sql = plan.text(`lock next ${lockFor} ${limit} ${condition.shape}`, () => {
    const next = placeholders(plan.dialect);
    const where = `${condition.write(next)} AND ${id} > ${next()}`;
    return `SELECT ${plan.columnList} FROM ${plan.table} WHERE ${where} ORDER BY ${id} LIMIT ${limit}${lockSql(plan, lockFor)}`;
  });
  const rows = await session.change(sql, [...condition.values, after], plan.bigints);
  return rows.map((row) => plan.portable(row));
}

/** Versions of ids that were used before go on where they ended. */
export async function lastVersions(
  session: Session,
  plan: EntityPlan,
  ids: Iterable<string>,
): Promise<Map<string, LastVersion>> {
  const found = new Map<string, LastVersion>();
  if (!plan.meta.history) return found;
  const [id, version, time] = ['id', 'version', 'history_timestamp'].map(plan.dialect.quote) as [
    string,
    string,
    string,
  ];
  for (const some of oneOf(plan.dialect, ids)) {
    const sql = plan.text(`last versions ${some.shape}`, () => {
      const condition = some.write(id, placeholders(plan.dialect));
      return `SELECT ${id}, MAX(${version}), MAX(${time}) FROM ${plan.historyTable} WHERE ${condition} GROUP BY ${id}`;
    });
    for (const [rowId, newest, newestTime] of await session.all(sql, some.values))
      found.set(rowId as string, { version: Number(newest), notBefore: plan.isoTime(newestTime) });
  }
  return found;
}

async function lockWhere(
  session: Session,
  plan: EntityPlan,
  column: PlannedColumn,
  values: Iterable<string>,
  tenant: TenantScope | undefined,
  lockFor: LockFor,
): Promise<RawRow[]> {
  const { quoted: id } = plan.columns[AT.id] as PlannedColumn;
  const own = tenant ? ownedBy(tenant) : NOTHING;
  const rows: RawRow[] = [];
  for (const some of oneOf(plan.dialect, values)) {
    const sql = plan.text(`lock ${column.index} ${lockFor} ${own.shape} ${some.shape}`, () => {
      const next = placeholders(plan.dialect);
      const where = `${some.write(column.quoted, next)}${own.write(next)}`;
      return `SELECT ${plan.columnList} FROM ${plan.table} WHERE ${where} ORDER BY ${id}${lockSql(plan, lockFor)}`;
    });
    rows.push(...(await session.change(sql, [...some.values, ...own.values], plan.bigints)));
  }
  return rows;
}

function ownedBy({ column, value }: TenantScope): Fragment {
  const write = (next: NextPlaceholder): string => ` AND ${column.quoted} = ${next()}`;
  return { shape: 'own', values: [column.toRaw(value)], write };
}

function lockSql({ dialect }: EntityPlan, lockFor: LockFor): string {
  return lockFor === 'change' ? dialect.rowLock : dialect.removalLock;
}

function byId(plan: EntityPlan, rows: readonly RawRow[]): Map<string, PortableRow> {
  return new Map(rows.map((row) => [row[AT.id] as string, plan.portable(row)]));
}
