import type { Counters } from '../../dialect/counters.js';
import type { ColumnShape, SchemaStep, TableShape } from '../../dialect/shape.js';
import { quote, step } from '../quote.js';

const SEQUENCES = `SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'`;

/** The key of a table that is one INTEGER. `AUTOINCREMENT` remembers which numbers are gone. */
export const counters: Counters = {
  fits: ({ primaryKey }, { name, type }) =>
    type.toUpperCase() === 'INTEGER' && primaryKey.length === 1 && primaryKey[0] === name,
  last: async (connection, table, { counter }) => {
    if (!counter || counter.reuses || (await connection.all(SEQUENCES, [])).length === 0) return undefined;
    const [row] = await connection.all('SELECT CAST(seq AS TEXT) FROM sqlite_sequence WHERE name = ?', [table]);
    return (row?.[0] as string | undefined) ?? undefined;
  },
  resume: (table, column, last) =>
    last === undefined || column.counter?.reuses ? [] : setLast(table, column, BigInt(last)),
};

function setLast(table: string, { name }: ColumnShape, last: bigint): SchemaStep[] {
  const held = `SELECT ?, MAX(${last}, COALESCE((SELECT MAX(${quote(name)}) FROM ${quote(table)}), 0))`;
  return [
    { ...step('DELETE FROM sqlite_sequence WHERE name = ?', `count ${table} on`), params: [table] },
    { ...step(`INSERT INTO sqlite_sequence (name, seq) ${held}`, `count ${table} on`), params: [table] },
  ];
}

/** Whether a column says by itself that it is the key. */
export function isCounted(table: TableShape, column: ColumnShape): boolean {
  return column.counter !== undefined && !column.counter.reuses && counters.fits(table, column);
}
