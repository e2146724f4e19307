import type { ColumnCodec } from '../dialect/dialect.js';
import type { FieldMeta } from '../entity/metadata.js';
import { integerAddition, numericAddition, textAddition } from './schema/addition.js';

/** The name of `sameJson` in SQL. */
export const SAME_JSON = 'app_kernel_same_json';

/** A double keeps this many decimal digits exactly. */
export const EXACT_DIGITS = 15;

const identity = (type: string): ColumnCodec => ({ type, toRaw: undefined, fromRaw: undefined, bigints: false });

/**
 * Type names say what a column holds, so that a change of a field is seen; SQLite itself takes from them no more than
 * whether a value is text or a number. `datetime` is ISO text with milliseconds and Z: it sorts by time, reads well in
 * any tool and travels byte for byte.
 */
export function sqliteColumn(field: FieldMeta): ColumnCodec {
  switch (field.type) {
    case 'string':
      return identity(`VARCHAR(${field.length})`);
    case 'text':
      return TEXT;
    case 'integer':
      return INTEGER;
    case 'bigint':
      return BIGINT;
    case 'number':
      return REAL;
    case 'decimal':
      return decimalColumn(field.precision, field.scale);
    case 'boolean':
      return BOOLEAN;
    case 'datetime':
      return DATETIME;
    case 'date':
      return DATE;
    case 'json':
      return JSON_TEXT;
    case 'uuid':
      return UUID;
    case 'blob':
      return BLOB;
  }
}

const TEXT = identity('TEXT');
const REAL = identity('REAL');
const DATETIME = identity('DATETIME TEXT');
const DATE = identity('DATE TEXT');
/** Another order of members makes no other document. */
const JSON_TEXT: ColumnCodec = {
  ...identity('JSON TEXT'),
  holds: (column, next) => `(${column} IS ${next()} OR ${SAME_JSON}(${column}, ${next()}))`,
};
const UUID = identity('CHAR(36)');
const BLOB = identity('BLOB');

const INTEGER: ColumnCodec = {
  type: 'INTEGER',
  toRaw: undefined,
  // An entity with a bigint field gets all of its integers as bigint.
  fromRaw: (raw: number | bigint) => Number(raw),
  bigints: false,
  addition: integerAddition,
};

const BIGINT: ColumnCodec = {
  type: 'INTEGER',
  toRaw: undefined,
  fromRaw: undefined,
  bigints: true,
  addition: integerAddition,
};

const BOOLEAN: ColumnCodec = {
  type: 'BOOLEAN',
  toRaw: (value: boolean) => (value ? 1 : 0),
  fromRaw: (raw: number | bigint) => Number(raw) !== 0,
  bigints: false,
};

/**
 * Up to 15 digits it is a number, which SQLite orders and sums by itself; a longer one is text whose order is numeric,
 * because no type of SQLite holds it exactly.
 */
export function decimalColumn(precision: number, scale: number): ColumnCodec {
  if (precision > EXACT_DIGITS) return sortableDecimal(precision, scale);
  return {
    type: `DECIMAL(${precision},${scale})`,
    toRaw: undefined,
    fromRaw: (raw: number | bigint) => Number(raw).toFixed(scale),
    bigints: false,
    addition: numericAddition(scale),
  };
}

/** Digits padded to full width behind a sign; negative ones as their complement, so that text order is numeric order. */
function sortableDecimal(precision: number, scale: number): ColumnCodec {
  const complement = (digits: string): string => digits.replace(/\d/g, (digit) => String(9 - Number(digit)));
  const width = precision + (scale > 0 ? 1 : 0);
  return {
    type: `DECIMAL TEXT(${precision},${scale})`,
    toRaw: (text: string) =>
      text.startsWith('-') ? `-${complement(text.slice(1).padStart(width, '0'))}` : text.padStart(width, '0'),
    fromRaw: (raw: string) => {
      const digits = raw.startsWith('-') ? complement(raw.slice(1)) : raw;
      const plain = digits.replace(/^0+(?=\d)/, '');
      return raw.startsWith('-') ? `-${plain}` : plain;
    },
    bigints: false,
    addition: textAddition(Math.max(precision, scale + 1)),
  };
}
