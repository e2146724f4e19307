import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createRouter } from '../../src/http/index.js';
import { injectRequest } from '../../src/http/inject.js';
import { json, serve } from './support/serve.js';

const router = createRouter();
router.post('/echo', { body: z.any(), query: z.object({ q: z.string() }) }, async ({ ctx, body, query }) => {
  ctx.append('Set-Cookie', 'a=1');
  ctx.append('Set-Cookie', 'b=2');
  return { body, q: query.q, host: ctx.host, ip: ctx.ip };
});
router.delete('/gone', {}, async () => {});
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
});
