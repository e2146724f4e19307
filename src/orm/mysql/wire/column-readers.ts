import type { PacketCursor } from './packet-cursor.js';
import { readDate, readMoment, readTime } from './times.js';

/** Reads the value of one column, which is not NULL, and leaves the cursor behind it. */
export type ReadValue = (cursor: PacketCursor) => unknown;

/** What the server says about a column of a result, as far as reading its values needs it. */
export interface ColumnType {
  /** One of the protocol's numbers for types. */
  readonly code: number;
  readonly unsigned: boolean;
  /** Without a character set: bytes, where the type is one of text. */
  readonly binary: boolean;
}

export const DECIMAL = 246;

const READERS: Readonly<Record<number, ReadValue>> = {
  1: (cursor) => (cursor.int8() << 24) >> 24,
  2: (cursor) => (cursor.int16() << 16) >> 16,
  3: (cursor) => cursor.int32() | 0,
  4: (cursor) => cursor.float(),
  5: (cursor) => cursor.double(),
  6: () => null,
  7: readMoment,
  8: (cursor) => cursor.signedInt64(),
  9: (cursor) => cursor.int32() | 0,
  10: readDate,
  11: readTime,
  12: readMoment,
  13: (cursor) => cursor.int16(),
  14: readDate,
};

const UNSIGNED_READERS: Readonly<Record<number, ReadValue>> = {
  1: (cursor) => cursor.int8(),
  2: (cursor) => cursor.int16(),
  3: (cursor) => cursor.int32(),
  8: (cursor) => cursor.int64(),
  9: (cursor) => cursor.int32(),
};

/** Digits and JSON are text, although they have no character set. */
const TEXTUAL: ReadonlySet<number> = new Set([0, 245, DECIMAL]);

const readText: ReadValue = (cursor) => cursor.text();
const readBytes: ReadValue = (cursor) => cursor.bytes();

/** Times come as dates, days as text, integers beyond the safe range as bigint, decimals as text. */
export function readerOf({ code, unsigned, binary }: ColumnType): ReadValue {
  const reader = (unsigned ? UNSIGNED_READERS[code] : undefined) ?? READERS[code];
  if (reader) return reader;
  return binary && !TEXTUAL.has(code) ? readBytes : readText;
}
