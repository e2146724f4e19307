import { type ColumnType, DECIMAL } from './column-readers.js';
import type { PacketCursor } from './packet-cursor.js';

/** A column of a result as a hand-written query needs to know it. */
export interface ResultColumn {
  readonly name: string;
  /** A decimal without a place after the point that is no column of a table: a sum of integers, say. */
  readonly wholeNumbers: boolean;
}

/** The number of the character set that is none. */
const BINARY = 63;
const UNSIGNED = 0x20;

/**
 * What reading values takes, from the fixed part at the end of a column's definition: the names before it, which are
 * most of it, are not looked at.
 */
export function columnType(buffer: Buffer, end: number): ColumnType {
  return {
    code: buffer[end - 6] as number,
    unsigned: ((buffer[end - 5] as number) & UNSIGNED) !== 0,
    binary: buffer[end - 12] === BINARY && buffer[end - 11] === 0,
  };
}

/** @param cursor at the begin of a column's definition. */
export function readColumn(cursor: PacketCursor, end: number): ResultColumn {
  cursor.skipText(); // catalog
  cursor.skipText(); // schema
  cursor.skipText(); // the table as the statement calls it
  const table = cursor.text();
  const decimals = cursor.buffer[end - 3];
  return {
    name: cursor.text(),
    wholeNumbers: table === '' && decimals === 0 && cursor.buffer[end - 6] === DECIMAL,
  };
}
