import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Service } from 'app-kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { releaseServices } from '../service/setup/fresh-service.js';
import { json, problemOf, type Send } from '../service/setup/http-calls.js';
import { DOORS, openShop } from './shop.js';

const ITEMS = '/api/v1/items';
const LIMIT = 20_000;

/** `[method, path, body, the fields that the problem must name]` */
const INVALID: ReadonlyArray<readonly [what: string, path: string, init: RequestInit, fields: string[]]> = [
  ['a missing field', ITEMS, json({ price: 1 }), ['body.name']],
  ['a wrong type', ITEMS, json({ name: 'Widget', price: 'cheap' }), ['body.price']],
  ['several faults', ITEMS, json({ name: '', price: -1, tags: ['a', 2] }), ['body.name', 'body.price', 'body.tags.1']],
  ['a nested fault', ITEMS, json({ name: 'W', price: 1, maker: { country: 'Utopia' } }), ['body.maker.country']],
  ['an array for an object', ITEMS, json([1, 2]), ['body']],
  ['a string for an object', ITEMS, json('text'), ['body']],
  ['null', ITEMS, json(null), ['body']],
  ['a fraction', ITEMS, json({ name: 'W', price: 1.5 }), ['body.price']],
  ['a bad query', `${ITEMS}?limit=many`, {}, ['query.limit']],
  ['a query out of range', `${ITEMS}?limit=101`, {}, ['query.limit']],
  ['a query given twice', `${ITEMS}?limit=1&limit=2`, {}, ['query.limit']],
  ['no body at all', ITEMS, { method: 'POST' }, ['body']],
];

/** Nested arrays as text, which `JSON.stringify` could not make. */
const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const post = (body: NonNullable<RequestInit['body']>, headers: Record<string, string>): RequestInit => ({
  method: 'POST',
  body,
  headers,
});
const JSON_TYPE = { 'content-type': 'application/json' };

function chunked(text: string, size = 1000): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(sent, sent + size));
      sent += size;
    },
  });
}

