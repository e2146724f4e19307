import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../../../src/orm/backup/store/object-store.js';
import { openS3Store } from '../../../../src/orm/backup/store/s3-store.js';
import { parseStoreUrl, type StoreAddress } from '../../../../src/orm/backup/store/store-url.js';
import { S3Server } from '../../../setup/s3-server.js';

const MIB = 1024 * 1024;

describe('a bucket', () => {
  let server: S3Server;
  let store: ObjectStore;
  beforeAll(async () => {
    server = await S3Server.start();
    store = await openS3Store(parseStoreUrl(server.url('some/where')) as StoreAddress);
  });
  afterAll(async () => {
    store.close();
    await server.close();
  });

  async function* pieces(bytes: Buffer, size = 100_000): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const fetched = async (key: string): Promise<Buffer> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of await store.get(key)) chunks.push(chunk);
    return Buffer.concat(chunks);
  };

  it.each([0, 1, 8 * MIB, 8 * MIB + 1, 20 * MIB])('keeps %i bytes, in parts where they are many', async (length) => {
    const bytes = randomBytes(length);
    await store.put(`size/${length}`, pieces(bytes), length);
    expect((await fetched(`size/${length}`)).equals(bytes)).toBe(true);
    expect(await store.list('size/')).toContainEqual({
      key: `size/${length}`,
      bytes: length,
      writtenAt: expect.any(Number),
    });
  });

  it('has nothing of what breaks off on its way there', async () => {
    for (const length of [MIB, 20 * MIB]) {
      const cut = async function* () {
        yield* pieces(randomBytes(length - 10));
        throw new Error('the file ended');
      };
      await expect(store.put('cut', cut(), length)).rejects.toThrow('the file ended');
      await expect(store.get('cut')).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
      expect(await store.list('cut')).toEqual([]);
    }
  });

  it('holds a small part of a large file in memory', async () => {
    const length = 300 * MIB;
    const piece = randomBytes(MIB);
    const large = async function* () {
      for (let sent = 0; sent < length; sent += MIB) yield piece;
    };
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }, 5);
    await store.put('large', large(), length);
    let received = 0;
    for await (const chunk of await store.get('large')) received += chunk.length;
    clearInterval(watch);
    expect(received).toBe(length);
    expect(most).toBeLessThan(200 * MIB); // the server in this process is counted as well
  }, 60_000);

  it('removes what it is told to, and nothing else', async () => {
    const keys = ['some/a', 'some/b', 'some/c'];
    for (const key of keys) await store.put(key, pieces(Buffer.from('x')), 1);
    await store.remove(['some/a', 'some/c', 'some/not there']);
    expect((await store.list('some/')).map(({ key }) => key)).toEqual(['some/b']);
  });

  it('asks for every page of a long list', async () => {
    const pages = [['a', 'b'], ['c']];
    const asked: Array<string | null> = [];
    const paged = createServer((req, res) => {
      const token = new URL(req.url ?? '', 'http://x').searchParams.get('continuation-token');
      asked.push(token);
      const keys = pages[token === null ? 0 : 1] ?? [];
      const next = token === null ? '<NextContinuationToken>more</NextContinuationToken>' : '';
      const contents = keys.map((key) => `<Contents><Key>deep/${key}</Key><Size>1</Size></Contents>`);
      res.setHeader('Content-Type', 'application/xml');
      res.end(`<?xml version="1.0"?><ListBucketResult>${contents.join('')}${next}</ListBucketResult>`);
    });
    await once(paged.listen(0, '127.0.0.1'), 'listening');
    const { port } = paged.address() as AddressInfo;
    const url = `s3://key:secret@bucket/deep?endpoint=http://127.0.0.1:${port}`;
    const other = await openS3Store(parseStoreUrl(url) as StoreAddress);
    expect((await other.list('')).map(({ key }) => key)).toEqual(['a', 'b', 'c']);
    expect(asked).toEqual([null, 'more']);
    other.close();
    paged.close();
  });

  it('says what the server says, and not the key', async () => {
    const url = server.url('x').replace('@backups/', '@elsewhere/');
    const other = await openS3Store(parseStoreUrl(url) as StoreAddress);
    const failed = other.list('');
    await expect(failed).rejects.toMatchObject({
      code: 'E_CONNECTION',
      message: expect.stringContaining('NoSuchBucket'),
    });
    await expect(failed).rejects.not.toThrow('S3RVER');
    other.close();
  });
});

describe('the address of a bucket', () => {
  it('has credentials, a folder, a region and an endpoint where they are given', () => {
    expect(parseStoreUrl('s3://bucket')).toEqual({ bucket: 'bucket', prefix: '', region: 'us-east-1' });
    const url = 's3://key:s%2Fcret@my.bucket/a/b/?region=eu-central-1&endpoint=http://localhost:9000';
    expect(parseStoreUrl(url)).toEqual({
      bucket: 'my.bucket',
      prefix: 'a/b/',
      region: 'eu-central-1',
      endpoint: 'http://localhost:9000',
      credentials: { accessKeyId: 'key', secretAccessKey: 's/cret' },
    });
  });
});
