import type { IndexedUpsert } from '../../dialect/dialect.js';
import { uniqueName } from '../../entity/constraint-name.js';
import { AT, HISTORY_COLUMNS } from '../../entity/system-fields.js';
import type { EntityPlan, PlannedColumn } from '../entity-plan.js';
import { placeholders } from '../read/fragment.js';

/** The unique key that tells which row is meant. */
export interface UpsertKey {
  readonly columns: readonly PlannedColumn[];
  /** Only rows that are not soft-deleted have it. */
  readonly liveOnly: boolean;
}

/**
 * Inserts a row, or changes the columns at `indexes` of the one with the same key, where they really differ, and answers
 * the stored row. Where a statement can record versions it does, and also answers a row that is so already; elsewhere that
 * one is not answered, or another one is that stands against it. Parameters: every column, then user and comment where versions are recorded.
 */
export function upsertSql(plan: EntityPlan, key: UpsertKey, indexes: readonly number[]): string {
  const keyShape = `${key.liveOnly} ${key.columns.map(({ index }) => index).join()}`;
  return plan.text(`upsert ${keyShape} ${indexes.join()}`, () => {
    const next = placeholders(plan.dialect);
    const values = plan.columns.map(() => next());
    const { indexedUpsert } = plan.dialect;
    if (indexedUpsert) return indexedUpsert(indexedParts(plan, key, indexes, `(${values.join(', ')})`));
    const insert =
      `INSERT INTO ${plan.table} AS target (${plan.columnList}) VALUES (${values.join(', ')}) ` +
      `${onConflictSql(plan, key, indexes)} RETURNING ${plan.columnList}`;
    if (!plan.dialect.capabilities.writableCtes) return insert;
    const recorded = plan.meta.history ? `, recorded$ AS (${recordWrittenSql(plan, next(), next())})` : '';
    const same = key.columns.map(({ quoted, index }) => `${quoted} = ${values[index]}`);
    return (
      `WITH written$ AS (${insert})${recorded} SELECT ${plan.columnList} FROM written$ UNION ALL ` +
      `SELECT ${plan.columnList} FROM ${plan.table} WHERE ${same.join(' AND ')} AND ${deletedAt(plan)} IS NULL ` +
      'AND NOT EXISTS (SELECT 1 FROM written$)'
    );
  });
}

export function onConflictSql(plan: EntityPlan, { columns, liveOnly }: UpsertKey, indexes: readonly number[]): string {
  const target = `ON CONFLICT (${columns.map(({ quoted }) => quoted).join(', ')})${liveOnly ? ` WHERE ${deletedAt(plan)} IS NULL` : ''}`;
  if (indexes.length === 0) return `${target} DO NOTHING`;
  const { greatest, nullSafeEquals } = plan.dialect;
  const changed = indexes.map((index) => plan.columns[index]?.quoted);
  const [updatedAt, updatedBy, version] = [AT.updatedAt, AT.updatedBy, AT.version].map(
    (at) => plan.columns[at]?.quoted,
  );
  const sets = [
    ...changed.map((column) => `${column} = excluded.${column}`),
    `${updatedAt} = ${greatest}(target.${updatedAt}, excluded.${updatedAt})`,
    `${updatedBy} = excluded.${updatedBy}`,
    `${version} = target.${version} + 1`,
  ];
  const same = indexes.map((index) => {
    const { quoted, holds } = plan.columns[index] as PlannedColumn;
    return holds
      ? holds(`target.${quoted}`, () => `excluded.${quoted}`)
      : `target.${quoted} ${nullSafeEquals} excluded.${quoted}`;
  });
  return `${target} DO UPDATE SET ${sets.join(', ')} WHERE target.${deletedAt(plan)} IS NULL AND NOT (${same.join(' AND ')})`;
}

/** @param rows of placeholders of every column, each in parentheses. */
export function indexedParts(
  plan: EntityPlan,
  { columns }: UpsertKey,
  indexes: readonly number[],
  rows: string,
): IndexedUpsert {
  const [updatedAt, updatedBy, version] = [AT.updatedAt, AT.updatedBy, AT.version].map(
    (at) => plan.columns[at]?.quoted ?? '',
  ) as [string, string, string];
  return {
    table: plan.table,
    columns: plan.columnList,
    rows,
    index: plan.dialect.quote(
      uniqueName(
        plan.meta.table,
        columns.map(({ field }) => field.column),
      ),
    ),
    key: columns.map(({ quoted }) => quoted),
    changed: indexes.map((index) => plan.columns[index] as PlannedColumn),
    deletedAt: deletedAt(plan),
    updatedAt,
    updatedBy,
    version,
  };
}

/** Records the versions of what `written$` has inserted or changed. */
export function recordWrittenSql(plan: EntityPlan, user: string, comment: string): string {
  const [version, updatedAt] = [AT.version, AT.updatedAt].map((at) => plan.columns[at]?.quoted);
  const extra = HISTORY_COLUMNS.map(plan.dialect.quote).join(', ');
  return (
    `INSERT INTO ${plan.historyTable} (${plan.columnList}, ${extra}) ` +
    `SELECT ${plan.columnList}, ${version}, ${updatedAt}, ${user}, ${comment} FROM written$`
  );
}

function deletedAt(plan: EntityPlan): string {
  return plan.columns[AT.deletedAt]?.quoted ?? '';
}
