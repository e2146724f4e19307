import type { Counters } from '../../dialect/counters.js';
import type { ColumnShape, TableShape } from '../../dialect/shape.js';
import { quote, step } from '../quote.js';

const NUMERIC = /^(?:(?:tiny|small|medium|big)?int|float|double)\b/;
const NEXT =
  'SELECT auto_increment - 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?';

/** `AUTO_INCREMENT`: of one column of a table, which begins a key. The server itself looks for the largest number in it. */
export const counters: Counters = {
  fits: (table, column) => NUMERIC.test(column.type) && beginsKey(table, column) && isOnly(table, column),
  last: async (connection, table) => {
    const [row] = await connection.all(NEXT, [table]);
    return row?.[0] === null || row?.[0] === undefined ? undefined : String(row[0]);
  },
  resume: (table, _, last) =>
    last === undefined || BigInt(last) < 1n
      ? []
      : [step(`ALTER TABLE ${quote(table)} AUTO_INCREMENT = ${BigInt(last) + 1n}`, `count ${table} on`)],
};

function beginsKey({ primaryKey, indexes, foreignKeys }: TableShape, { name }: ColumnShape): boolean {
  return (
    primaryKey[0] === name ||
    indexes.some(({ columns }) => columns[0] === name) ||
    foreignKeys.some(({ column }) => column === name)
  );
}

function isOnly({ columns }: TableShape, { name }: ColumnShape): boolean {
  return columns.find(({ counter }) => counter)?.name === name;
}
