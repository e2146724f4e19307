import { PassThrough } from 'node:stream';
import { Router } from '@koa/router';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { silentLogger } from '../../src/base/ports.js';
import { createRouter, Idempotency, idempotent, requireAuth } from '../../src/http/index.js';
import { connectRedis, type RedisConnection } from '../../src/redis/index.js';
import { IdempotencyStore } from '../../src/reliability/index.js';
import { LeasedKeys } from '../../src/reliability/leased-keys.js';
import { RedisGuard } from '../../src/reliability/redis-guard.js';
import { deferred } from '../reliability/deferred.js';
import { eventually } from '../service/setup/http-calls.js';
import { FILE_PREFIX, freshPrefix, REDIS_BACKENDS, removeKeys } from '../setup/servers.js';
import { as, json, problemOf, type Served, serve } from './support/serve.js';

const SECRET = 'a-secret-of-32-characters-or-more';

for (const backend of REDIS_BACKENDS) {
  describe(`idempotency on ${backend.name}`, () => {
    let redis: RedisConnection;
    let prefix: string;
    let runs: string[];
    let served: Served;
    let gate = deferred<void>();

    beforeAll(async () => {
      redis = await connectRedis({ url: backend.url });
    });
    beforeEach(() => {
      prefix = freshPrefix();
      runs = [];
      served = instance();
    });
    afterAll(async () => {
      await redis.close();
      if (backend.url) await removeKeys(backend.url, FILE_PREFIX);
    });

    /** One of several instances on the same Redis. */
    function instance({ leaseSeconds = 30 } = {}): Served {
      const store = new IdempotencyStore(redis.client, { prefix, secret: SECRET, leaseSeconds });
      const idempotency = new Idempotency({ store, ttlSeconds: 60, logger: silentLogger });
      return serve([typedRoutes(), plainRoutes()], { idempotency });
    }

    function typedRoutes() {
      const router = createRouter();
      const Order = z.object({ item: z.string() });
      router.post('/orders', { auth: 'optional', body: Order, status: 201 }, async ({ ctx, body, user }) => {
        runs.push(body.item);
        ctx.set('Location', `/orders/${runs.length}`);
        return { number: runs.length, item: body.item, by: user?.id ?? null };
      });
      router.post('/slow', { auth: 'user', body: Order }, async ({ body }) => {
        runs.push(body.item);
        await gate.promise;
        return { number: runs.length };
      });
      router.post('/welcome', { auth: 'user', body: Order, use: [idempotent()] }, async ({ body }) => {
        runs.push(body.item);
        return { number: runs.length };
      });
      router.post('/admin', { auth: 'admin' }, async () => {
        runs.push('admin');
        return { done: true };
      });
      router.delete('/orders/:id', { auth: 'user' }, async () => {
        runs.push('delete');
      });
      router.post('/fails', { auth: 'user' }, async () => {
        runs.push('fails');
        throw new Error('on purpose');
      });
      router.post('/unavailable', { auth: 'user' }, async ({ ctx }) => {
        runs.push('unavailable');
        ctx.status = 503;
        return { sorry: true };
      });
      router.post('/bytes', { auth: 'user' }, async () => {
        runs.push('bytes');
        return Buffer.from([0, 255, runs.length]);
      });
      router.post('/stream', { auth: 'user' }, async () => {
        runs.push('stream');
        const body = new PassThrough();
        body.end(`part ${runs.length}`);
        return body;
      });
      return router;
    }

    function plainRoutes(): Router {
      const router = new Router({ prefix: '/plain' });
      router.post('/orders', (ctx) => {
        runs.push('plain');
        ctx.status = 201;
        ctx.body = { number: runs.length, given: ctx.request.body };
      });
      router.post('/welcome', requireAuth as never, idempotent({ ttlSeconds: 5 }) as never, (ctx) => {
        runs.push('welcome');
        ctx.body = { number: runs.length };
      });
      return router;
    }

    const keyed = (key: string, body: unknown, name = 'ann') =>
      json(body, { headers: { Authorization: `Bearer ${name}`, 'Idempotency-Key': key } });

    it('answers a repeat with the first answer, byte by byte, from any instance', async () => {
      const first = await served.send('/orders', keyed('k1', { item: 'tea' }));
      const again = await instance().send('/orders', keyed('k1', { item: 'tea' }));
      expect(runs).toEqual(['tea']);
      expect(again.status).toBe(201);
      expect(await again.text()).toBe(await first.text());
      expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
      expect(again.headers.get('location')).toBe('/orders/1');
      expect(again.headers.get('x-idempotency-replayed')).toBe('true');
      expect(first.headers.has('x-idempotency-replayed')).toBe(false);
      expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
    });

    it('keeps bytes and empty answers as they were', async () => {
      const bytes = () => served.send('/bytes', keyed('b', {}));
      await bytes();
      expect([...new Uint8Array(await (await bytes()).arrayBuffer())]).toEqual([0, 255, 1]);
      const remove = () => served.send('/orders/7', { ...keyed('d', {}), method: 'DELETE' });
      expect((await remove()).status).toBe(204);
      expect((await remove()).status).toBe(204);
      expect(runs).toEqual(['bytes', 'delete']);
    });

    it('runs once when 100 requests with a key come at once: the others are told to ask again', async () => {
      gate = deferred();
      const all = Array.from({ length: 100 }, () => served.send('/slow', keyed('rush', { item: 'tea' })));
      const answered: Response[] = [];
      for (const call of all) void call.then((response) => answered.push(response));
      await eventually(() => answered.length === 99, 'everybody else being refused');
      expect(answered[0]?.headers.get('retry-after')).toBe('1');
      expect((await problemOf((answered[0] as Response).clone())).code).toBe('E_IDEMPOTENCY_IN_FLIGHT');
      gate.resolve();
      const statuses = (await Promise.all(all)).map((response) => response.status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(1);
      expect(statuses.filter((status) => status === 409)).toHaveLength(99);
      expect(runs).toEqual(['tea']);
    });

    it('refuses a key that comes with another request', async () => {
      await served.send('/orders', keyed('k1', { item: 'tea' }));
      const other = await served.send('/orders', keyed('k1', { item: 'coffee' }));
      expect(other.status).toBe(422);
      expect((await problemOf(other)).code).toBe('E_IDEMPOTENCY_KEY_REUSED');
      const query = await served.send('/orders?gift=1', keyed('k1', { item: 'tea' }));
      expect(query.status).toBe(422);
      expect(runs).toEqual(['tea']);
    });

    it('shares nothing between callers, paths and methods', async () => {
      await served.send('/orders', keyed('k1', { item: 'tea' }));
      const bob = await served.send('/orders', keyed('k1', { item: 'tea' }, 'bob'));
      expect(await bob.json()).toMatchObject({ by: 'bob' });
      await served.send('/plain/orders', keyed('k1', { item: 'tea' }));
      expect(runs).toEqual(['tea', 'tea', 'plain']);
    });

    it('keeps neither server errors nor what was thrown, nor streams', async () => {
      for (const path of ['/fails', '/unavailable', '/stream']) {
        await (await served.send(path, keyed('k1', {}))).text();
        await (await served.send(path, keyed('k1', {}))).text();
      }
      expect(runs).toEqual(['fails', 'fails', 'unavailable', 'unavailable', 'stream', 'stream']);
      expect((await served.send('/orders', keyed('k2', { item: 5 }))).status).toBe(422);
      expect((await served.send('/orders', keyed('k2', { item: 'mended' }))).status).toBe(201);
    });

    it('asks the guard first, at every repeat', async () => {
      expect((await served.send('/admin', keyed('k1', {}, 'root'))).status).toBe(200);
      expect((await served.send('/admin', keyed('k1', {}, 'ann'))).status).toBe(403);
      expect((await served.send('/admin', { method: 'POST', headers: { 'Idempotency-Key': 'k1' } })).status).toBe(401);
    });

    it('heeds a key without a sign-in for that caller only, and idempotent() needs one there', async () => {
      const anonymous = json({ item: 'tea' }, { headers: { 'Idempotency-Key': 'a1' } });
      await served.send('/orders', anonymous);
      const again = await served.send('/orders', anonymous);
      expect(again.headers.get('x-idempotency-replayed')).toBe('true');
      await served.send('/orders', json({ item: 'tea' }));
      await served.send('/orders', json({ item: 'tea' }));
      expect(runs).toEqual(['tea', 'tea', 'tea']);
    });

    it('does by itself what idempotent() marks, for each content', async () => {
      const welcome = (item: string) => served.send('/welcome', json({ item }, as('ann')));
      await welcome('ann');
      expect((await welcome('ann')).headers.get('x-idempotency-replayed')).toBe('true');
      await welcome('bob');
      expect(runs).toEqual(['ann', 'bob']);
    });

    it('works on plain routers, which still get their body', async () => {
      const first = await served.send('/plain/orders', keyed('k1', { item: 'tea' }));
      const again = await served.send('/plain/orders', keyed('k1', { item: 'tea' }));
      expect(await again.json()).toEqual({ number: 1, given: { item: 'tea' } });
      expect(first.status).toBe(again.status);
      await served.send('/plain/welcome', json({}, as('ann')));
      await served.send('/plain/welcome', json({}, as('ann')));
      expect((await served.send('/plain/welcome', json({}))).status).toBe(401);
      expect(runs).toEqual(['plain', 'welcome']);
    });

    it('frees the key of an instance that died in the middle, and no key of one that lives', async () => {
      const store = new IdempotencyStore(redis.client, { prefix, secret: SECRET, leaseSeconds: 0.3 });
      const dead = new LeasedKeys(redis.client, new RedisGuard());
      await dead.claim(`${prefix}dead`, dead.newLease('what'), 0.3);
      expect((await store.claim('dead', 'what')).state).toBe('in flight');
      const living = await store.claim('living', 'what');
      const next = await eventually(async () => {
        const claim = await store.claim('dead', 'what');
        return claim.state === 'first' ? claim.claim : undefined;
      }, 'the key of the dead instance');
      expect((await store.claim('living', 'what')).state).toBe('in flight');
      await next.abandon();
      if (living.state === 'first') await living.claim.abandon();
      expect((await store.claim('living', 'what')).state).toBe('first');
    });

    it('refuses a key that is none', async () => {
      for (const key of ['', 'a b', 'x'.repeat(256)]) {
        const response = await served.send('/orders', keyed(key, { item: 'tea' }));
        expect((await problemOf(response)).code, key).toBe('E_BAD_REQUEST');
      }
    });

    it('leaves nothing of an answer to be read in Redis', async () => {
      await served.send('/orders', keyed('k1', { item: 'canary-of-the-answer' }));
      if (!backend.url) return;
      const [key = ''] = await redis.client.keys(`${prefix}*`);
      const kept = (await redis.client.get(key)) ?? '';
      expect(kept).toMatch(/^done:/);
      for (const text of [kept, Buffer.from(kept.split(':')[2] ?? '', 'base64url').toString('latin1')]) {
        expect(text).not.toContain('canary');
      }
      expect(await redis.client.pttl(key)).toBeGreaterThan(50_000);
    });
  });
}
