import type { Portable } from '../../entity/codec.js';
import { AT } from '../../entity/system-fields.js';
import type { EntityPlan, PlannedColumn } from '../entity-plan.js';
import { fewSizes, rowChunks } from './chunks.js';
import { arrayColumn, arraysSql, bindArrays } from './column-arrays.js';
import { listSql, recordingSql, type Statement, type VersionNote } from './insert-many.js';
import { updateSql } from './write-statements.js';

const ROWS_OF_ARRAYS = 5_000;
const ROWS_OF_LIST = 1_000;

/**
 * Statements that write the columns at `indexes` of rows that exist and are locked, and their versions where `note` is
 * given. `rows` are whole.
 */
export function updateStatements(
  plan: EntityPlan,
  indexes: readonly number[],
  rows: ReadonlyArray<readonly Portable[]>,
  note: VersionNote | undefined,
): Statement[] {
  const { arrays, capabilities } = plan.dialect;
  if (arrays)
    return rowChunks(rows, (left) => Math.min(left, ROWS_OF_ARRAYS)).map((chunk) =>
      fromArrays(plan, indexes, chunk, note),
    );
  if (capabilities.embedded) {
    const bind = (row: readonly Portable[]): unknown[] =>
      [...indexes, AT.id].map((index) => plan.columns[index]?.toRaw(row[index] as Portable));
    return [{ sql: updateSql(plan, indexes), runs: rows.map(bind) }];
  }
  const most = Math.min(ROWS_OF_LIST, Math.floor(capabilities.maxParameters / plan.columns.length));
  return rowChunks(rows, fewSizes(most)).map((chunk) => overwriting(plan, indexes, chunk));
}

function fromArrays(
  plan: EntityPlan,
  indexes: readonly number[],
  rows: ReadonlyArray<readonly Portable[]>,
  note: VersionNote | undefined,
): Statement {
  const columns = [AT.id, ...indexes].map((index) => plan.columns[index] as PlannedColumn);
  const id = columns[0] as PlannedColumn;
  const sql = plan.text(`update arrays ${note !== undefined} ${indexes.join()}`, () => {
    const { from, next } = arraysSql(plan, columns, columns, 1);
    const sets = columns.slice(1).map((column) => `${column.quoted} = ${arrayColumn(plan, column)}`);
    const update = `UPDATE ${plan.table} SET ${sets.join(', ')} FROM ${from} WHERE ${id.quoted} = ${arrayColumn(plan, id)}`;
    return note ? recordingSql(plan, update, next) : update;
  });
  const values = bindArrays(plan, columns, rows);
  return { sql, runs: [note ? [...values, note.userId, note.comment] : values] };
}

/**
 * An INSERT of whole rows, each of which meets the stored one by its id: engines without arrays have no other statement
 * that takes lists of values as they are.
 */
function overwriting(
  plan: EntityPlan,
  indexes: readonly number[],
  rows: ReadonlyArray<readonly Portable[]>,
): Statement {
  const { sql, runs } = listSql(plan, rows);
  const columns = indexes.map((index) => plan.columns[index]?.quoted ?? '');
  return { sql: `${sql} ${plan.dialect.overwrite?.(columns)}`, runs };
}
