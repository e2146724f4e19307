import type { FieldPacket } from 'mysql2';
import type { RawRow, Row } from '../dialect/driver.js';
import { rawToDate } from './column-codecs.js';

const TIMESTAMP = 7;
const LONGLONG = 8;
const DATETIME = 12;
const NEWDECIMAL = 246;

type Convert = (raw: never) => unknown;

/** Rows of a hand-written query: times as dates, integers beyond the safe range as bigint. */
export function toObjects(rows: readonly RawRow[], fields: readonly FieldPacket[]): Row[] {
  const names = fields.map((field) => field.name);
  const conversions = fields.map(conversionOf) as Array<((raw: unknown) => unknown) | undefined>;
  return rows.map((values) => {
    const row: Row = {};
    for (let index = 0; index < names.length; index++) {
      const raw = values[index];
      const convert = conversions[index];
      row[names[index] as string] = raw === null || convert === undefined ? raw : convert(raw);
    }
    return row;
  });
}

function conversionOf(field: FieldPacket): Convert | undefined {
  switch (field.columnType) {
    case LONGLONG:
      return (raw: number | string) => (typeof raw === 'string' ? BigInt(raw) : raw);
    case TIMESTAMP:
    case DATETIME:
      return rawToDate;
    case NEWDECIMAL:
      // A sum of integers is a decimal without a table; other engines answer an integer.
      return field.orgTable === '' && field.decimals === 0 ? wholeNumber : undefined;
    default:
      return undefined;
  }
}

function wholeNumber(raw: string): number | bigint {
  const value = Number(raw);
  return Number.isSafeInteger(value) ? value : BigInt(raw);
}
