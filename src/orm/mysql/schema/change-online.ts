import type { ColumnCopy, SchemaStep, TableShape } from '../../dialect/shape.js';
import type { Flavor } from '../flavor.js';
import { quote, step } from '../quote.js';
import { addIndexColumns, addKey, alter, changedIndexes, copiedValue, phases } from './change-table.js';

/**
 * Changes a large table. The server picks the algorithm that holds up others least, if a statement gives it the choice:
 * a column for an index and the index itself in one statement would copy the table under a lock (MariaDB 10.11), in two
 * they do not. Rows are copied in batches. What is left, the server can only do by copying the table.
 */
export function changeOnline(
  flavor: Flavor,
  current: TableShape,
  target: TableShape,
  copies: readonly ColumnCopy[],
): SchemaStep[] {
  const { added } = changedIndexes(flavor, current, target);
  const withoutNewIndexes = { ...target, indexes: target.indexes.filter((index) => !added.includes(index)) };
  const { early, late } = phases(flavor, current, withoutNewIndexes, copies);
  return [
    ...early,
    ...[
      ...copies.map((copy) => copyInBatches(target, copy)),
      ...late,
      ...added
        .flatMap((index) => addIndexColumns(current, target, index))
        .flatMap((change) => alter(target.name, [change])),
      ...added.flatMap((index) => alter(target.name, [addKey(target, index)])),
    ].map((one) => ({ ...one, online: true })),
  ];
}

/** A new column follows the old one until all is done, for old instances still write to that. */
function copyInBatches(table: TableShape, copy: ColumnCopy): SchemaStep {
  const { from, to, overwrite, fresh } = copy;
  const value = copiedValue(table, copy);
  const empty = `${quote(to)} IS NULL AND ${quote(from)} IS NOT NULL`;
  const stale = overwrite || fresh ? `NOT (${quote(to)} <=> ${value})` : empty;
  const range = `${quote('id')} > ? AND ${quote('id')} <= ?`;
  const sql = `UPDATE ${quote(table.name)} SET ${quote(to)} = ${value} WHERE ${range} AND ${stale}`;
  return { ...step(sql, `copy ${table.name}.${from} to ${to} in batches`), batchesOf: table.name };
}
