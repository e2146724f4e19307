import type { ColumnCodec } from '../dialect/dialect.js';
import type { FieldMeta } from '../entity/metadata.js';

/** Longer text leaves the row: all VARCHAR columns of a table share 65 535 bytes. */
const MAX_VARCHAR = 768;

const identity = (type: string): ColumnCodec => ({ type, toRaw: undefined, fromRaw: undefined, bigints: false });

const LONGTEXT = identity('longtext');
const INTEGER = identity('bigint');
const DOUBLE = identity('double');
const DATE = identity('date');
const UUID = identity('char(36)');

const BIGINT: ColumnCodec = {
  type: 'bigint',
  toRaw: undefined,
  fromRaw: (raw: number | string) => BigInt(raw),
  bigints: false,
};

const BLOB: ColumnCodec = { type: 'longblob', toRaw: asBuffer, fromRaw: undefined, bigints: false };

const BOOLEAN: ColumnCodec = {
  type: 'tinyint(1)',
  toRaw: (value: boolean) => (value ? 1 : 0),
  fromRaw: (raw: number) => raw !== 0,
  bigints: false,
};

const DATETIME: ColumnCodec = {
  type: 'datetime(3)',
  toRaw: isoToRaw,
  fromRaw: rawToIso,
  toValue: rawToDate,
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
    case 'json':
      return LONGTEXT;
    case 'integer':
      return INTEGER;
    case 'bigint':
      return BIGINT;
    case 'number':
      return DOUBLE;
    case 'decimal':
      return identity(`decimal(${field.precision},${field.scale})`);
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

/** `2026-01-02T03:04:05.678Z` → `2026-01-02 03:04:05.678`. */
export function isoToRaw(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)}`;
}

/** The driver leaves out a fraction, or a whole time, that is zero. */
function rawToIso(raw: string): string {
  if (raw.length === 23) return `${raw.slice(0, 10)}T${raw.slice(11)}Z`;
  const [date, time = '00:00:00'] = raw.split(' ');
  const [clock = '', fraction = ''] = time.split('.');
  return `${date}T${clock}.${fraction.slice(0, 3).padEnd(3, '0')}Z`;
}

/** By its digits, which is four times as fast as over ISO text. Date.UTC takes the years 0 to 99 for others. */
export function rawToDate(raw: string): Date {
  const year = pair(raw, 0) * 100 + pair(raw, 2);
  if (year < 100 || (raw.length !== 23 && raw.length !== 19)) return new Date(rawToIso(raw));
  const ms = raw.length === 23 ? pair(raw, 20) * 10 + raw.charCodeAt(22) - 48 : 0;
  return new Date(Date.UTC(year, pair(raw, 5) - 1, pair(raw, 8), pair(raw, 11), pair(raw, 14), pair(raw, 17), ms));
}

function pair(digits: string, at: number): number {
  return (digits.charCodeAt(at) - 48) * 10 + digits.charCodeAt(at + 1) - 48;
}

/** The driver takes only a Buffer for bytes, and any other array for text. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
