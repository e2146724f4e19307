import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheHeadersFor } from '../../../src/http/edge/cache-control.js';
import { createRouter, staticFiles } from '../../../src/http/index.js';
import { eventually } from '../../service/setup/http-calls.js';
import { listen } from '../support/listen.js';
import { type Send, serve } from '../support/serve.js';
import { MODIFIED, makeSite, SCRIPT, type Site } from './site.js';

const PAGE = { headers: { Accept: 'text/html,*/*' } };
const HASHED = '/assets/index-BxY_3kPq.js';

let site: Site;
let send: Send;

beforeAll(async () => {
  site = await makeSite();
  const router = createRouter().get('/app.js', {}, () => ({ by: 'the route' }));
  send = serve([router], { files: [staticFiles(site.folder)] }).send;
});
afterAll(() => site[Symbol.asyncDispose]());

const asking = (headers: Record<string, string>, method = 'GET') => ({ method, headers });
const header = async (path: string, name: string, init = {}) => (await send(path, init)).headers.get(name);

describe('a file', () => {
  it('is sent with its type, its length and its age', async () => {
    const response = await send('/0123456789.txt');
    expect(await response.text()).toBe('0123456789');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-length': '10',
      'last-modified': MODIFIED.toUTCString(),
      etag: expect.stringMatching(/^"[\w-]+"$/),
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
    });
    expect(await (await send('/a%20name%20with%20%C3%BC.txt')).text()).toBe('named');
    expect(await header('/LICENSE', 'content-type')).toBe('application/octet-stream');
    const empty = await send('/nothing.css');
    expect([empty.status, empty.headers.get('content-length'), await empty.text()]).toEqual([200, '0', '']);
    expect(await (await send('/linked.js')).text()).toBe('plain');
  });

  it('is kept for ever by a name with a hash, an hour by another, five minutes as no part of a page', async () => {
    expect(await header(HASHED, 'cache-control')).toBe('public, max-age=31536000, immutable');
    expect(await header('/nothing.css', 'cache-control')).toBe('public, max-age=3600, must-revalidate');
    expect(await header('/0123456789.txt', 'cache-control')).toBe('public, max-age=300, must-revalidate');
    const page = await send('/index.html');
    expect(page.headers.get('cache-control')).toBe('no-cache, no-store, must-revalidate');
    expect(page.headers.get('cdn-cache-control')).toBe('no-store');
    expect(await header('/gone-BxY_3kPq.js', 'cache-control')).toBe('no-store, max-age=0');
  });

  it('is asked for by the methods that read, and stands behind routes', async () => {
    const head = await send('/0123456789.txt', { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '10', '']);
    for (const method of ['POST', 'PUT', 'DELETE'])
      expect((await send('/0123456789.txt', { method })).status).toBe(404);
    expect(await (await send('/app.js')).json()).toEqual({ by: 'the route' });
  });

  it('is not sent to who has it', async () => {
    const etag = (await header('/0123456789.txt', 'etag')) ?? '';
    const later = new Date(MODIFIED.getTime() + 1_000).toUTCString();
    const earlier = new Date(MODIFIED.getTime() - 1_000).toUTCString();
    const status = async (headers: Record<string, string>) => (await send('/0123456789.txt', asking(headers))).status;
    expect(await status({ 'If-None-Match': etag })).toBe(304);
    expect(await status({ 'If-None-Match': `"other", W/${etag}` })).toBe(304);
    expect(await status({ 'If-None-Match': '"other"', 'If-Modified-Since': later })).toBe(200);
    expect(await status({ 'If-Modified-Since': later })).toBe(304);
    expect(await status({ 'If-Modified-Since': earlier })).toBe(200);
    const response = await send('/0123456789.txt', asking({ 'If-None-Match': etag }));
    expect([await response.text(), response.headers.get('etag')]).toEqual(['', etag]);
    await site.write('changed.txt', 'one');
    const before = await header('/changed.txt', 'etag');
    await utimes(join(site.folder, 'changed.txt'), MODIFIED, new Date(MODIFIED.getTime() + 1));
    expect(await header('/changed.txt', 'etag')).not.toBe(before);
  });
});

