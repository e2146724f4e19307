import type { Portable } from '../../entity/codec.js';
import { AT } from '../../entity/system-fields.js';
import type { EntityPlan } from '../entity-plan.js';
import { chunks, fewSizes } from './chunks.js';
import type { Statement } from './insert-many.js';
import { commentSql } from './write-statements.js';

const ROWS_OF_LIST = 256;

/** Says why the newest versions of `rows` were made, where triggers have recorded them. */
export function noteStatements(
  plan: EntityPlan,
  rows: ReadonlyArray<readonly Portable[]>,
  comment: string,
): Statement[] {
  const keyOf = (row: readonly Portable[]): Portable[] => [row[AT.id] as Portable, row[AT.version] as Portable];
  if (plan.dialect.capabilities.embedded)
    return [{ sql: commentSql(plan), runs: rows.map((row) => [comment, ...keyOf(row)]) }];
  return chunks(rows, fewSizes(ROWS_OF_LIST)).map((some) => ({
    sql: noteListSql(plan, some.length),
    runs: [[comment, ...some.flatMap(keyOf)]],
  }));
}

function noteListSql(plan: EntityPlan, count: number): string {
  return plan.text(`note ${count}`, () => {
    const { quote, placeholder } = plan.dialect;
    const keys = Array.from(
      { length: count },
      (_, at) => `(${quote('id')} = ${placeholder(2 * at + 2)} AND ${quote('version')} = ${placeholder(2 * at + 3)})`,
    );
    return `UPDATE ${plan.historyTable} SET ${quote('history_comment')} = ${placeholder(1)} WHERE ${keys.join(' OR ')}`;
  });
}
