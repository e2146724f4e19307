import type { Portable } from '../../entity/codec.js';
import { AT } from '../../entity/system-fields.js';
import type { EntityPlan } from '../entity-plan.js';
import type { BoundStatement } from './bound-statement.js';
import { fewSizes, rowChunks } from './chunks.js';
import { arrayColumn, arraysSql, bindArrays, bindShared } from './column-arrays.js';
import { sharedColumns, type VersionNote } from './insert-many.js';
import { indexedParts, onConflictSql, recordWrittenSql, type UpsertKey } from './upsert.js';

const ROWS_OF_ARRAYS = 5_000;
const ROWS_OF_LIST = 256;

/** What `upsertSql` does, for many rows in one statement. Their keys differ, and they lie in the order of their keys. */
export function upsertManyStatements(
  plan: EntityPlan,
  key: UpsertKey,
  indexes: readonly number[],
  rows: ReadonlyArray<readonly Portable[]>,
  note: VersionNote,
): BoundStatement[] {
  const { arrays, capabilities } = plan.dialect;
  if (arrays)
    return rowChunks(rows, (left) => Math.min(left, ROWS_OF_ARRAYS)).map((some) =>
      fromArrays(plan, key, indexes, some, note),
    );
  const most = Math.min(ROWS_OF_LIST, Math.floor(capabilities.maxParameters / plan.columns.length));
  return rowChunks(rows, fewSizes(most)).map((some) => fromLists(plan, key, indexes, some));
}

function fromArrays(
  plan: EntityPlan,
  key: UpsertKey,
  indexes: readonly number[],
  rows: ReadonlyArray<readonly Portable[]>,
  { userId, comment }: VersionNote,
): BoundStatement {
  const ofKey = new Set(key.columns.map(({ index }) => index));
  const shared = new Set([...sharedColumns(plan, rows)].filter((index) => !ofKey.has(index)));
  const varying = plan.columns.filter(({ index }) => !shared.has(index));
  const shapes = [shapeOf(key), indexes.join(), varying.map(({ index }) => index).join()];
  const sql = plan.text(`upsert arrays ${shapes.join(' ')}`, () => {
    const { list, from, next } = arraysSql(plan, plan.columns, varying, 1);
    const { placeholder } = plan.dialect;
    const insert =
      `INSERT INTO ${plan.table} AS target (${plan.columnList}) SELECT ${list} FROM ${from} ` +
      `${onConflictSql(plan, key, indexes)} RETURNING ${plan.columnList}`;
    const recorded = plan.meta.history
      ? `, recorded$ AS (${recordWrittenSql(plan, placeholder(next), placeholder(next + 1))})`
      : '';
    const [id, deletedAt] = [AT.id, AT.deletedAt].map((at) => plan.columns[at]?.quoted);
    const same = key.columns.map((column) => `stored$.${column.quoted} = ${arrayColumn(plan, column)}`);
    const stored = plan.columns.map(({ quoted }) => `stored$.${quoted}`).join(', ');
    return (
      `WITH written$ AS (${insert})${recorded} SELECT ${plan.columnList} FROM written$ UNION ALL ` +
      `SELECT ${stored} FROM ${from} JOIN ${plan.table} AS stored$ ON ${same.join(' AND ')} AND stored$.${deletedAt} IS NULL ` +
      `WHERE NOT EXISTS (SELECT 1 FROM written$ WHERE written$.${id} = stored$.${id})`
    );
  });
  const values = [...bindArrays(plan, varying, rows), ...bindShared(plan.columns, shared, rows)];
  return { sql, params: plan.meta.history ? [...values, userId, comment] : values };
}

function fromLists(
  plan: EntityPlan,
  key: UpsertKey,
  indexes: readonly number[],
  rows: ReadonlyArray<readonly Portable[]>,
): BoundStatement {
  const sql = plan.text(`upsert lists ${rows.length} ${shapeOf(key)} ${indexes.join()}`, () => {
    const row = `(${plan.columns.map(() => '?').join(', ')})`;
    const lists = rows.map(() => row).join(', ');
    return plan.dialect.indexedUpsert?.(indexedParts(plan, key, indexes, lists)) ?? '';
  });
  return { sql, params: rows.flatMap((row) => plan.columns.map(({ toRaw, index }) => toRaw(row[index] as Portable))) };
}

function shapeOf({ columns, liveOnly }: UpsertKey): string {
  return `${liveOnly} ${columns.map(({ index }) => index).join()}`;
}
