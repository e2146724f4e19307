import type { ColumnArrays } from '../dialect/dialect.js';

/**
 * The type without its size: a size is checked when the value is stored, whereas a cast would cut the value to it.
 */
function elementType(type: string): string {
  return type.replace(/\(\d+(,\d+)?\)/, '').replace(/ COLLATE .*$/, '');
}

const SPECIAL = /["\\]/;
const SPECIALS = /["\\]/g;

/**
 * An array as the server reads it: `{"a","b\"c",NULL,1}`. It plans `= ANY(array)` for a few values whatever their number; a
 * list of 16 parameters made it read a table of 2,000 rows from end to end, which took three times as long.
 */
function encode(values: readonly unknown[]): string {
  let text = '{';
  for (let at = 0; at < values.length; at++) {
    if (at > 0) text += ',';
    text += element(values[at]);
  }
  return `${text}}`;
}

function element(value: unknown): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return `"${SPECIAL.test(value) ? value.replace(SPECIALS, '\\$&') : value}"`;
  if (value instanceof Uint8Array)
    return `"\\\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}"`;
  return String(value);
}

export const arrays: ColumnArrays = { elementType, encode };
