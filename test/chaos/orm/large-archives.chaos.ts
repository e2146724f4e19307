import { mkdtempSync, rmSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openZipEntry, readZipDirectory } from '../../../src/orm/backup/archive/zip-reader.js';
import { type ZipSource, zip } from '../../../src/orm/backup/archive/zip-writer.js';

const CHUNK = Buffer.alloc(16 * 1024 * 1024, 'a');
const CHUNKS = 257;
const MIB = 1024 * 1024;

/** 4 GiB and 16 MiB that nobody has to keep. */
async function* endless(): AsyncGenerator<Buffer> {
  for (let at = 0; at < CHUNKS; at++) yield CHUNK;
}

it('a file of more than 4 GiB goes through an archive while memory holds a chunk of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'app-kernel-zip64-'));
  const path = join(folder, 'large.zip');
  const bytes = CHUNKS * CHUNK.length;
  const sources = async function* (): AsyncGenerator<ZipSource> {
    yield { name: 'large.csv', bytes, content: endless() };
    yield { name: 'small.csv', bytes: 3, content: [Buffer.from('abc')] as never };
  };
  try {
    const before = process.memoryUsage.rss();
    let peak = before;
    const file = await open(path, 'w');
    for await (const chunk of zip(sources())) {
      await file.write(chunk);
      peak = Math.max(peak, process.memoryUsage.rss());
    }
    await file.close();
    const [large, small] = await readZipDirectory(path);
    let found = 0;
    for await (const chunk of await openZipEntry(path, large as never)) {
      found += chunk.length;
      peak = Math.max(peak, process.memoryUsage.rss());
    }
    expect(found).toBe(bytes);
    expect(bytes).toBeGreaterThan(2 ** 32);
    for await (const chunk of await openZipEntry(path, small as never)) expect(chunk.toString()).toBe('abc');
    const { size } = await stat(path);
    const more = Math.round((peak - before) / MIB);
    process.stdout.write(`${bytes} bytes packed to ${size} and back, at most ${more} MiB more memory\n`);
    expect(more).toBeLessThan(200);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 600_000);
