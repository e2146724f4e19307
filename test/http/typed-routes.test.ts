import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createRouter } from '../../src/http/index.js';
import { as, json, problemOf, serve } from './support/serve.js';

const Address = z.object({ city: z.string(), lines: z.array(z.string()) });
const Order = z.strictObject({ name: z.string().min(2), price: z.number(), address: Address });

describe('a typed route', () => {
  it('hands parsed path, query and body to the handler', async () => {
    const router = createRouter({ prefix: '/orders' });
    router.put(
      '/:id/items/:item',
      {
        params: z.object({ id: z.string(), item: z.coerce.number() }),
        query: z.object({ limit: z.coerce.number().default(20), tag: z.array(z.string()).optional() }),
        body: z.object({ note: z.string().trim() }),
      },
      async ({ params, query, body }) => ({ params, query, body }),
    );
    const { send } = serve([router]);

    const response = await send('/orders/a%20b/items/7?tag=one', json({ note: ' hi ', extra: 1 }, { method: 'PUT' }));

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.json()).toEqual({
      params: { id: 'a b', item: 7 },
      query: { limit: 20, tag: ['one'] },
      body: { note: 'hi' },
    });
  });

  it('names every faulty field of path, query and body at once, and echoes nothing that was sent', async () => {
    const router = createRouter();
    router.post(
      '/orders/:id',
      { params: z.object({ id: z.coerce.number() }), query: z.object({ page: z.coerce.number() }), body: Order },
      async () => null,
    );
    const { send } = serve([router]);
    const secret = 's3cr3t-canary';

    const response = await send(
      `/orders/${secret}?page=${secret}`,
      json({ name: 'x', price: secret, address: { city: secret, lines: ['a', 5] }, unknown: secret }),
    );
    const text = await response.text();
    const problem = JSON.parse(text);

    expect(response.status).toBe(422);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(problem).toMatchObject({ status: 422, code: 'E_VALIDATION', title: 'Unprocessable Entity' });
    expect(problem.errors.map((error: { loc: unknown[] }) => error.loc.join('.'))).toEqual([
      'path.id',
      'query.page',
      'body.name',
      'body.price',
      'body.address.lines.1',
      'body.unknown',
    ]);
    expect(text).not.toContain(secret);
  });

  it('calls a field that is absent missing', async () => {
    const router = createRouter();
    router.post('/orders', { body: Order }, async () => null);
    const { send } = serve([router]);

    const empty = await send('/orders', json({}));
    const none = await send('/orders', { method: 'POST' });

    expect((await problemOf(empty)).errors).toContainEqual({
      loc: ['body', 'price'],
      msg: 'Field required',
      type: 'missing',
    });
    expect((await problemOf(none)).errors).toEqual([{ loc: ['body'], msg: 'Field required', type: 'missing' }]);
  });

  it('bounds the list of faults', async () => {
    const router = createRouter();
    router.post('/many', { body: z.array(z.number()) }, async () => null);
    const { send } = serve([router]);

    const response = await send('/many', json(new Array(5000).fill('x')));

    expect((await problemOf(response)).errors).toHaveLength(100);
  });

  it('waits for asynchronous refinements', async () => {
    const router = createRouter();
    const Taken = z.string().refine(async (name) => name !== 'taken', 'Already taken');
    router.post('/names', { body: z.object({ name: Taken }) }, async ({ body }) => body);
    const { send } = serve([router]);

    const refused = await send('/names', json({ name: 'taken' }));

    expect(refused.status).toBe(422);
    expect((await problemOf(refused)).errors[0]).toMatchObject({ loc: ['body', 'name'], msg: 'Already taken' });
    expect((await send('/names', json({ name: 'free' }))).status).toBe(200);
  });

  it('answers 204 where the handler returns nothing, and JSON null for null', async () => {
    const router = createRouter();
    router.delete('/nothing', {}, async () => {});
    router.post('/accepted', { status: 202 }, async () => undefined);
    router.get('/null', {}, async () => null);
    const { send } = serve([router]);

    const nothing = await send('/nothing', { method: 'DELETE' });
    const accepted = await send('/accepted', { method: 'POST' });
    const empty = await send('/null');

    expect([nothing.status, await nothing.text()]).toEqual([204, '']);
    expect([accepted.status, await accepted.text()]).toEqual([202, '']);
    expect([empty.status, await empty.text()]).toEqual([200, 'null']);
  });

  it('sends the declared status', async () => {
    const router = createRouter();
    router.post('/things', { status: 201 }, async () => ({ made: true }));
    const { send } = serve([router]);

    expect((await send('/things', { method: 'POST' })).status).toBe(201);
  });

  it('leaves what the handler did to the context alone', async () => {
    const router = createRouter();
    router.get('/gone', {}, async ({ ctx }) => {
      ctx.status = 410;
      ctx.body = 'gone';
    });
    router.get('/missing', {}, async ({ ctx }) => {
      ctx.status = 404;
    });
    router.get('/csv', {}, async ({ ctx }) => {
      ctx.type = 'text/csv';
      return 'a,b\n1,2\n';
    });
    router.get('/stream', {}, async () => Readable.from(['one', 'two']));
    const { send } = serve([router]);

    expect(await (await send('/gone')).text()).toBe('gone');
    const missing = await send('/missing');
    expect([missing.status, (await problemOf(missing)).code]).toEqual([404, 'E_NOT_FOUND']);
    expect(await (await send('/csv')).text()).toBe('a,b\n1,2\n');
    expect(await (await send('/stream')).text()).toBe('onetwo');
  });

  it('refuses a path that is not properly encoded', async () => {
    const router = createRouter();
    router.get('/things/:id', {}, async ({ params }) => params);
    const { send } = serve([router]);

    expect((await send('/things/%E0%A4%A')).status).toBe(400);
  });

  it('gives the handler the caller, the request id and a signal that ends with the client', async () => {
    const router = createRouter();
    router.get('/me', { auth: 'user' }, async ({ user, auth, requestId, signal }) => ({
      id: user.id,
      type: auth.type,
      requestId,
      aborted: signal.aborted,
    }));
    const { send } = serve([router]);

    const response = await send('/me', { headers: { ...as('ann').headers, 'X-Request-ID': 'r-1' } });

    expect(await response.json()).toEqual({ id: 'ann', type: 'user', requestId: 'r-1', aborted: false });
  });
});

