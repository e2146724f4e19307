import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInflateRaw } from 'node:zlib';
import {
  BackupArchiveError,
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
  FLAG_ENCRYPTED,
  LOCAL_HEADER,
  LOCAL_HEADER_BYTES,
  LOCATOR_64,
  LOCATOR_64_BYTES,
  STORED,
} from './zip-format.js';

/** A file inside an archive. What it says of itself is a claim. */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly packed: number;
  readonly offset: number;
  /** Neither a link nor anything else that Unix knows beside files and folders. */
  readonly isPlain: boolean;
}

const MAX_ENTRIES = 20_000;
const MAX_DIRECTORY_BYTES = 8 * 1024 * 1024;
const MAX_COMMENT_BYTES = 65_535;
const FILE_TYPE = 0o170000;
const PLAIN_TYPES = [0, 0o100000, 0o040000];

/**
 * What an archive holds. Only its directory is read, so memory is bounded whatever is in it.
 * @throws BackupArchiveError
 */
export async function readZipDirectory(path: string, maxEntries: number = MAX_ENTRIES): Promise<ZipEntry[]> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const { count, length, offset } = await findDirectory(file, size);
    if (count > maxEntries || length > MAX_DIRECTORY_BYTES || offset + length > size) throw invalid();
    return entriesOf(await bytesAt(file, offset, length), count);
  } catch (cause) {
    if (cause instanceof BackupArchiveError) throw cause;
    throw cause instanceof RangeError ? invalid(cause) : cause;
  } finally {
    await file.close();
  }
}

/** What a file says; who reads it has to count, for it may unpack to anything. @throws BackupArchiveError */
export async function openZipEntry(path: string, entry: ZipEntry): Promise<AsyncIterable<Buffer>> {
  const file = await open(path, 'r');
  let start: number;
  try {
    const header = await bytesAt(file, entry.offset, LOCAL_HEADER_BYTES);
    if (header.readUInt32LE(0) !== LOCAL_HEADER) throw invalid();
    start = entry.offset + LOCAL_HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  } finally {
    await file.close();
  }
  if (entry.packed === 0) return noBytes();
  const packed = createReadStream(path, { start, end: start + entry.packed - 1 });
  return entry.method === STORED ? packed : unpacked(packed);
}

async function* noBytes(): AsyncGenerator<Buffer> {}

async function* unpacked(packed: NodeJS.ReadableStream & { destroy(): void }): AsyncGenerator<Buffer> {
  const inflate = createInflateRaw();
  packed.once('error', (error) => inflate.destroy(error));
  try {
    for await (const chunk of packed.pipe(inflate)) yield chunk as Buffer;
  } catch (cause) {
    throw invalid(cause);
  } finally {
    packed.destroy();
    inflate.destroy();
  }
}

interface Directory {
  readonly count: number;
  readonly length: number;
  readonly offset: number;
}

async function findDirectory(file: FileHandle, size: number): Promise<Directory> {
  const length = Math.min(size, DIRECTORY_END_BYTES + MAX_COMMENT_BYTES);
  const tail = await bytesAt(file, size - length, length);
  for (let at = length - DIRECTORY_END_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== DIRECTORY_END) continue;
    const found = {
      count: tail.readUInt16LE(at + 10),
      length: tail.readUInt32LE(at + 12),
      offset: tail.readUInt32LE(at + 16),
    };
    const isElsewhere = found.count === ELSEWHERE_16 || found.length === ELSEWHERE || found.offset === ELSEWHERE;
    return isElsewhere ? directory64(file, size - length + at) : found;
  }
  throw invalid();
}

async function directory64(file: FileHandle, end: number): Promise<Directory> {
  const locator = await bytesAt(file, end - LOCATOR_64_BYTES, LOCATOR_64_BYTES);
  if (locator.readUInt32LE(0) !== LOCATOR_64) throw invalid();
  const record = await bytesAt(file, number64(locator, 8), DIRECTORY_END_64_BYTES);
  if (record.readUInt32LE(0) !== DIRECTORY_END_64) throw invalid();
  return { count: number64(record, 32), length: number64(record, 40), offset: number64(record, 48) };
}

function entriesOf(directory: Buffer, count: number): ZipEntry[] {
  const entries: ZipEntry[] = [];
  for (let at = 0; entries.length < count; ) {
    if (directory.readUInt32LE(at) !== DIRECTORY_HEADER) throw invalid();
    const name = at + DIRECTORY_HEADER_BYTES;
    const extra = name + directory.readUInt16LE(at + 28);
    const end = extra + directory.readUInt16LE(at + 30);
    const method = directory.readUInt16LE(at + 10);
    const isUnknown = method !== STORED && method !== DEFLATED;
    if (isUnknown || directory.readUInt16LE(at + 8) & FLAG_ENCRYPTED || end > directory.length) throw invalid();
    const isUnix = directory.readUInt8(at + 5) === 3;
    const type = (directory.readUInt32LE(at + 38) >>> 16) & FILE_TYPE;
    entries.push({
      name: directory.toString('utf8', name, extra),
      method,
      ...sizesOf(directory, at, directory.subarray(extra, end)),
      isPlain: !isUnix || PLAIN_TYPES.includes(type),
    });
    at = end + directory.readUInt16LE(at + 32);
  }
  return entries;
}

function sizesOf(directory: Buffer, at: number, extra: Buffer): { packed: number; offset: number } {
  const values = [24, 20, 42].map((place) => directory.readUInt32LE(at + place));
  if (!values.includes(ELSEWHERE)) return { packed: values[1] as number, offset: values[2] as number };
  for (let field = 0; field + 4 <= extra.length; field += 4 + extra.readUInt16LE(field + 2)) {
    if (extra.readUInt16LE(field) !== EXTRA_64) continue;
    let next = field + 4;
    const [, packed = 0, offset = 0] = values.map((value) => {
      if (value !== ELSEWHERE) return value;
      next += 8;
      return number64(extra, next - 8);
    });
    return { packed, offset };
  }
  throw invalid();
}

/** @throws BackupArchiveError for a number that no file can have. */
function number64(bytes: Buffer, at: number): number {
  const value = bytes.readBigUInt64LE(at);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw invalid();
  return Number(value);
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  if (position < 0) throw invalid();
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead !== length) throw invalid();
  return buffer;
}

function invalid(cause?: unknown): BackupArchiveError {
  return new BackupArchiveError('Invalid ZIP file', { cause });
}
