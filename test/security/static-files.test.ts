import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { staticFiles } from '../../src/http/index.js';
import { makeSite, type Site } from '../http/static/site.js';
import { type Listening, listen } from '../http/support/listen.js';
import { serve } from '../http/support/serve.js';

let site: Site;
let server: Listening;

beforeAll(async () => {
  site = await makeSite();
  server = await listen(serve([], { files: [staticFiles(site.folder)] }));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

/** A path as it is written, which `fetch` would tidy up. */
async function raw(path: string, accept = '*/*'): Promise<{ status: number; text: string }> {
  const text = await server.raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nAccept: ${accept}\r\nConnection: close\r\n\r\n`);
  return { status: Number(text.split(' ')[1]), text };
}

const UPWARDS = [
  '/../secret.txt',
  '/assets/../../secret.txt',
  '/%2e%2e/secret.txt',
  '/..%2fsecret.txt',
  '/%2e%2e%2fsecret.txt',
  '/.%2e/secret.txt',
  '/assets/..%2f..%2fsecret.txt',
  '/..\\secret.txt',
  '/..%5csecret.txt',
  '/%252e%252e/secret.txt',
  '/....//secret.txt',
  '//secret.txt',
  '/../static-beside.txt',
  '/%2e%2e/static-beside.txt',
  '/assets//../../secret.txt',
  '/app.js/../../secret.txt',
  '/%c0%ae%c0%ae/secret.txt',
  '/secret.txt%00.js',
  '/..%00/secret.txt',
];
const LINKS = ['/leak.txt', '/up/secret.txt', '/up/static/.env', '/env.txt', '/loop', '/loop/x'];
const HIDDEN = ['/.env', '/%2eenv', '/.git/config', '/x/.hidden', '/x/%2ehidden', '/./.env', '/x/./.hidden'];
const NONSENSE = ['/%', '/%zz', '/%ff%fe', `/${'a'.repeat(5_000)}`, `/${'a/'.repeat(2_000)}`, '/app.js/', '/app.js/x'];

describe('row 42: a path leads out of the served folder', () => {
  it.each([...UPWARDS, ...LINKS, ...HIDDEN])('by nothing: %s', async (path) => {
    const { status, text } = await raw(path);
    expect(text).not.toContain('canary');
    expect([400, 404]).toContain(status);
  });

  it.each([...UPWARDS, ...LINKS, ...HIDDEN])('nor where a browser asks for a page: %s', async (path) => {
    expect((await raw(path, 'text/html')).text).not.toContain('canary');
  });

  it.each(NONSENSE)('or is refused as one that is not there: %#', async (path) => {
    expect([400, 404]).toContain((await raw(path)).status);
  });
});

describe('row 20: a folder without its slash', () => {
  it('leads to no other host', async () => {
    for (const path of ['//evil.example/docs', '/docs', '//docs', '/%2fevil.example', '/javascript:docs']) {
      const [, location = './'] = /^Location: (.*)$/im.exec((await raw(path)).text) ?? [];
      expect(location, path).toMatch(/^\.\//);
    }
  });
});
