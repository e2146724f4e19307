import type { RawRow, Row } from '../../dialect/driver.js';
import type { ResultColumn } from './result-column.js';

/** Rows of a hand-written query by column name. A sum of integers is a decimal to the server; other engines answer an integer. */
export function toObjects(rows: readonly RawRow[], columns: readonly ResultColumn[]): Row[] {
  return rows.map((values) => {
    const row: Row = {};
    for (let index = 0; index < columns.length; index++) {
      const { name, wholeNumbers } = columns[index] as ResultColumn;
      const value = values[index];
      row[name] = wholeNumbers && value !== null ? wholeNumber(value as string) : value;
    }
    return row;
  });
}

function wholeNumber(digits: string): number | bigint {
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : BigInt(digits);
}
