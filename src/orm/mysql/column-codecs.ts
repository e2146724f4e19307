import type { ColumnCodec } from '../dialect/dialect.js';
import type { FieldMeta } from '../entity/metadata.js';

/** Longer text leaves the row: all VARCHAR columns of a table share 65 535 bytes. */
const MAX_VARCHAR = 768;

const identity = (type: string): ColumnCodec => ({ type, toRaw: undefined, fromRaw: undefined, bigints: false });

const LONGTEXT = identity('longtext');

/**
 * Another order of members makes no other document, which a comparison of texts cannot know, nor the server where a
 * document is nested deeper than 32 times: it calls such a one invalid, and would end the statement if it had to compare.
 */
const JSON_TEXT: ColumnCodec = {
  ...LONGTEXT,
  holds: (column, next) => {
    const comparable = `JSON_VALID(${column}) AND JSON_VALID(${next()})`;
    return `(${column} <=> ${next()} OR IF(${comparable}, JSON_EQUALS(${column}, ${next()}), NULL))`;
  },
};
const INTEGER = identity('bigint');
const DOUBLE = identity('double');
const DATE = identity('date');
const UUID = identity('char(36)');

const BIGINT: ColumnCodec = {
  type: 'bigint',
  toRaw: undefined,
  fromRaw: (raw: number | bigint) => BigInt(raw),
  bigints: false,
};

const BLOB = identity('longblob');

const BOOLEAN: ColumnCodec = {
  type: 'tinyint(1)',
  toRaw: (value: boolean) => (value ? 1 : 0),
  fromRaw: (raw: number) => raw !== 0,
  bigints: false,
};

const DATETIME: ColumnCodec = {
  type: 'datetime(3)',
  toRaw: isoToRaw,
  fromRaw: (raw: Date) => raw.toISOString(),
  toValue: (raw: Date) => raw,
  fromText: (text: string) => `${text.slice(0, 10)}T${text.slice(11)}Z`,
  bigints: false,
};

/**
 * `date` and `datetime` reach from the year 0 to 9999, but the server takes the year 0 for no leap year and refuses its
 * February 29th. `datetime` is DATETIME(3) that holds UTC: no time zone of server, session or process can shift it. `json` is text, for
 * the JSON type of MySQL reorders members and rewrites numbers.
 */
export function mysqlColumn(field: FieldMeta): ColumnCodec {
  switch (field.type) {
    case 'string':
      return field.length <= MAX_VARCHAR ? identity(`varchar(${field.length})`) : LONGTEXT;
    case 'text':
      return LONGTEXT;
    case 'json':
      return JSON_TEXT;
    case 'integer':
      return INTEGER;
    case 'bigint':
      return BIGINT;
    case 'number':
      return DOUBLE;
    case 'decimal':
      return decimal(`decimal(${field.precision},${field.scale})`);
    case 'boolean':
      return BOOLEAN;
    case 'datetime':
      return DATETIME;
    case 'date':
      return DATE;
    case 'uuid':
      return UUID;
    case 'blob':
      return BLOB;
  }
}

/** Text in a list or a range is compared with a decimal as floating-point numbers, of which many decimals are one. */
function decimal(type: string): ColumnCodec {
  return { ...identity(type), typed: (placeholder) => `CAST(${placeholder} AS ${type})` };
}

/** `2026-01-02T03:04:05.678Z` → `2026-01-02 03:04:05.678`. */
export function isoToRaw(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)}`;
}
