import type { ForeignTables } from '../dialect/foreign-tables.js';
import type { FieldOptions } from '../entity/field-types.js';
import { fieldOf } from './field-of-type.js';
import type { Flavor } from './flavor.js';
import { quote } from './quote.js';

const INTEGER = /^(?:(?:tiny|small|medium)?int|year)\b/;
const FLOAT = /^(?:float|double)\b/;
const DECIMAL = /^decimal\((\d+),(\d+)\)/;
/** As text they would lose bytes, or be refused. */
const BYTES = /^(?:(?:var)?binary|(?:tiny|medium|long)?blob|bit|(?:multi)?(?:point|linestring|polygon)|geom\w+)\b/;

const LAST_SIGNED = 2n ** 63n - 1n;

export function foreignTables({ collation }: Flavor): ForeignTables {
  return {
    async columnOf(connection, { table, column: { name, type, counter } }) {
      const field = fieldOf(type);
      if (counter && /^bigint unsigned/.test(type)) {
        const beyond = `SELECT 1 FROM ${quote(table)} WHERE ${quote(name)} > ${LAST_SIGNED} LIMIT 1`;
        if ((await connection.all(beyond, [])).length === 0) return { field: { type: 'bigint' }, same: false };
      }
      if (field?.type !== 'boolean') return field ? { field, same: true } : { field: nearestField(type), same: false };
      // The type of a boolean is that of any number of one digit as well.
      const numbers = `SELECT 1 FROM ${quote(table)} WHERE ${quote(name)} NOT IN (0, 1) LIMIT 1`;
      const isNumber = (await connection.all(numbers, [])).length > 0;
      return isNumber ? { field: { type: 'bigint' }, same: false } : { field, same: true };
    },
    byBytes: (column, foreign) => (foreign ? `CAST(${column} AS CHAR) COLLATE ${collation}` : column),
  };
}

function nearestField(type: string): FieldOptions {
  if (/^bigint unsigned/.test(type)) return { type: 'decimal', precision: 20, scale: 0 }; // beyond 64 bits with a sign
  if (INTEGER.test(type)) return { type: 'bigint' };
  if (FLOAT.test(type)) return { type: 'number' };
  const [, precision, scale] = DECIMAL.exec(type) ?? [];
  if (precision !== undefined) return { type: 'decimal', precision: Number(precision), scale: Number(scale) };
  return { type: BYTES.test(type) ? 'blob' : 'text' };
}
