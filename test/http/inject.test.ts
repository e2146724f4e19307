import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sleep } from '../../src/base/sleep.js';
import { createRouter, sse } from '../../src/http/index.js';
import { injectRequest } from '../../src/http/inject.js';
import { eventually } from '../service/setup/http-calls.js';
import { json, serve } from './support/serve.js';

const router = createRouter();
router.post('/echo', { body: z.any(), query: z.object({ q: z.string() }) }, async ({ ctx, body, query }) => {
  ctx.append('Set-Cookie', 'a=1');
  ctx.append('Set-Cookie', 'b=2');
  return { body, q: query.q, host: ctx.host, ip: ctx.ip };
});
router.delete('/gone', {}, async () => {});
router.get('/broken', { stream: true }, async () => Readable.from(brokenSource()));
router.get('/endless', { stream: true }, async () =>
  sse(endless(), { lease: { release: async () => void released++ } }),
);
let ended = 0;
let released = 0;
const { app, send } = serve([router]);

describe('a request without a socket', () => {
  it('may be a path with options', async () => {
    const response = await send('/echo?q=1', { ...json({ a: 1 }), remoteAddress: '203.0.113.1' });

    expect(await response.json()).toEqual({ body: { a: 1 }, q: '1', host: 'localhost', ip: '203.0.113.1' });
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });

  it('may be a Request', async () => {
    const request = new Request('https://api.example/echo?q=2', json([1]) as RequestInit);

    expect(await (await injectRequest(app.callback(), request)).json()).toMatchObject({
      body: [1],
      q: '2',
      host: 'api.example',
    });
  });

  it('may have no answer body', async () => {
    const response = await send('/gone', { method: 'DELETE' });

    expect([response.status, response.body]).toEqual([204, null]);
  });

  it('may have its answer cancelled, before it is read, in the middle and where it is complete', async () => {
    for (const path of ['/endless', '/nowhere']) {
      await (await send(path)).body?.cancel();
      const reader = (await send(path)).body?.getReader();
      await reader?.read();
      await reader?.cancel(new Error('enough'));
      const late = await send(path);
      await sleep(20);
      await late.body?.cancel();
    }
    await eventually(() => ended === 3 && released === 3, 'the handlers to hear that nobody listens any more');
  });

  it('hears of an answer that breaks in the middle, or is aborted', async () => {
    await expect((await send('/broken')).text()).rejects.toThrow();
    const abort = new AbortController();
    const unread = await send('/endless', { signal: abort.signal });
    abort.abort();
    await sleep(20);
    await expect(unread.text()).rejects.toThrow('aborted');
    await eventually(() => ended === 4, 'the handler to hear that nobody listens any more');
  });
});

async function* brokenSource(): AsyncGenerator<string> {
  yield 'a beginning';
  throw new Error('no more');
}

async function* endless(): AsyncGenerator<string> {
  try {
    for (;;) {
      yield 'data: on\n\n';
      await sleep(1);
    }
  } finally {
    ended++;
  }
}
