import { SchemaError } from '../../base/errors.js';
import type { Connection } from '../dialect/driver.js';
import type { ForeignColumn, ForeignPlace, ForeignTables } from '../dialect/foreign-tables.js';
import type { FieldOptions } from '../entity/field-types.js';
import { EXACT_DIGITS } from './column-codecs.js';
import { fieldOf } from './field-of-type.js';
import { quote } from './quote.js';

/** A number holds every integer up to here. */
const LAST_EXACT = 2 ** 53;

export const foreignTables: ForeignTables = {
  columnOf,
  byBytes: (column) => `${column} COLLATE BINARY`, // an index that sorts so serves all the same
};

/** A type binds no value here, so the values themselves say what the column holds. */
async function columnOf(
  connection: Pick<Connection, 'all'>,
  { table, column: { name, type } }: ForeignPlace,
): Promise<ForeignColumn> {
  const value = quote(name);
  const holds = async (condition: string): Promise<boolean> => {
    const sql = `SELECT 1 FROM ${quote(table)} WHERE ${value} IS NOT NULL AND (${condition}) LIMIT 1`;
    return (await connection.all(sql, [])).length > 0;
  };
  const field = fieldOf(type);
  if (field && !(await holds(misfits(field, value)))) return { field, same: true };
  const found = await connection.all(`SELECT DISTINCT typeof(${value}) FROM ${quote(table)} ORDER BY 1`, []);
  const kinds = found.map(([kind]) => kind as string).filter((kind) => kind !== 'null');
  const options = KINDS[kinds.join()];
  const beyond = `typeof(${value}) = 'integer' AND ${value} NOT BETWEEN -${LAST_EXACT} AND ${LAST_EXACT}`;
  const isInexact = options?.type === 'number' && (await holds(beyond));
  if (options && !isInexact) return { field: options, same: false };
  throw new SchemaError(
    `${table}.${name} holds values of several kinds (${kinds.join(', ')}), which no backup could give back; store one kind in it`,
  );
}

const KINDS: Readonly<Record<string, FieldOptions>> = {
  '': { type: 'text' },
  text: { type: 'text' },
  blob: { type: 'blob' },
  integer: { type: 'bigint' },
  real: { type: 'number' },
  'integer,real': { type: 'number' },
};

function misfits({ type, precision = 0, scale }: FieldOptions, value: string): string {
  switch (type) {
    case 'boolean':
      return `typeof(${value}) <> 'integer' OR ${value} NOT IN (0, 1)`;
    case 'decimal':
      if (precision > EXACT_DIGITS) return `typeof(${value}) <> 'text'`;
      return `typeof(${value}) NOT IN ('integer', 'real') OR ${value} <> round(${value}, ${scale})`;
    case 'integer':
    case 'bigint':
      return `typeof(${value}) <> 'integer'`;
    case 'number':
      return `typeof(${value}) <> 'real'`;
    case 'blob':
      return `typeof(${value}) <> 'blob'`;
    default:
      return `typeof(${value}) <> 'text'`;
  }
}
