import { Readable } from 'node:stream';
import { constants, crc32, createDeflateRaw } from 'node:zlib';
import {
  DEFLATED,
  DESCRIPTOR,
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
  LOCAL_HEADER,
  LOCAL_HEADER_BYTES,
  LOCATOR_64,
  LOCATOR_64_BYTES,
} from './zip-format.js';

/** A file on its way into an archive. */
export interface ZipSource {
  readonly name: string;
  /** How long it is; so it is known beforehand whether 32 bits are enough. */
  readonly bytes: number;
  readonly content: AsyncIterable<Buffer>;
}

interface Written {
  readonly name: Buffer;
  readonly offset: number;
  readonly packed: number;
  readonly bytes: number;
  readonly crc: number;
}

const VERSION = 20;
const VERSION_64 = 45;
const FLAGS = FLAG_DESCRIPTOR | FLAG_UTF8;
/** A little below 2^32, for packing may make a file longer. */
const LARGE = 0xf0000000;
/** 1 January 2026: what is inside tells its own time. */
const DATE = ((2026 - 1980) << 9) | (1 << 5) | 1;
/** Read and write for the owner alone, where the archive is unpacked on Unix. */
const UNIX = 3 << 8;
const MODE = (0o100600 << 16) >>> 0;

/** An archive, while it is written: memory holds one chunk, and no file has to be there as a whole. */
export async function* zip(sources: AsyncIterable<ZipSource>): AsyncGenerator<Buffer> {
  const written: Written[] = [];
  let offset = 0;
  for await (const { name: text, bytes: announced, content } of sources) {
    const name = Buffer.from(text);
    const isLarge = announced > LARGE;
    const header = localHeader(name, isLarge);
    yield header;
    let [crc, bytes, packed] = [0, 0, 0];
    const counted = async function* (): AsyncGenerator<Buffer> {
      for await (const chunk of content) {
        crc = crc32(chunk, crc);
        bytes += chunk.length;
        yield chunk;
      }
    };
    for await (const chunk of packedStream(counted())) {
      packed += chunk.length;
      yield chunk;
    }
    const end = descriptor({ crc, packed, bytes }, isLarge);
    yield end;
    written.push({ name, offset, packed, bytes, crc });
    offset += header.length + packed + end.length;
  }
  const directory = Buffer.concat(written.map(directoryHeader));
  yield directory;
  yield directoryEnd(written.length, directory.length, offset);
}

/** An error of the source ends it, as one of its own. */
function packedStream(source: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const packer = createDeflateRaw({ level: constants.Z_BEST_SPEED });
  const input = Readable.from(source);
  input.once('error', (error) => packer.destroy(error));
  packer.once('close', () => input.destroy());
  return input.pipe(packer);
}

function localHeader(name: Buffer, isLarge: boolean): Buffer {
  const extra = isLarge ? extra64([0, 0]) : Buffer.alloc(0);
  const header = Buffer.alloc(LOCAL_HEADER_BYTES);
  header.writeUInt32LE(LOCAL_HEADER, 0);
  header.writeUInt16LE(isLarge ? VERSION_64 : VERSION, 4);
  header.writeUInt16LE(FLAGS, 6);
  header.writeUInt16LE(DEFLATED, 8);
  header.writeUInt16LE(DATE, 12);
  if (isLarge) header.fill(0xff, 18, 26);
  header.writeUInt16LE(name.length, 26);
  header.writeUInt16LE(extra.length, 28);
  return Buffer.concat([header, name, extra]);
}

function descriptor({ crc, packed, bytes }: Pick<Written, 'crc' | 'packed' | 'bytes'>, isLarge: boolean): Buffer {
  const end = Buffer.alloc(isLarge ? 24 : 16);
  end.writeUInt32LE(DESCRIPTOR, 0);
  end.writeUInt32LE(crc, 4);
  if (isLarge) {
    end.writeBigUInt64LE(BigInt(packed), 8);
    end.writeBigUInt64LE(BigInt(bytes), 16);
  } else {
    end.writeUInt32LE(packed, 8);
    end.writeUInt32LE(bytes, 12);
  }
  return end;
}

function directoryHeader({ name, offset, packed, bytes, crc }: Written): Buffer {
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

function extra64(values: readonly number[]): Buffer {
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
