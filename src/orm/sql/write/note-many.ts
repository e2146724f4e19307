import type { EntityPlan } from '../entity-plan.js';
import { chunks, fewSizes } from './chunks.js';
import type { Statement } from './insert-many.js';
import { commentSql } from './write-statements.js';

const ROWS_OF_LIST = 256;

/** Names one version of one row. */
export type VersionKey = readonly [id: string, version: number];

/** Says why versions were made, where triggers have recorded them. */
export function noteStatements(plan: EntityPlan, keys: readonly VersionKey[], comment: string): Statement[] {
  if (plan.dialect.capabilities.embedded)
    return [{ sql: commentSql(plan), runs: keys.map((key) => [comment, ...key]) }];
  return chunks(keys, fewSizes(ROWS_OF_LIST)).map((some) => ({
    sql: noteListSql(plan, some.length),
    runs: [[comment, ...some.flat()]],
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