describe('a response schema', () => {
  const Out = z.object({ id: z.string(), created_at: z.string() });

  it('strips every field it does not name', async () => {
    const router = createRouter();
    router.get('/user', { response: Out }, async () => ({ id: 'u1', created_at: 'now', password_hash: 'x' }));
    const { send } = serve([router]);

    expect(await (await send('/user')).json()).toEqual({ id: 'u1', created_at: 'now' });
  });

  it('sees the JSON form of models, dates and bigints', async () => {
    const router = createRouter();
    const at = new Date('2026-01-02T03:04:05.678Z');
    const model = { toJSON: () => ({ id: 'm1', created_at: at, secret: 1 }) };
    router.get('/models', { response: z.array(Out) }, async () => [model]);
    router.get('/dates', { response: z.object({ at: z.date(), big: z.bigint() }) }, async () => ({ at, big: 5n }));
    router.get('/big', {}, async () => ({ big: 2n ** 60n }));
    const { send } = serve([router]);

    expect(await (await send('/models')).json()).toEqual([{ id: 'm1', created_at: '2026-01-02T03:04:05.678Z' }]);
    expect(await (await send('/dates')).json()).toEqual({ at: '2026-01-02T03:04:05.678Z', big: '5' });
    expect(await (await send('/big')).json()).toEqual({ big: '1152921504606846976' });
  });

  it('turns an answer that breaks it into a 500 that says nothing', async () => {
    const router = createRouter();
    router.get('/user', { response: Out }, async () => ({ id: 5, leaked: 'canary' }) as never);
    const { send } = serve([router]);

    const response = await send('/user');

    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('canary');
  });
});

describe('a misdeclared route', () => {
  it.each([
    ['no slash', () => createRouter().get('x', {}, async () => null), /begin with a slash/],
    ['no slash in the prefix', () => createRouter({ prefix: 'x' }), /begin with a slash/],
    ['no options', () => createRouter().get('/x', (async () => null) as never, undefined as never), /pass the path/],
    ['a body on GET', () => createRouter().get('/x', { body: z.any() }, async () => null), /has no body/],
    ['a misspelt auth', () => createRouter().get('/x', { auth: 'users' as never }, async () => null), /must be 'none'/],
    ['a misspelt option', () => createRouter().get('/x', { auht: 'user' } as never, async () => null), /mean "auth"/],
    ['a misspelt option of the router', () => createRouter({ prefx: '/x' } as never), /mean "prefix"/],
    [
      'a body that is no schema',
      () => createRouter().post('/x', { body: {} as never }, async () => null),
      /body must be/,
    ],
    ['no options at all', () => createRouter().get('/x', null as never, async () => null), /pass the path/],
    ['an empty guard', () => createRouter().get('/x', { auth: {} }, async () => null), /name a guard/],
  ])('with %s is refused where it is declared', (_case, declare, message) => {
    expect(declare).toThrow(message);
  });
});
