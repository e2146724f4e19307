import { mkdtempSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type WrittenEntry, zipDirectory } from '../../../../src/orm/backup/archive/zip-directory.js';
import { openZipEntry, readZipDirectory } from '../../../../src/orm/backup/archive/zip-reader.js';
import { type ZipSource, zip } from '../../../../src/orm/backup/archive/zip-writer.js';

const GIB = 2 ** 30;

async function contentOf(source: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function localHeaderOf(source: ZipSource): Promise<Buffer> {
  const only = async function* () {
    yield source;
  };
  const { value } = await zip(only()).next();
  return value as Buffer;
}

describe('an archive beyond what 32 bits can count', () => {
  const folder = mkdtempSync(join(tmpdir(), 'app-kernel-zip64-'));
  const path = join(folder, 'sparse.zip');
  let file: FileHandle;
  beforeAll(async () => {
    file = await open(path, 'w');
  });
  afterAll(async () => {
    await file.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A file at any place of a file that has holes: what is not written takes no room. */
  const put = async (name: string, offset: number, text: string, sizes: Partial<WrittenEntry> = {}) => {
    const packed = deflateRawSync(text);
    const bytes = Buffer.byteLength(text);
    const entry = { name: Buffer.from(name), offset, packed: packed.length, bytes, crc: crc32(text), ...sizes };
    const none = (async function* () {})();
    const header = await localHeaderOf({ name, bytes: entry.bytes, content: none });
    await file.write(Buffer.concat([header, packed]), 0, undefined, offset);
    return entry;
  };

  it('names places and lengths beyond 4 GiB, at whatever side of the border', async () => {
    const entries = [
      await put('a.csv', 0, 'at the beginning'),
      await put('b.csv', 4 * GIB - 2 ** 16, 'before the border'),
      await put('c.csv', 4 * GIB - 1, 'at the border'),
      await put('d.csv', 4 * GIB + 4_096, 'behind the border'),
      await put('e.csv', 5 * GIB, 'far behind it', { packed: 6 * GIB, bytes: 7 * GIB }),
      await put('f.csv', 11 * GIB + 1, 'long, but close to nothing once packed', { bytes: 2 ** 40 }),
    ];
    const directory = zipDirectory(entries, 12 * GIB);
    await file.write(directory, 0, undefined, 12 * GIB);
    await file.datasync();
    const found = await readZipDirectory(path);
    expect(found.map(({ name, offset, packed }) => [name, offset, packed])).toEqual(
      entries.map(({ name, offset, packed }) => [name.toString(), offset, packed]),
    );
    const texts: string[] = [];
    for (const entry of found.slice(0, 4)) texts.push(await contentOf(await openZipEntry(path, entry)));
    expect(texts).toEqual(['at the beginning', 'before the border', 'at the border', 'behind the border']);
  });

  it('may hold more files than 16 bits can count, where whoever reads it allows that', async () => {
    const many = join(folder, 'many.zip');
    const count = 65_537;
    const entries = Array.from({ length: count }, (_, at): WrittenEntry => {
      return { name: Buffer.from(`t${at}.csv`), offset: at, packed: 1, bytes: 1, crc: at };
    });
    const target = await open(many, 'w');
    await target.write(zipDirectory(entries, 0));
    await target.close();
    const found = await readZipDirectory(many, count);
    expect(found.length).toBe(count);
    expect(found.at(-1)).toMatchObject({ name: `t${count - 1}.csv`, offset: count - 1 });
    await expect(readZipDirectory(many)).rejects.toThrow('Invalid ZIP file');
  });

  it('says beforehand that a file may be longer than 32 bits can say', async () => {
    const announced = async function* (): AsyncGenerator<ZipSource> {
      for (const bytes of [5 * GIB, 3])
        yield {
          name: `${bytes}.csv`,
          bytes,
          content: (async function* () {
            yield Buffer.from('abc');
          })(),
        };
    };
    const small = join(folder, 'announced.zip');
    const target = await open(small, 'w');
    for await (const chunk of zip(announced())) await target.write(chunk);
    await target.close();
    const found = await readZipDirectory(small);
    for (const entry of found) expect(await contentOf(await openZipEntry(small, entry))).toBe('abc');
  });
});
