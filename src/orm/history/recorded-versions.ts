import type { RawRow } from '../dialect/driver.js';
import type { Portable } from '../entity/codec.js';
import { AT, HISTORY_COLUMNS } from '../entity/system-fields.js';
import type { Session } from '../session/session.js';
import type { EntityPlan } from '../sql/entity-plan.js';
import { chunks } from '../sql/write/chunks.js';
import { assertHistory } from './versions.js';

/** Names one version of one row. */
export interface VersionKey {
  readonly id: string;
  readonly version: number;
}

/** One version of a row as it is recorded, whatever its tenant. */
export interface RecordedVersion extends VersionKey {
  /** ISO text, UTC. */
  readonly at: string;
  readonly userId: string | null;
  readonly comment: string | null;
  /** It records that the row was deleted for good; its values are the last ones. */
  readonly isEnd: boolean;
  /** Values by column: text, numbers, booleans, bytes; times as ISO text, documents as JSON text. */
  readonly values: Readonly<Record<string, Portable>>;
}

const KEYS_PER_QUERY = 200;

/** Those of `keys` that are recorded, in no order. */
export async function recordedVersions(
  session: Session,
  plan: EntityPlan,
  keys: readonly VersionKey[],
): Promise<RecordedVersion[]> {
  assertHistory(plan);
  const { quote, placeholder } = plan.dialect;
  const found: RecordedVersion[] = [];
  for (const some of chunks(keys, () => KEYS_PER_QUERY)) {
    const conditions = some.map(
      (_, at) => `(${quote('id')} = ${placeholder(2 * at + 1)} AND ${quote('version')} = ${placeholder(2 * at + 2)})`,
    );
    const params = some.flatMap(({ id, version }) => [id, version]);
    const rows = await session.all(`${selectSql(plan)} WHERE ${conditions.join(' OR ')}`, params, plan.bigints);
    found.push(...rows.map((row) => recorded(plan, row)));
  }
  return found;
}

/** What was recorded from `since` on and before `until` (ISO texts), page by page in the order of time. */
export async function* versionsBetween(
  session: Session,
  plan: EntityPlan,
  { since, until, pageSize = 500 }: { since: string; until: string; pageSize?: number },
): AsyncGenerator<VersionKey[]> {
  assertHistory(plan);
  const { quote, placeholder } = plan.dialect;
  const [id, version, time] = ['id', 'version', 'history_timestamp'].map(quote);
  const sql =
    `SELECT ${id}, ${version}, ${time} FROM ${plan.historyTable} WHERE ${time} >= ${placeholder(1)} AND ${time} < ${placeholder(2)} ` +
    `AND (${time} > ${placeholder(3)} OR ${id} > ${placeholder(4)} OR (${id} = ${placeholder(5)} AND ${version} > ${placeholder(6)})) ` +
    `ORDER BY ${time}, ${id}, ${version} LIMIT ${pageSize}`;
  for (let last = { at: plan.rawTime(since), id: '', version: 0 }; ; ) {
    const after = [last.at, last.id, last.id, last.version];
    const rows = await session.all(sql, [last.at, plan.rawTime(until), ...after]);
    if (rows.length > 0) yield rows.map(keyOf);
    const next = rows.at(-1);
    if (!next || rows.length < pageSize) return;
    last = { ...keyOf(next), at: plan.rawTime(plan.isoTime(next[2])) };
  }
}

function keyOf([id, version]: RawRow): VersionKey {
  return { id: String(id), version: Number(version) };
}

function selectSql(plan: EntityPlan): string {
  const extra = HISTORY_COLUMNS.map((name) => plan.dialect.quote(name)).join(', ');
  return `SELECT ${plan.columnList}, ${extra} FROM ${plan.historyTable}`;
}

function recorded(plan: EntityPlan, row: RawRow): RecordedVersion {
  const [version, time, userId, comment] = row.slice(plan.columns.length);
  const values = plan.columns.map(({ field, fromRaw, index }) => {
    const raw = row[index];
    return [field.column, raw === null ? null : fromRaw(raw)] as const;
  });
  return {
    id: String(row[AT.id]),
    version: Number(version),
    at: plan.isoTime(time),
    userId: userId as string | null,
    comment: comment as string | null,
    isEnd: row[AT.version] === null,
    values: Object.fromEntries(values),
  };
}
