import { Readable } from 'node:stream';
import { constants, crc32, createDeflateRaw } from 'node:zlib';
import { DATE, extra64, FLAGS, LARGE, VERSION, VERSION_64, type WrittenEntry, zipDirectory } from './zip-directory.js';
import { DEFLATED, DESCRIPTOR, LOCAL_HEADER, LOCAL_HEADER_BYTES } from './zip-format.js';

/** A file on its way into an archive. */
export interface ZipSource {
  readonly name: string;
  /** How long it is; so it is known beforehand whether 32 bits are enough. */
  readonly bytes: number;
  readonly content: AsyncIterable<Buffer>;
}

/** An archive, while it is written: memory holds one chunk, and no file has to be there as a whole. */
export async function* zip(sources: AsyncIterable<ZipSource>): AsyncGenerator<Buffer> {
  const written: WrittenEntry[] = [];
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
  yield zipDirectory(written, offset);
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

function descriptor({ crc, packed, bytes }: Pick<WrittenEntry, 'crc' | 'packed' | 'bytes'>, isLarge: boolean): Buffer {
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
