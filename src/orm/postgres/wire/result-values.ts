import type { RawRow, Row } from '../../dialect/driver.js';
import type { ResultColumn } from './exchange.js';

type Parse = (text: string) => unknown;

const integer: Parse = (text) => {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
};

const bytes: Parse = (text) => Buffer.from(text.slice(2), 'hex');

/** By the type's number in pg_type. Everything else stays text, decimals and dates among it. */
const PARSERS: Readonly<Record<number, Parse>> = {
  16: (text) => text === 't',
  17: bytes,
  20: integer,
  21: integer,
  23: integer,
  26: integer,
  114: JSON.parse,
  700: Number,
  701: Number,
  1184: (text) => new Date(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')),
  3802: JSON.parse,
};

/** Rows of a hand-written query by column name. */
export function toObjects(rows: readonly RawRow[], columns: readonly ResultColumn[]): Row[] {
  const parsers = columns.map((column) => PARSERS[column.dataTypeID]);
  return rows.map((row) => {
    const object: Row = {};
    for (const [index, { name }] of columns.entries()) {
      const text = row[index] as string | null;
      const parse = parsers[index];
      object[name] = text === null || parse === undefined ? text : parse(text);
    }
    return object;
  });
}
