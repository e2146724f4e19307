import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { Router } from '@koa/router';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createRouter } from '../../src/http/index.js';
import { listen } from '../http/support/listen.js';
import { json, problemOf, serve } from '../http/support/serve.js';

const LIMIT = 64 * 1024;
const TOO_LARGE = JSON.stringify({ text: 'x'.repeat(LIMIT) });

function app() {
  const router = createRouter();
  router.post('/typed', { body: z.any() }, async ({ body }) => ({ body }));
  router.post('/forms', { body: z.any(), accepts: ['form', 'multipart'] }, async ({ body }) => ({ body }));
  router.post('/raw', { rawBody: true }, async ({ rawBody }) => rawBody?.toString());
  router.post('/large', { body: z.any(), maxBodySize: 2 * LIMIT }, async () => 'large');
  const plain = new Router().post('/plain', (ctx) => {
    ctx.body = { body: ctx.request.body ?? null };
  });
  return serve([router, plain], { security: { maxBodySize: LIMIT } });
}

function chunked(text: string): RequestInit {
  const parts = text.match(/[\s\S]{1,8192}/g) ?? [];
  return {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: new ReadableStream({
      start(controller) {
        for (const part of parts) controller.enqueue(new TextEncoder().encode(part));
        controller.close();
      },
    }),
    duplex: 'half',
  } as RequestInit;
}

describe('row 50: the body limit holds for every way to send a body', () => {
  it.each(['/typed', '/plain', '/raw'])('announced and chunked, on %s', async (path) => {
    await using server = await listen(app());

    const announced = await fetch(server.url + path, { ...json(null), body: TOO_LARGE } as RequestInit);
    const streamed = await fetch(server.url + path, chunked(TOO_LARGE));

    for (const response of [announced, streamed]) {
      expect(response.status).toBe(413);
      expect(await problemOf(response)).toMatchObject({
        code: 'E_BODY_TOO_LARGE',
        detail: 'Request body too large (max 64KB)',
      });
      expect(response.headers.has('x-request-id')).toBe(true);
    }
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const)('compressed by %s: what it unpacks to counts', async (encoding, compress) => {
    const { send } = app();
    const post = (text: string) =>
      send('/typed', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Content-Encoding': encoding },
        body: compress(text),
      });
    const bomb = JSON.stringify({ text: 'x'.repeat(10 * 1024 * 1024) });

    expect((await post(bomb)).status).toBe(413);
    expect(await (await post('{"a":1}')).json()).toEqual({ body: { a: 1 } });
  });

  it('refuses what is not what it says: broken gzip, unknown encodings', async () => {
    const { send } = app();
    const post = (encoding: string) =>
      send('/typed', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Content-Encoding': encoding },
        body: 'no',
      });

    expect((await post('gzip')).status).toBe(400);
    expect((await post('zstd')).status).toBe(415);
  });

  it('holds for forms and multipart bodies', async () => {
    const { send } = app();
    const upload = new FormData();
    upload.set('file', new Blob(['x'.repeat(LIMIT * 2)]), 'big.txt');

    expect((await send('/forms', { method: 'POST', body: new URLSearchParams({ a: 'x'.repeat(LIMIT) }) })).status).toBe(
      413,
    );
    expect((await send('/forms', { method: 'POST', body: upload })).status).toBe(413);
  });

  it('may be wider for one route', async () => {
    expect((await app().send('/large', { ...json(null), body: TOO_LARGE })).status).toBe(200);
  });

  it('keeps the connection usable: the next request on it is answered', async () => {
    await using server = await listen(app());

    for (let i = 0; i < 3; i++) expect((await fetch(`${server.url}/typed`, chunked(TOO_LARGE))).status).toBe(413);
    expect((await fetch(`${server.url}/typed`, json({ a: 1 }) as RequestInit)).status).toBe(200);
  });
});