describe('a part of a file', () => {
  const part = async (range: string, more: Record<string, string> = {}, method = 'GET') => {
    const response = await send('/0123456789.txt', asking({ Range: range, ...more }, method));
    return [response.status, response.headers.get('content-range'), await response.text()];
  };

  it('is what was asked for', async () => {
    expect(await part('bytes=2-4')).toEqual([206, 'bytes 2-4/10', '234']);
    expect(await part('bytes=7-')).toEqual([206, 'bytes 7-9/10', '789']);
    expect(await part('bytes=-3')).toEqual([206, 'bytes 7-9/10', '789']);
    expect(await part('bytes=8-99')).toEqual([206, 'bytes 8-9/10', '89']);
    expect(await part('bytes=-99')).toEqual([206, 'bytes 0-9/10', '0123456789']);
  });

  it('is refused where there is none', async () => {
    for (const range of ['bytes=10-', 'bytes=99-100', 'bytes=-0']) {
      const [status, contentRange] = await part(range);
      expect([status, contentRange], range).toEqual([416, 'bytes */10']);
    }
    expect((await send('/nothing.css', asking({ Range: 'bytes=0-' }))).status).toBe(416);
  });

  it('is the whole where several are asked for, or nonsense, or the file is another by now', async () => {
    for (const range of [
      'bytes=0-1,4-5',
      'bytes=5-2',
      'bytes=a-b',
      'lines=1-2',
      'bytes=-',
      `bytes=${'9'.repeat(30)}-`,
    ]) {
      expect(await part(range), range).toEqual([200, null, '0123456789']);
    }
    const etag = (await header('/0123456789.txt', 'etag')) ?? '';
    expect((await part('bytes=0-0', { 'If-Range': etag }))[0]).toBe(206);
    expect((await part('bytes=0-0', { 'If-Range': MODIFIED.toUTCString() }))[0]).toBe(206);
    expect((await part('bytes=0-0', { 'If-Range': '"older"' }))[0]).toBe(200);
    expect(await part('bytes=0-0', {}, 'HEAD')).toEqual([200, null, '']);
  });
});

describe('a smaller form of a file', () => {
  const fetched = async (accept: string | undefined) => {
    const response = await send(HASHED, accept === undefined ? {} : asking({ 'Accept-Encoding': accept }));
    const encoding = response.headers.get('content-encoding');
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(response.headers.get('vary')).toContain('Accept-Encoding');
    expect(response.headers.get('content-type')).toMatch(/javascript/);
    return { encoding, bytes, etag: response.headers.get('etag') };
  };

  it('is sent to who takes it', async () => {
    const [brotli, gzip, plain] = [await fetched('gzip, br'), await fetched('gzip'), await fetched(undefined)];
    expect([brotli.encoding, gzip.encoding, plain.encoding]).toEqual(['br', 'gzip', null]);
    expect(brotliDecompressSync(brotli.bytes).toString()).toBe(SCRIPT);
    expect(gunzipSync(gzip.bytes).toString()).toBe(SCRIPT);
    expect(plain.bytes.toString()).toBe(SCRIPT);
    expect(new Set([brotli.etag, gzip.etag, plain.etag]).size).toBe(3);
    expect((await fetched('br;q=0, gzip;q=0.5')).encoding).toBe('gzip');
    expect((await fetched('*')).encoding).toBe('br');
    expect((await fetched('br;q=0, gzip;q=0')).encoding).toBeNull();
  });

  it('is left alone where it is older than the file', async () => {
    await site.write('old.js', 'new content');
    await site.write('old.js.gz', 'stale');
    await utimes(join(site.folder, 'old.js.gz'), MODIFIED, new Date(MODIFIED.getTime() - 60_000));
    expect(await (await send('/old.js', asking({ 'Accept-Encoding': 'gzip' }))).text()).toBe('new content');
  });
});

