import { Router } from '@koa/router';
import { describe, expect, it } from 'vitest';
import { createRouter, RouteTable, requireAuth } from '../../src/http/index.js';
import { as, json, serve } from './support/serve.js';

function shop() {
  const router = createRouter({ prefix: '/products' });
  router.get('/', {}, async () => ({ route: 'list' }));
  router.post('/', {}, async () => ({ route: 'create' }));
  router.get('/new', {}, async () => ({ route: 'new' }));
  router.get('/:id', {}, async ({ params }) => ({ route: 'one', id: params.id }));
  return router;
}

describe('unknown paths and methods', () => {
  it('answer 404 as a problem', async () => {
    const { send } = serve([shop()]);

    const response = await send('/nope');

    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ detail: 'Not Found', code: 'E_NOT_FOUND', status: 404 });
  });

  it('answer 405 with the methods that the path takes', async () => {
    const { send } = serve([shop()]);

    const response = await send('/products', { method: 'DELETE' });

    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD, OPTIONS, POST');
    expect(await response.json()).toMatchObject({ detail: 'Method Not Allowed', code: 'E_METHOD_NOT_ALLOWED' });
  });

  it('answer OPTIONS with the methods that the path takes', async () => {
    const { send } = serve([shop()]);

    const response = await send('/products/7', { method: 'OPTIONS' });

    expect([response.status, response.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
  });

  it('answer 404, not 405, to OPTIONS on an unknown path', async () => {
    expect((await serve([shop()]).send('/nope', { method: 'OPTIONS' })).status).toBe(404);
  });
});

describe('matching', () => {
  it('answers HEAD as GET without a body', async () => {
    const response = await serve([shop()]).send('/products/7', { method: 'HEAD' });

    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(response.headers.get('content-length')).toBe(String('{"route":"one","id":"7"}'.length));
  });

  it('accepts a trailing slash without a redirect', async () => {
    const { send } = serve([shop()]);

    expect(await (await send('/products/')).json()).toEqual({ route: 'list' });
    expect(await (await send('/products/7/')).json()).toEqual({ route: 'one', id: '7' });
  });

  it('takes the route that was declared first', async () => {
    const late = createRouter();
    late.get('/a/:x', {}, async () => 'param');
    late.get('/a/b', {}, async () => 'literal');
    const { send } = serve([shop(), late]);

    expect(await (await send('/products/new')).json()).toEqual({ route: 'new' });
    expect(await (await send('/a/b')).json()).toBe('param');
  });

  it('knows wildcards and optional parts', async () => {
    const router = createRouter();
    router.get('/files/*path', {}, async ({ params }) => params.path);
    router.get('/page{/:n}', {}, async ({ params }) => params.n ?? 'none');
    const { send } = serve([router]);

    expect(await (await send('/files/a/b.txt')).json()).toBe('a/b.txt');
    expect(await (await send('/page')).json()).toBe('none');
    expect(await (await send('/page/3')).json()).toBe('3');
  });

  it('is exact about case for typed routes', async () => {
    expect((await serve([shop()]).send('/Products')).status).toBe(404);
  });

  it('mounts below a prefix, given with the router or for all of them', async () => {
    const table = new RouteTable();
    table.mount([['/shop', shop()]], '/api/v1');

    expect(table.match('GET', '/api/v1/shop/products/7')?.name).toBe('GET /api/v1/shop/products/:id');
    expect(table.match('GET', '/api/v1/shop/products')?.template).toBe('/api/v1/shop/products');
  });

  it('refuses the same route twice', () => {
    const table = new RouteTable();
    table.mount([shop(), shop()]);

    expect(() => table.compile()).toThrow(/GET \/products is declared twice/);
  });

  it('refuses what is no router', () => {
    const table = new RouteTable();
    table.mount([(() => {}) as never]);

    expect(() => table.compile()).toThrow(/routers takes/);
  });
});

describe('plain routers', () => {
  function plain(): Router {
    const router = new Router({ prefix: '/plain' });
    router.use(async (ctx, next) => {
      ctx.set('X-Plain', 'yes');
      await next();
    });
    router.get('/:id', (ctx) => {
      ctx.body = { id: ctx.params.id };
    });
    router.post('/', (ctx) => {
      ctx.body = { got: ctx.request.body };
    });
    router.get('/pass/on', (_ctx, next) => next());
    return router;
  }

  it('work with their own middleware, parameters and parsed bodies', async () => {
    const { send } = serve([['/api', plain()]]);

    const one = await send('/api/plain/7');

    expect([await one.json(), one.headers.get('x-plain')]).toEqual([{ id: '7' }, 'yes']);
    expect(await (await send('/api/plain', json({ a: 1 }))).json()).toEqual({ got: { a: 1 } });
    const form = {
      method: 'POST',
      body: new URLSearchParams([
        ['a', '1'],
        ['b', '2'],
        ['b', '3'],
      ]),
    };
    expect(await (await send('/api/plain', form)).json()).toEqual({ got: { a: '1', b: ['2', '3'] } });
  });

  it('know routes that were added after the mount', async () => {
    const router = new Router();
    const { send } = serve([router]);
    router.get('/late', (ctx) => {
      ctx.body = 'late';
    });

    expect(await (await send('/late')).text()).toBe('late');
  });

  it('answer 405 and 404 through the same table', async () => {
    const { send } = serve([plain()]);

    expect((await send('/plain/7', { method: 'PATCH' })).status).toBe(405);
    expect((await send('/plain')).status).toBe(405);
    expect((await send('/elsewhere')).status).toBe(404);
  });

  it('may pass a request on to the next router', async () => {
    const next = createRouter().get('/plain/pass/on', {}, async () => 'next');

    expect(await (await serve([plain(), next]).send('/plain/pass/on')).json()).toBe('next');
    expect((await serve([plain()]).send('/plain/pass/on')).status).toBe(404);
  });

  it('answer 404 where a handler answers nothing', async () => {
    const router = new Router().get('/silent', () => {});

    const response = await serve([router]).send('/silent');

    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
  });

  it('leave bodies of other types in the stream', async () => {
    const router = new Router().post('/raw', async (ctx) => {
      const chunks: Buffer[] = [];
      for await (const chunk of ctx.req) chunks.push(chunk as Buffer);
      ctx.body = { parsed: ctx.request.body ?? null, raw: Buffer.concat(chunks).toString() };
    });
    const { send } = serve([router]);

    const response = await send('/raw', { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: '{"a":1}' });

    expect(await response.json()).toEqual({ parsed: null, raw: '{"a":1}' });
  });

  it('may also be used on the application itself, inside the stack', async () => {
    const { app, send } = serve([shop()]);
    const own = new Router().get('/own/:id', requireAuth, (ctx) => {
      ctx.body = 'own';
    });
    app.use(own.routes());

    expect((await send('/own/1')).status).toBe(401);
    expect(await (await send('/own/1', as('ann'))).text()).toBe('own');
    expect((await send('/products/1')).status).toBe(200);
  });
});