describe('row 51: depth of JSON', () => {
  const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);

  it.each([
    ['arrays', nested(5000, '[', ']')],
    ['objects', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`],
    ['just above the cap', nested(65, '[', ']')],
    ['a million levels, unclosed', '['.repeat(60_000)],
  ])('is capped: %s', async (_name, text) => {
    const { send } = app();

    for (const path of ['/typed', '/plain']) {
      expect((await send(path, { ...json(null), body: text })).status).toBe(400);
    }
  });

  it('does not count brackets inside strings', async () => {
    const text = `${'['.repeat(500)}\\"${'{'.repeat(500)}`;
    const response = await app().send('/typed', json({ text }));

    expect(await response.json()).toEqual({ body: { text } });
  });

  it('may be 64', async () => {
    expect((await app().send('/typed', { ...json(null), body: nested(64, '[', ']') })).status).toBe(200);
  });
});

describe('row 52: keys that reach prototypes', () => {
  it.each([
    '{"__proto__":{"polluted":1}}',
    '{"a":{"__proto__":{"polluted":1}}}',
    '[{"\\u005f\\u005fproto\\u005f\\u005f":{"polluted":1}}]',
    '{"constructor":{"prototype":{"polluted":1}}}',
  ])('are refused in JSON: %s', async (text) => {
    const { send } = app();

    for (const path of ['/typed', '/plain']) expect((await send(path, { ...json(null), body: text })).status).toBe(400);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('are refused in forms', async () => {
    const response = await app().send('/forms', {
      method: 'POST',
      body: new URLSearchParams({ __proto__x: '1', ['__proto__']: '1' }),
    });

    expect(response.status).toBe(400);
  });

  it('do nothing in queries and path parameters', async () => {
    const router = createRouter();
    router.get('/q/:id', { query: z.looseObject({}) }, async ({ query, params }) => {
      const copy = Object.assign({}, query, params) as { polluted?: string };
      return { polluted: copy.polluted ?? null, global: ({} as { polluted?: string }).polluted ?? null };
    });
    const { send } = serve([router]);

    const response = await send('/q/__proto__?__proto__[polluted]=1&__proto__=x&constructor[prototype][polluted]=1');

    expect(await response.json()).toEqual({ polluted: null, global: null });
  });

  it('leaves the word constructor alone where it is only a name', async () => {
    expect((await app().send('/typed', json({ constructor: 'Ferrari' }))).status).toBe(200);
  });
});

describe('malformed bodies', () => {
  it.each([
    ['broken JSON', '{"password":"canary"'],
    ['not JSON at all', 'canary'],
  ])('%s: 400 without a quotation', async (_name, body) => {
    const response = await app().send('/typed', { ...json(null), body });
    const text = await response.text();

    expect(response.status).toBe(400);
    expect(text).toContain('Malformed JSON');
    expect(text).not.toContain('canary');
  });

  it('JSON that is not UTF-8: 400', async () => {
    expect((await app().send('/typed', { ...json(null), body: Buffer.from([0x22, 0xff, 0x22]) })).status).toBe(400);
  });
});

describe('row 64: a body that a form of a foreign page can send', () => {
  it.each([
    ['text/plain', '{"a":1}'],
    ['text/plain; application/json', '{"a":1}'],
    ['application/x-www-form-urlencoded', 'a=1'],
    ['multipart/form-data; boundary=x', '--x--'],
    ['application/json; charset=utf-16', '{"a":1}'],
    ['', '{"a":1}'],
  ])('is no JSON: %s', async (type, body) => {
    const response = await app().send('/typed', { method: 'POST', headers: { 'Content-Type': type }, body });

    expect(response.status).toBe(415);
    expect(await problemOf(response)).toMatchObject({ code: 'E_UNSUPPORTED_MEDIA_TYPE' });
  });

  it('takes JSON in its other spellings', async () => {
    for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/vnd.api+json']) {
      const response = await app().send('/typed', {
        method: 'POST',
        headers: { 'Content-Type': type },
        body: '{"a":1}',
      });
      expect(response.status).toBe(200);
    }
  });

  it('hands webhooks the untouched bytes, whatever their type', async () => {
    const response = await app().send('/raw', {
      method: 'POST',
      headers: { 'Content-Type': 'text/plain' },
      body: '{ "a":1}',
    });

    expect(await response.json()).toBe('{ "a":1}');
  });
});
