import type { ColumnCodec } from '../dialect/dialect.js';
import type { FieldMeta } from '../entity/metadata.js';

/** A double keeps this many decimal digits exactly. */
const EXACT_DIGITS = 15;

const identity = (type: string): ColumnCodec => ({ type, toRaw: undefined, fromRaw: undefined, bigints: false });
const TEXT = identity('TEXT');
const REAL = identity('REAL');

/**
 * `datetime` is ISO text with milliseconds and Z: it sorts by time, reads well in any tool and travels byte for byte.
 * `decimal` up to 15 digits is NUMERIC, which SQLite orders and sums by itself; a longer one is text whose order is
 * numeric, because no type of SQLite holds it exactly.
 */
export function sqliteColumn(field: FieldMeta): ColumnCodec {
  switch (field.type) {
    case 'integer':
      return INTEGER;
    case 'bigint':
      return BIGINT;
    case 'number':
      return REAL;
    case 'boolean':
      return BOOLEAN;
    case 'blob':
      return identity('BLOB');
    case 'decimal':
      return field.precision <= EXACT_DIGITS ? numeric(field.scale) : sortableDecimal(field.precision, field.scale);
    default:
      return TEXT;
  }
}

const INTEGER: ColumnCodec = {
  type: 'INTEGER',
  toRaw: undefined,
  // An entity with a bigint field gets all of its integers as bigint.
  fromRaw: (raw: number | bigint) => Number(raw),
  bigints: false,
};

const BIGINT: ColumnCodec = {
  type: 'INTEGER',
  toRaw: undefined,
  fromRaw: undefined,
  bigints: true,
};

const BOOLEAN: ColumnCodec = {
  type: 'INTEGER',
  toRaw: (value: boolean) => (value ? 1 : 0),
  fromRaw: (raw: number | bigint) => Number(raw) !== 0,
  bigints: false,
};

function numeric(scale: number): ColumnCodec {
  return {
    type: 'NUMERIC',
    toRaw: undefined,
    fromRaw: (raw: number | bigint) => Number(raw).toFixed(scale),
    bigints: false,
  };
}

/** Digits padded to full width behind a sign; negative ones as their complement, so that text order is numeric order. */
function sortableDecimal(precision: number, scale: number): ColumnCodec {
  const complement = (digits: string): string => digits.replace(/\d/g, (digit) => String(9 - Number(digit)));
  const width = precision + (scale > 0 ? 1 : 0);
  return {
    type: 'TEXT',
    toRaw: (text: string) =>
      text.startsWith('-') ? `-${complement(text.slice(1).padStart(width, '0'))}` : text.padStart(width, '0'),
    fromRaw: (raw: string) => {
      const digits = raw.startsWith('-') ? complement(raw.slice(1)) : raw;
      const plain = digits.replace(/^0+(?=\d)/, '');
      return raw.startsWith('-') ? `-${plain}` : plain;
    },
    bigints: false,
  };
}