describe('a page', () => {
  it('is the index of its folder, found with its slash and led to without', async () => {
    expect(await (await send('/')).text()).toBe('<h1>top</h1>');
    expect(await (await send('/docs/')).text()).toBe('<h1>docs</h1>');
    const moved = await send('/docs?tab=1');
    expect([moved.status, moved.headers.get('location')]).toEqual([301, './docs/?tab=1']);
    expect((await send('/empty/')).status).toBe(404);
    expect((await send('/empty')).status).toBe(404);
  });

  it('of an application that routes by itself is the top one, for browsers that go there', async () => {
    const page = await send('/orders/17', PAGE);
    expect([page.status, await page.text()]).toEqual([200, '<h1>top</h1>']);
    expect(page.headers.get('cache-control')).toBe('no-cache, no-store, must-revalidate');
    expect((await send('/orders/17')).status).toBe(404);
    expect((await send('/orders/17.png', PAGE)).status).toBe(404);
    expect((await send('/api/v1/orders', PAGE)).status).toBe(404);
    expect((await send('/api', PAGE)).status).toBe(404);
    for (const path of ['/API/v1/orders', '/Api', '/%41pi/v1/orders'])
      expect((await send(path, PAGE)).status, path).toBe(404);
  });

  it('is none where pages are switched off, and elsewhere where the folder stands elsewhere', async () => {
    const { send: only } = serve([], {
      files: [staticFiles(site.folder, { prefix: '/files', html: false })],
    });
    expect((await only('/files/app.js')).status).toBe(200);
    for (const path of ['/app.js', '/files/', '/files', '/files/docs/', '/filesapp.js']) {
      expect((await only(path, PAGE)).status, path).toBe(404);
    }
  });
});

describe('names with a hash', () => {
  it('are those of the builders, not those of words', () => {
    const kept = (name: string) => cacheHeadersFor(`/${name}`, [])[0]?.[1].includes('immutable');
    const hashed = [
      'main.a1b2c3d4.js',
      'index-BxY_3kPq.js',
      'vendor-4sK3E3Wk.css',
      'index-B-Y_3kPq.js',
      'a-CDZ5PmB2.js.map',
    ];
    for (const name of hashed) expect(kept(name), name).toBe(true);
    for (const name of [
      'user-settings.js',
      'page-UserList.js',
      'lib-Version1.js',
      'app.js',
      'my-overview.css',
      'x-20261129.js2',
    ])
      expect(kept(name), name).toBeFalsy();
  });
});

describe('descriptors', () => {
  const open = () => readdirSync('/proc/self/fd').length;

  if (process.platform === 'linux')
    it('are given back, whatever becomes of the answer', async () => {
      await site.write('large.bin', Buffer.alloc(8 * 1024 * 1024));
      await using server = await listen(serve([], { files: [staticFiles(site.folder)] }));
      const before = open();
      const forgotten: string[] = []; // closed as well, by the garbage collector, but not by us
      const onWarning = ({ message }: Error) => forgotten.push(message);
      process.on('warning', onWarning);
      const etag = (await header('/large.bin', 'etag', { method: 'HEAD' })) ?? '';
      for (let call = 0; call < 20; call++) {
        await send('/large.bin', { method: 'HEAD' });
        await send('/large.bin', asking({ 'If-None-Match': etag }));
        await send('/large.bin', asking({ Range: 'bytes=99999999-' }));
        await send('/docs');
        await send(HASHED, asking({ 'Accept-Encoding': 'br' }));
        await hangUpWithin(`${server.url}/large.bin`);
      }
      server.server.closeAllConnections();
      await eventually(() => open() <= before, 'the descriptors to be closed');
      process.off('warning', onWarning);
      expect(forgotten).toEqual([]);
    });

  it('are not waited for in a pipe', async () => {
    execFileSync('mkfifo', [join(site.folder, 'pipe.txt')]);
    expect((await send('/pipe.txt')).status).toBe(404);
  });

  it('need a folder to be there', () => {
    expect(() => staticFiles(join(site.folder, 'nowhere'))).toThrow(/is not a folder/);
    expect(() => staticFiles(join(site.folder, 'app.js'))).toThrow(/is not a folder/);
  });
});

/** Takes the beginning of an answer. Not by fetch, which opens its next connection as soon as it has lost one. */
async function hangUpWithin(url: string): Promise<void> {
  const request = get(url, { agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  await once(response, 'data');
  response.on('error', () => {}); // that it was cut short
  request.destroy();
}
