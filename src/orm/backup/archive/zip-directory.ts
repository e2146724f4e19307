import {
  DEFLATED,
  DIRECTORY_END,
  DIRECTORY_END_64,
  DIRECTORY_END_64_BYTES,
  DIRECTORY_END_BYTES,
  DIRECTORY_HEADER,
  DIRECTORY_HEADER_BYTES,
  ELSEWHERE,
  ELSEWHERE_16,
  EXTRA_64,
  FLAG_DESCRIPTOR,
  FLAG_UTF8,
  LOCATOR_64,
  LOCATOR_64_BYTES,
} from './zip-format.js';

/** A file that stands in an archive. */
export interface WrittenEntry {
  readonly name: Buffer;
  /** Where its header begins. */
  readonly offset: number;
  readonly packed: number;
  readonly bytes: number;
  readonly crc: number;
}

export const VERSION = 20;
export const VERSION_64 = 45;
export const FLAGS = FLAG_DESCRIPTOR | FLAG_UTF8;
/** A little below 2^32, for packing may make a file longer. */
export const LARGE = 0xf0000000;
/** 1 January 2026: what is inside tells its own time. */
export const DATE = ((2026 - 1980) << 9) | (1 << 5) | 1;
/** Read and write for the owner alone, where the archive is unpacked on Unix. */
const UNIX = 3 << 8;
const MODE = (0o100600 << 16) >>> 0;

/**
 * What ends an archive and says what is in it. Numbers that do not fit into 32 bits, or 16, are written in 64 (ZIP64).
 * @param offset where it begins.
 */
export function zipDirectory(entries: readonly WrittenEntry[], offset: number): Buffer {
  const directory = Buffer.concat(entries.map(directoryHeader));
  return Buffer.concat([directory, directoryEnd(entries.length, directory.length, offset)]);
}

function directoryHeader({ name, offset, packed, bytes, crc }: WrittenEntry): Buffer {
  const elsewhere = [bytes, packed, offset].filter((value) => value >= ELSEWHERE);
  const extra = elsewhere.length > 0 ? extra64(elsewhere) : Buffer.alloc(0);
  const header = Buffer.alloc(DIRECTORY_HEADER_BYTES);
  header.writeUInt32LE(DIRECTORY_HEADER, 0);
  header.writeUInt16LE(UNIX | VERSION_64, 4);
  header.writeUInt16LE(bytes > LARGE || extra.length > 0 ? VERSION_64 : VERSION, 6);
  header.writeUInt16LE(FLAGS, 8);
  header.writeUInt16LE(DEFLATED, 10);
  header.writeUInt16LE(DATE, 14);
  header.writeUInt32LE(crc, 16);
  header.writeUInt32LE(Math.min(packed, ELSEWHERE), 20);
  header.writeUInt32LE(Math.min(bytes, ELSEWHERE), 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(extra.length, 30);
  header.writeUInt32LE(MODE, 38);
  header.writeUInt32LE(Math.min(offset, ELSEWHERE), 42);
  return Buffer.concat([header, name, extra]);
}

/** Numbers of 64 bits beside a header that has no room for them. */
export function extra64(values: readonly number[]): Buffer {
  const extra = Buffer.alloc(4 + 8 * values.length);
  extra.writeUInt16LE(EXTRA_64, 0);
  extra.writeUInt16LE(8 * values.length, 2);
  for (const [at, value] of values.entries()) extra.writeBigUInt64LE(BigInt(value), 4 + 8 * at);
  return extra;
}

function directoryEnd(count: number, length: number, offset: number): Buffer {
  const end = Buffer.alloc(DIRECTORY_END_BYTES);
  end.writeUInt32LE(DIRECTORY_END, 0);
  end.writeUInt16LE(Math.min(count, ELSEWHERE_16), 8);
  end.writeUInt16LE(Math.min(count, ELSEWHERE_16), 10);
  end.writeUInt32LE(Math.min(length, ELSEWHERE), 12);
  end.writeUInt32LE(Math.min(offset, ELSEWHERE), 16);
  if (count < ELSEWHERE_16 && offset < ELSEWHERE) return end;
  const end64 = Buffer.alloc(DIRECTORY_END_64_BYTES);
  end64.writeUInt32LE(DIRECTORY_END_64, 0);
  end64.writeBigUInt64LE(BigInt(DIRECTORY_END_64_BYTES - 12), 4);
  end64.writeUInt16LE(UNIX | VERSION_64, 12);
  end64.writeUInt16LE(VERSION_64, 14);
  for (const [at, value] of [count, count, length, offset].entries())
    end64.writeBigUInt64LE(BigInt(value), 24 + 8 * at);
  const locator = Buffer.alloc(LOCATOR_64_BYTES);
  locator.writeUInt32LE(LOCATOR_64, 0);
  locator.writeBigUInt64LE(BigInt(offset + length), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([end64, locator, end]);
}
