import { once } from 'node:events';
import { appendFile, rename, truncate, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { staticFiles } from '../../../src/http/index.js';
import { type Listening, listen } from '../support/listen.js';
import { serve } from '../support/serve.js';
import { makeSite, SCRIPT, type Site } from './site.js';

let site: Site;
let server: Listening;

beforeAll(async () => {
  site = await makeSite();
  await site.write('private/page.txt', 'for a few');
  server = await listen(serve([], { files: [staticFiles(site.folder)] }));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

const headers = (fields: Record<string, string>) =>
  Object.entries({ Host: 'a', Connection: 'close', ...fields }).map(([name, value]) => `${name}: ${value}\r\n`);
/** As it stands: a client would tidy a path first. */
const raw = (path: string, fields: Record<string, string> = {}) =>
  server.raw(`GET ${path} HTTP/1.1\r\n${headers(fields).join('')}\r\n`);

describe('a path', () => {
  const outside = [
    ...['/../secret.txt', '/..%2fsecret.txt', '/%2e%2e/secret.txt', '/%2E%2E%2Fsecret.txt', '/.%2e/secret.txt'],
    ...['/%252e%252e%252fsecret.txt', '/..%5csecret.txt', '/..\\secret.txt', '/assets/../../secret.txt'],
    ...['/assets/..%2f..%2fsecret.txt', '//secret.txt', '///../secret.txt', '/./../secret.txt', '/..;/secret.txt'],
    ...['/%c0%ae%c0%ae/secret.txt', '/..%c0%afsecret.txt', '/%e2%80%a5/secret.txt', '/%EF%BC%8E%EF%BC%8E/secret.txt'],
    ...['/../static-beside.txt', '/static-beside.txt', '//etc/passwd', '/%2Fetc/passwd', 'http://a/../secret.txt'],
  ];
  const links = ['/up/secret.txt', '/up/', '/leak.txt', '/env.txt', '/loop'];
  const hidden = ['/.env', '/%2eenv', '/x/.hidden', '/x/%2ehidden', '/.git/config', '/app.js/../.env', '/.env%00.js'];
  const nonsense = ['/%', '/%zz', '/%ff', '/%00', '/app.js%00', '/app.js%00.png', '/app.js.', '/app.js%20'];
  const long = [`/${'a'.repeat(5_000)}`, `/${'a/'.repeat(3_000)}`];

  it('leads to nothing outside the folder, to no hidden file and to no error', async () => {
    for (const path of [...outside, ...hidden, ...nonsense, ...links, ...long]) {
      const answer = await raw(path);
      expect(answer, path).not.toMatch(/canary|root:|for a few/);
      if (path !== '/up/') expect(answer.slice(0, 20), path).toMatch(/^HTTP\/1\.1 404 /);
    }
  });

  it('has slashes where folders end, and nowhere else: what guards a folder sees every way into it', async () => {
    expect(await raw('/private/page.txt')).toContain('for a few');
    for (const path of [
      '/private%2fpage.txt',
      '/private%2Fpage.txt',
      '/x%2f..%2fprivate/page.txt',
      '//private/page.txt',
    ])
      expect(await raw(path, { Accept: 'text/html' }), path).toMatch(/^HTTP\/1\.1 404 /);
  });

  it('below the API is no page, however it is written; nor is a file that is missing', async () => {
    const paths = ['/api', '/api/', '/api/x', '/%61pi/x', '/ap%69', '/api%2fx', '/missing.js', '/assets/missing.css'];
    for (const path of paths) expect(await raw(path, { Accept: 'text/html' }), path).toMatch(/^HTTP\/1\.1 404 /);
    expect(await raw('/apiary', { Accept: 'text/html' })).toContain('<h1>top</h1>');
  });
});

describe('a header', () => {
  it('that asks for parts without end gets the whole', async () => {
    const ranges = [
      `bytes=${' '.repeat(15_000)}x`,
      `bytes=${'0-0,'.repeat(3_700)}1-1`,
      `bytes=0-${'9'.repeat(15_000)}`,
    ];
    for (const Range of [...ranges, 'bytes=-1-1', 'bytes=1--1', 'bytes=0x1-2', 'bytes=1e1-', 'bytes 0-1', 'bytes=,'])
      expect(await raw('/0123456789.txt', { Range }), Range.slice(0, 20)).toMatch(/^HTTP\/1\.1 200 .*\r\n0123456789$/s);
  });

  it('If-Range of another content, or of one that is only alike, gets the whole', async () => {
    const tag = /ETag: (.*)\r\n/.exec(await raw('/0123456789.txt'))?.[1] ?? '';
    const status = async (condition: string) =>
      (await raw('/0123456789.txt', { Range: 'bytes=0-0', 'If-Range': condition })).slice(9, 12);
    expect(await status(tag)).toBe('206');
    for (const condition of [`W/${tag}`, `"x", ${tag}`, '*', 'yesterday', 'Fri, 02 Jan 2026 03:04:06 GMT'])
      expect(await status(condition), condition).toBe('200');
  });

  it.each([
    ['br', 'br'],
    ['BR;Q=1', 'br'],
    ['br ; q=0.001', 'br'],
    ['br;q=0.000', null],
    ['br;q=', null],
    ['br;q=-1', null],
    ['br;q=much', null],
    ['*;q=0', null],
    ['*, br;q=0', 'gzip'],
    ['x-gzip, brotli', null],
    ['identity;q=0', null],
    ['br;q=0, gzip;q=0, *;q=1', null],
    [`${'x,'.repeat(246)}gzip;q=0`, null],
  ])('Accept-Encoding: %s gets nothing that it refuses', async (accepted, encoding) => {
    const answer = await raw('/assets/index-BxY_3kPq.js', { 'Accept-Encoding': accepted });
    expect(/Content-Encoding: (.*)\r\n/.exec(answer)?.[1] ?? null).toBe(encoding);
    if (encoding === null) expect(answer.endsWith(SCRIPT)).toBe(true);
  });

  it('of a form that is too short for its range says nothing of the form', async () => {
    const answer = await raw('/assets/index-BxY_3kPq.js', { 'Accept-Encoding': 'br', Range: 'bytes=99999-' });
    expect(answer).toMatch(/^HTTP\/1\.1 416 .*Cache-Control: no-store/s);
    expect(answer).not.toMatch(/Content-Encoding|immutable/);
  });
});

describe('a file that changes while it is sent', () => {
  const SIZE = 32 * 1024 * 1024;
  const path = () => join(site.folder, 'large.bin');

  /** A client that has taken the beginning of a large file, and reads on after `change`. */
  async function receivedAround(change: () => Promise<void>): Promise<Buffer> {
    await site.write('large.bin', Buffer.alloc(SIZE, 'a'));
    const socket: Socket = connect(server.port, '127.0.0.1');
    socket.write(
      `GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\nGET /app.js HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    );
    await once(socket, 'readable');
    await change();
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk)).on('error', () => {});
    await once(socket, 'close');
    return Buffer.concat(chunks);
  }

  it('and is cut short breaks off: the next answer is not taken for its end', async () => {
    const received = await receivedAround(() => truncate(path(), SIZE / 2));
    expect(received.length).toBeLessThan(SIZE);
    expect(received.includes('plain')).toBe(false);
  });

  it('and grows, or is replaced, is sent as it was', async () => {
    const changes = [
      () => appendFile(path(), 'canary'),
      async () => {
        await writeFile(`${path()}.new`, 'canary');
        await rename(`${path()}.new`, path());
      },
    ];
    for (const change of changes) {
      const received = await receivedAround(change);
      const begin = received.indexOf('\r\n\r\n') + 4;
      expect(received.subarray(begin, begin + SIZE).equals(Buffer.alloc(SIZE, 'a'))).toBe(true);
      expect(received.subarray(begin + SIZE).toString()).toMatch(/^HTTP\/1\.1 200 OK.*plain$/s);
      expect(received.includes('canary')).toBe(false);
    }
  });
});
