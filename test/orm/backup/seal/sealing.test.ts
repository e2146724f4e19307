import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BackupKey } from '../../../../src/orm/backup/seal/backup-key.js';
import { CHUNK_BYTES, HEADER_BYTES, sealedLength, TAG_BYTES } from '../../../../src/orm/backup/seal/sealed-format.js';
import { sealed } from '../../../../src/orm/backup/seal/sealer.js';
import { unsealed } from '../../../../src/orm/backup/seal/unsealed.js';

const key = new BackupKey(randomBytes(32).toString('base64'));
const SEALED_CHUNK = CHUNK_BYTES + TAG_BYTES;

async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** In pieces of a size that has nothing to do with chunks. */
function inPieces(bytes: Buffer, size: number): Readable {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return Readable.from(pieces);
}

const seal = (bytes: Buffer, size = 10_000) => collect(sealed(inPieces(bytes, size), key, 'a.csv'));
const open = (bytes: Buffer, size = 7_777, place = 'a.csv') => collect(unsealed(inPieces(bytes, size), key, place));
const CORRUPT = { code: 'E_BACKUP_CORRUPT' };

describe('what is sealed', () => {
  it.each([0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES + 5])(
    'opens as it was, %i bytes of it, however it is cut into pieces',
    async (length) => {
      const bytes = randomBytes(length);
      for (const size of [997, CHUNK_BYTES, 10 * CHUNK_BYTES]) {
        const closed = await seal(bytes, size);
        expect(closed.length).toBe(sealedLength(length));
        expect((await open(closed, size)).equals(bytes)).toBe(true);
      }
    },
  );

  it('never looks the same twice', async () => {
    const bytes = Buffer.alloc(1000);
    expect((await seal(bytes)).equals(await seal(bytes))).toBe(false);
  });

  it('does not open once any of its bits is another', async () => {
    const closed = await seal(randomBytes(CHUNK_BYTES + 100));
    const changed = fc.integer({ min: 0, max: closed.length * 8 - 1 });
    await fc.assert(
      fc.asyncProperty(changed, async (bit) => {
        const other = Buffer.from(closed);
        other[bit >> 3] = (other[bit >> 3] as number) ^ (1 << (bit & 7));
        await expect(open(other)).rejects.toMatchObject({
          code: expect.stringMatching(/^E_BACKUP_(CORRUPT|KEY)$/),
        });
      }),
      { examples: [[0], [HEADER_BYTES * 8], [closed.length * 8 - 1]] },
    );
  });

  it('does not open once it is cut off, at whatever place', async () => {
    const closed = await seal(randomBytes(2 * CHUNK_BYTES + 100));
    const places = [0, 1, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + SEALED_CHUNK, HEADER_BYTES + 2 * SEALED_CHUNK];
    for (const place of [...places, closed.length - 1])
      await expect(open(closed.subarray(0, place))).rejects.toMatchObject(CORRUPT);
    await expect(open(Buffer.concat([closed, Buffer.alloc(1)]))).rejects.toMatchObject(CORRUPT);
  });

  it('does not open in another order, with a chunk twice, or with one of another file', async () => {
    const bytes = randomBytes(3 * CHUNK_BYTES);
    const closed = await seal(bytes);
    const other = await seal(bytes);
    const header = closed.subarray(0, HEADER_BYTES);
    const chunk = (from: Buffer, at: number) =>
      from.subarray(HEADER_BYTES + at * SEALED_CHUNK, HEADER_BYTES + (at + 1) * SEALED_CHUNK);
    const orders = [
      [chunk(closed, 1), chunk(closed, 0), chunk(closed, 2)],
      [chunk(closed, 0), chunk(closed, 0), chunk(closed, 2)],
      [chunk(closed, 0), chunk(closed, 2)],
      [chunk(closed, 0), chunk(closed, 1), chunk(closed, 2), chunk(closed, 2)],
      [chunk(other, 0), chunk(closed, 1), chunk(closed, 2)],
    ];
    expect((await open(Buffer.concat([header, ...[0, 1, 2].map((at) => chunk(closed, at))]))).equals(bytes)).toBe(true);
    for (const chunks of orders) await expect(open(Buffer.concat([header, ...chunks]))).rejects.toMatchObject(CORRUPT);
  });

  it('does not open as another file, with another key, or with none', async () => {
    const closed = await seal(Buffer.from('rows'));
    await expect(open(closed, 100, 'b.csv')).rejects.toMatchObject(CORRUPT);
    const another = new BackupKey('0'.repeat(64));
    const code = 'E_BACKUP_KEY';
    await expect(collect(unsealed(inPieces(closed, 9), another, 'a.csv'))).rejects.toMatchObject({
      code,
      message: expect.stringContaining('another key'),
    });
    await expect(collect(unsealed(inPieces(closed, 9), undefined, 'a.csv'))).rejects.toMatchObject({
      code,
      message: expect.stringContaining('no key is configured'),
    });
  });

  it('passes nothing on that was not authenticated', async () => {
    const closed = await seal(Buffer.alloc(2 * CHUNK_BYTES, 'x'));
    closed[closed.length - 1] = (closed.at(-1) as number) ^ 1;
    const passed: Buffer[] = [];
    const reading = async () => {
      for await (const chunk of unsealed(inPieces(closed, 999), key, 'a.csv')) passed.push(chunk);
    };
    await expect(reading()).rejects.toMatchObject(CORRUPT);
    expect(Buffer.concat(passed).length).toBe(CHUNK_BYTES);
  });
});
