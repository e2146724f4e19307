import { NotFoundError, SchemaError } from '../../base/errors.js';
import type { RawRow } from '../dialect/driver.js';
import { AT, HISTORY_COLUMNS } from '../entity/system-fields.js';
import type { Session } from '../session/session.js';
import type { EntityPlan } from '../sql/entity-plan.js';
import { sameValue } from '../sql/write/encode-row.js';

/** What a version knows beside the row's own fields. */
export interface VersionFields {
  /** When the version was made. */
  readonly historyTimestamp: Date;
  /** Who made it. */
  readonly historyUserId: string | null;
  readonly historyComment: string | null;
}

/** Limits a read to the rows of one tenant. */
export interface TenantLimit {
  readonly sql: string;
  readonly params: readonly unknown[];
}

/** @throws SchemaError for an entity that keeps no history. */
export function assertHistory(plan: EntityPlan): void {
  if (!plan.meta.history) throw new SchemaError(`${plan.meta.name} keeps no history: its @Entity says history: false`);
}

function selectVersions(plan: EntityPlan): string {
  const extra = HISTORY_COLUMNS.map((name) => plan.dialect.quote(name)).join(', ');
  return `SELECT ${plan.columnList}, ${extra} FROM ${plan.historyTable} WHERE ${plan.columns[AT.id]?.quoted} = ${plan.dialect.placeholder(1)}`;
}

function hydrateVersion(plan: EntityPlan, row: RawRow): object & VersionFields {
  const [version, timestamp, userId, comment] = row.slice(plan.columns.length);
  const instance = plan.hydrate(row);
  return Object.assign(instance, {
    version: Number(version),
    historyTimestamp: new Date(plan.isoTime(timestamp)),
    historyUserId: userId as string | null,
    historyComment: comment as string | null,
  });
}

/** Which versions of a row are wanted. */
export interface VersionPage {
  /** At most so many; a whole number. */
  limit?: number;
  /** Only those older than this version: the last one of the page before. */
  before?: number;
}

/** Versions of a row, newest first. */
export async function versionsOf(
  session: Session,
  plan: EntityPlan,
  id: string,
  tenant: TenantLimit,
  { limit, before }: VersionPage = {},
): Promise<Array<object & VersionFields>> {
  assertHistory(plan);
  const { quote, placeholder } = plan.dialect;
  const params = [id, ...tenant.params];
  const older = before === undefined ? '' : ` AND ${quote('version')} < ${placeholder(params.push(before))}`;
  const most = limit === undefined ? '' : ` LIMIT ${limit}`;
  const sql = `${selectVersions(plan)}${tenant.sql}${older} ORDER BY ${quote('version')} DESC${most}`;
  const rows = await session.all(sql, params, plan.bigints);
  return rows.map((row) => hydrateVersion(plan, row));
}

/** One version of a row, or `null`. */
export async function versionOf(
  session: Session,
  plan: EntityPlan,
  id: string,
  version: number,
  tenant: TenantLimit,
): Promise<(object & VersionFields) | null> {
  const row = await rawVersion(session, plan, id, version, tenant);
  return row ? hydrateVersion(plan, row) : null;
}

/** A version as the engine stores it; `_version` is NULL in one that records the row's end. */
export async function rawVersion(
  session: Session,
  plan: EntityPlan,
  id: string,
  version: number,
  tenant: TenantLimit,
): Promise<RawRow | undefined> {
  assertHistory(plan);
  const position = plan.dialect.placeholder(2 + tenant.params.length);
  const sql = `${selectVersions(plan)}${tenant.sql} AND ${plan.dialect.quote('version')} = ${position}`;
  const [row] = await session.all(sql, [id, ...tenant.params, version], plan.bigints);
  return row;
}

/** Fields that change with every version and say nothing about what was changed. */
const ALWAYS_DIFFERENT: ReadonlySet<string> = new Set(['updatedAt', 'updatedBy', 'version']);

/** What differs between two versions: `{ field: [old, new] }`. @throws NotFoundError when one of them does not exist. */
export async function diffVersions(
  session: Session,
  plan: EntityPlan,
  id: string,
  from: number,
  to: number,
  tenant: TenantLimit,
): Promise<Record<string, [unknown, unknown]>> {
  const rows = await Promise.all([from, to].map((version) => rawVersion(session, plan, id, version, tenant)));
  const [old, young] = rows.map((row, index) => {
    if (row) return { portable: plan.portable(row), instance: plan.hydrate(row) as Record<string, unknown> };
    throw new NotFoundError(`${plan.meta.name} ${id} has no version ${index === 0 ? from : to}`);
  });
  if (!old || !young) return {};
  const changed = plan.columns.filter(
    (column) =>
      !ALWAYS_DIFFERENT.has(column.property) &&
      !sameValue(column, old.portable[column.index] ?? null, young.portable[column.index] ?? null),
  );
  return Object.fromEntries(
    changed.map(({ property }) => [property, [old.instance[property], young.instance[property]]]),
  );
}