for (const door of DOORS) {
  describe(`bad input (${door.name})`, () => {
    let service: Service;
    let send: Send;

    beforeAll(async () => {
      service = openShop({ maxBodySize: LIMIT, rateLimitAnonymousRpm: 10_000 });
      send = await door.open(service);
    });
    afterAll(releaseServices);

    for (const [what, path, init, fields] of INVALID) {
      it(`answers ${what} with 422 and names the field`, async () => {
        const problem = await problemOf(await send(path, init), 422);

        expect(problem.code).toBe('E_VALIDATION');
        expect(problem.errors?.map(({ loc }) => loc.join('.')).sort()).toEqual([...fields].sort());
        for (const error of problem.errors ?? []) {
          expect(error).toEqual({
            loc: expect.any(Array),
            msg: expect.stringMatching(/./),
            type: expect.stringMatching(/./),
          });
        }
      });
    }

    it('never repeats what was sent', async () => {
      const problem = await problemOf(
        await send(
          `${'/api/v1/auth/register'}`,
          json({ username: 'ab', email: 'not-an-address', password: 'hunter2' }),
        ),
        422,
      );

      expect(JSON.stringify(problem)).not.toMatch(/hunter2|not-an-address/);
    });

    it.each(['{"name": ', '{name: 1}', '{"a":1}}', '\u0000', '{"a":undefined}'])(
      'answers malformed JSON (%j) with 400',
      async (body) => {
        await problemOf(await send(ITEMS, post(body, JSON_TYPE)), 400);
      },
    );

    it('answers JSON that is nested too deeply with 400', async () => {
      await problemOf(await send(`${ITEMS}/echo`, post(nested(5000), JSON_TYPE)), 400);
      expect((await send(`${ITEMS}/echo`, post(nested(10), JSON_TYPE))).status).toBe(200);
    });

    it('keeps prototypes clean', async () => {
      const body = '{"name":"W","price":1,"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
      const response = await send(ITEMS, post(body, JSON_TYPE));

      expect([201, 400, 422]).toContain(response.status);
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    });

    it('answers a body that is announced too large with 413', async () => {
      const body = JSON.stringify({ name: 'x'.repeat(LIMIT), price: 1 });
      const problem = await problemOf(await send(ITEMS, post(body, JSON_TYPE)), 413);
      expect(problem.detail).toMatch(/too large/);
    });

    it('answers a compressed body that grows too large with 413', async () => {
      const bomb = gzipSync(JSON.stringify({ name: 'x'.repeat(LIMIT * 10), price: 1 }));
      expect(bomb.length).toBeLessThan(LIMIT);

      const init = post(new Uint8Array(bomb), { ...JSON_TYPE, 'content-encoding': 'gzip' });

      await problemOf(await send(ITEMS, init), 413);
    });

    it('reads a compressed body of allowed size', async () => {
      const body = new Uint8Array(gzipSync(JSON.stringify({ name: 'Zipped', price: 1 })));
      const response = await send(ITEMS, post(body, { ...JSON_TYPE, 'content-encoding': 'gzip' }));
      expect(response.status).toBe(201);
    });

    it('answers a body whose compression is broken or unknown with a client error', async () => {
      const broken = await send(ITEMS, post('not gzip', { ...JSON_TYPE, 'content-encoding': 'gzip' }));
      const unknown = await send(ITEMS, post('{}', { ...JSON_TYPE, 'content-encoding': 'middle-out' }));

      await problemOf(broken, 400);
      await problemOf(unknown, 415);
    });

    it('answers JSON that calls itself text with 415', async () => {
      const body = JSON.stringify({ name: 'W', price: 1 });
      await problemOf(await send(ITEMS, post(body, { 'content-type': 'text/plain' })), 415);
      await problemOf(
        await send(ITEMS, post('name=W&price=1', { 'content-type': 'application/x-www-form-urlencoded' })),
        415,
      );
    });

    it('answers an unknown route with 404, under and outside the prefix', async () => {
      for (const path of ['/nowhere', '/api/v1/nowhere', `${ITEMS}/mine/deeper`, '/api/v1/auth/nothing']) {
        await problemOf(await send(path), 404);
      }
      const problem = await problemOf(await send(`${ITEMS}/unknown-id`), 404);
      expect(problem).toMatchObject({ detail: 'Item not found', code: 'E_NOT_FOUND' });
    });

    it('answers a wrong method with 405 and the methods that the path takes', async () => {
      const response = await send(ITEMS, { method: 'DELETE' });
      await problemOf(response, 405);
      expect(response.headers.get('allow')?.split(/,\s*/)).toEqual(expect.arrayContaining(['GET', 'POST']));
      await problemOf(await send('/healthz', { method: 'POST' }), 405);
      await problemOf(await send('/api/v1/auth/login'), 405);
    });

    it('answers a malformed path with 400 or 404', async () => {
      const response = await send(`${ITEMS}/%E0%A4%A`);
      expect([400, 404]).toContain(response.status);
      await problemOf(response, response.status);
    });

    it('hides what crashed', async () => {
      const problem = await problemOf(await send(`${ITEMS}/crash`), 500);
      expect(problem.detail).toBe('Internal server error');
      expect(JSON.stringify(problem)).not.toMatch(/SELECT|db\.ts|at /);
    });

    it('answers an unknown caller with 401 and a weak one with 403', async () => {
      const anonymous = await send(`${ITEMS}/mine`);
      expect((await problemOf(anonymous, 401)).detail).toBe('Not authenticated');
      expect(anonymous.headers.get('www-authenticate')).toMatch(/^Bearer/);
      const forged = await send(`${ITEMS}/mine`, { headers: { authorization: 'Bearer a.b.c' } });
      expect((await problemOf(forged, 401)).detail).toMatch(/^Invalid token/);
    });
  });
}

describe('bad input (socket only)', () => {
  let service: Service;

  beforeAll(async () => {
    service = openShop({ maxBodySize: LIMIT, rateLimitAnonymousRpm: 10_000 });
    await service.listen(0, '127.0.0.1');
  });
  afterAll(releaseServices);

  it('answers a chunked body that grows too large with 413', async () => {
    const body = chunked(JSON.stringify({ name: 'x'.repeat(LIMIT * 3), price: 1 }));
    const init = { ...post(body, JSON_TYPE), duplex: 'half' } as RequestInit;

    await problemOf(await fetch(`http://127.0.0.1:${service.port}${ITEMS}`, init), 413);
  });

  it('reads a chunked body of allowed size', async () => {
    const body = chunked(JSON.stringify({ name: 'Chunked', price: 1 }), 7);
    const init = { ...post(body, JSON_TYPE), duplex: 'half' } as RequestInit;
    expect((await fetch(`http://127.0.0.1:${service.port}${ITEMS}`, init)).status).toBe(201);
  });

  it('answers what is not HTTP with 400 and goes on serving', async () => {
    const answer = await speak(service.port, 'THIS IS NOT HTTP\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect((await fetch(`http://127.0.0.1:${service.port}/healthz`)).status).toBe(200);
  });

  it('answers a head that is too large with 431', async () => {
    const head = `GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(100_000)}\r\n\r\n`;
    expect(await speak(service.port, head)).toMatch(/^HTTP\/1\.1 431 /);
  });
});

/** Sends raw bytes and answers what comes back until the other side ends. */
function speak(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk) => {
      answer += chunk.toString();
      if (answer.includes('\r\n\r\n')) socket.end();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', (error) => (answer ? resolve(answer) : reject(error)));
  });
}
