import type { Counters } from '../../dialect/counters.js';
import type { ColumnShape, SchemaStep } from '../../dialect/shape.js';
import { quote, step } from './ddl.js';
import { literal } from './defaults.js';

const INTEGER = /^(?:smallint|integer|bigint)$/;

/** Identity columns. Rows come in while the column takes numbers from anybody. */
export const counters: Counters = {
  fits: (_, { type }) => INTEGER.test(type),
  last: async (connection, _, { counter }) => {
    if (counter?.sequence === undefined) return undefined;
    const sql = `SELECT CASE WHEN is_called THEN last_value END FROM ${quote(counter.sequence)}`;
    const [row] = await connection.all(sql, []);
    return (row?.[0] as string | null | undefined) ?? undefined;
  },
  resume: (table, column, last) => [
    setLast(table, column, last),
    ...(column.counter?.always
      ? [
          step(
            `ALTER TABLE ${quote(table)} ALTER COLUMN ${quote(column.name)} SET GENERATED ALWAYS`,
            `let nobody else number ${table}`,
          ),
        ]
      : []),
  ],
};

/** A sequence without a number behind it keeps its start. */
function setLast(table: string, { name, counter }: ColumnShape, last: string | undefined): SchemaStep {
  const upwards = (counter?.step ?? 1) > 0;
  const [farthest, most, side] = upwards ? ['GREATEST', 'MAX', '> 0'] : ['LEAST', 'MIN', '< 0'];
  const sequence = `pg_get_serial_sequence(${literal(quote(table))}, ${literal(name)})`;
  const held = `SELECT ${farthest}(${most}(${quote(name)}), ${last === undefined ? 'NULL' : BigInt(last)}) AS last FROM ${quote(table)}`;
  return step(`SELECT setval(${sequence}, last) FROM (${held}) held WHERE last ${side}`, `count ${table} on`);
}
