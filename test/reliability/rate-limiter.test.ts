import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../src/base/clock.js';
import { sleep } from '../../src/base/sleep.js';
import { connectRedis, type RedisConnection } from '../../src/redis/index.js';
import { RateLimiter } from '../../src/reliability/index.js';
import { freshPrefix, REDIS_BACKENDS, removeKeys } from '../setup/servers.js';

afterEach(() => {
  vi.useRealTimers();
});

for (const backend of REDIS_BACKENDS) {
  describe(`RateLimiter over ${backend.name}`, () => {
    const keyPrefix = freshPrefix();
    let redis: RedisConnection;
    let limiter: RateLimiter;

    beforeAll(async () => {
      redis = await connectRedis({ url: backend.url });
      limiter = new RateLimiter(redis.client, { keyPrefix });
    });
    afterAll(async () => {
      await redis.close();
      if (backend.url) await removeKeys(backend.url, keyPrefix);
    });

    it('admits up to the limit, then says how long to wait', async () => {
      expect(await limiter.check('one', 2, 60)).toEqual([true, 1, 0]);
      expect(await limiter.check('one', 2, 60)).toEqual([true, 0, 0]);
      const [allowed, remaining, retryAfter] = await limiter.check('one', 2, 60);
      expect([allowed, remaining]).toEqual([false, 0]);
      expect(retryAfter).toBeGreaterThan(58);
      expect(retryAfter).toBeLessThanOrEqual(60);
      expect(await limiter.check('two', 2, 60)).toEqual([true, 1, 0]);
    });

    /** Lets the counted calls of a bucket be `seconds` older. */
    async function age(identifier: string, windowSeconds: number, seconds: number): Promise<void> {
      const key = `${keyPrefix}${windowSeconds}:${identifier}`;
      for (const member of await redis.client.zrange(key, 0, -1)) {
        const score = Number(await redis.client.zscore(key, member));
        await redis.client.zadd(key, score - seconds * 1_000, member);
      }
    }

    it('slides: a call is forgotten one window after it was made, not at a common end', async () => {
      await limiter.consume('slide', 2, 60);
      await age('slide', 60, 35);
      await limiter.consume('slide', 2, 60);
      const refused = await limiter.consume('slide', 2, 60);
      expect(refused.allowed).toBe(false);
      expect(refused.retryAfterSeconds).toBeGreaterThan(20);
      expect(refused.retryAfterSeconds).toBeLessThanOrEqual(25);
      await age('slide', 60, 26);
      expect((await limiter.consume('slide', 2, 60)).allowed).toBe(true);
      expect((await limiter.consume('slide', 2, 60)).allowed).toBe(false);
    });

    it('does not count refused calls, so that knocking does not prolong the wait', async () => {
      await limiter.consume('knock', 1, 60);
      await age('knock', 60, 30);
      for (let call = 0; call < 5; call++) expect((await limiter.consume('knock', 1, 60)).allowed).toBe(false);
      await age('knock', 60, 31);
      expect((await limiter.consume('knock', 1, 60)).allowed).toBe(true);
    });

    it('answers all figures', async () => {
      expect(await limiter.consume('figures', 3, 60)).toEqual({
        allowed: true,
        limit: 3,
        remaining: 2,
        retryAfterSeconds: 0,
        resetSeconds: 60,
        degraded: false,
      });
    });

    it('peeks without counting, so that only failures may be counted', async () => {
      for (let look = 0; look < 3; look++) expect((await limiter.peek('log-in', 1, 60)).allowed).toBe(true);
      expect(await limiter.peek('log-in', 1, 60)).toMatchObject({ remaining: 1, resetSeconds: 0 });
      await limiter.consume('log-in', 1, 60);
      expect(await limiter.peek('log-in', 1, 60)).toMatchObject({ allowed: false, remaining: 0 });
      await limiter.reset('log-in', 60);
      expect((await limiter.peek('log-in', 1, 60)).allowed).toBe(true);
    });

    it('keeps times as milliseconds since 1970', async () => {
      await limiter.consume('times', 1, 60);
      const [, score] = await redis.client.zrange(`${keyPrefix}60:times`, 0, -1, 'WITHSCORES');
      expect(Math.abs(Number(score) - Date.now())).toBeLessThan(60_000);
    });

    it('keeps windows of different lengths apart', async () => {
      await limiter.consume('windows', 1, 3_600);
      expect((await limiter.consume('windows', 1, 0.05)).allowed).toBe(true);
      await sleep(80);
      expect((await limiter.consume('windows', 1, 0.05)).allowed).toBe(true);
      expect((await limiter.consume('windows', 1, 3_600)).allowed).toBe(false);
    });

    it('answers with the wait of the call that must leave when the limit was lowered', async () => {
      for (let call = 0; call < 3; call++) await limiter.consume('lowered', 3, 60);
      expect(await limiter.consume('lowered', 2, 60)).toMatchObject({ allowed: false, remaining: 0 });
      expect(await limiter.consume('lowered', 0, 60)).toMatchObject({ allowed: false, retryAfterSeconds: 60 });
    });

    // The in-memory engine interprets Lua in this process and takes a hundred times as long.
    const rush = backend.url ? { calls: 1_000, limit: 137 } : { calls: 150, limit: 37 };
    it(`admits exactly the limit of ${rush.calls} calls at once on two instances`, async () => {
      const second = await connectRedis({ url: backend.url });
      const options = { timeoutMs: 10_000 };
      const clients = [redis.client, backend.url ? second.client : redis.client];
      const limiters = clients.map((client) => new RateLimiter(client, { keyPrefix }, options));
      const calls = Array.from({ length: rush.calls }, (_, index) =>
        limiters[index % 2]?.consume('rush', rush.limit, 60),
      );
      const admitted = (await Promise.all(calls)).filter((result) => result?.allowed);
      expect(admitted).toHaveLength(rush.limit);
      expect(new Set(admitted.map((result) => result?.remaining)).size).toBe(rush.limit);
      await second.close();
    });

    it('leaves nothing behind after the window', async () => {
      await limiter.consume('tidy', 5, 0.05);
      await vi.waitFor(async () => expect(await redis.client.exists(`${keyPrefix}0.05:tidy`)).toBe(0));
    });

    if (backend.url) {
      it('takes one round trip, for all that ask in one turn of the event loop', async () => {
        await limiter.consume('trip', 5, 60);
        const sent = vi.spyOn(redis.client, 'sendCommand');
        await limiter.consume('trip', 5, 60);
        expect(sent).toHaveBeenCalledTimes(1);
        const asked = ['trip', 'other', 'trip', 'trip', 'trip'].map((caller) => limiter.check(caller, 5, 60));
        expect(await Promise.all(asked)).toEqual([
          [true, 2, 0],
          [true, 4, 0],
          [true, 1, 0],
          [true, 0, 0],
          [false, 0, expect.any(Number)],
        ]);
        expect(sent).toHaveBeenCalledTimes(2);
        sent.mockRestore();
      });

      it('asks for more than Redis should do at once in several scripts', async () => {
        const sent = vi.spyOn(redis.client, 'sendCommand');
        const answers = await Promise.all(Array.from({ length: 250 }, () => limiter.consume('many', 120, 60)));
        expect(answers.map(({ allowed }) => allowed)).toEqual(answers.map((_, index) => index < 120));
        expect(sent).toHaveBeenCalledTimes(3);
        sent.mockRestore();
      });

      it('does not take a blocked event loop for an outage of Redis', async () => {
        const hasty = new RateLimiter(redis.client, { keyPrefix }, { timeoutMs: 50 });
        await hasty.consume('blocked', 1, 60);
        const asked = hasty.consume('blocked', 1, 60);
        await new Promise((resolve) => setImmediate(resolve));
        const end = performance.now() + 200;
        while (performance.now() < end);
        expect(await asked).toMatchObject({ allowed: false, degraded: false });
      });

      it('goes by the clock of Redis, not of the process', async () => {
        await limiter.consume('clock', 1, 60);
        vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
        expect((await limiter.consume('clock', 1, 60)).allowed).toBe(false);
        vi.setSystemTime(Date.now() - 7_200_000);
        expect((await limiter.consume('clock', 1, 60)).allowed).toBe(false);
      });
    }
  });
}

describe('RateLimiter', () => {
  it('counts within the process when there is no Redis', async () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter(null, {}, { clock });
    expect(await limiter.check('one', 2, 60)).toEqual([true, 1, 0]);
    clock.advance(20_000);
    expect(await limiter.check('one', 2, 60)).toEqual([true, 0, 0]);
    expect(await limiter.consume('one', 2, 60)).toMatchObject({
      allowed: false,
      retryAfterSeconds: 40,
      resetSeconds: 60,
    });
    clock.advance(40_000);
    expect(await limiter.check('one', 2, 60)).toEqual([true, 0, 0]);
  });

  it('bounds what it remembers of callers within the process', async () => {
    const limiter = new RateLimiter(null);
    await limiter.consume('first', 1, 60);
    for (let caller = 0; caller < 10_001; caller++) await limiter.consume(`flood:${caller}`, 1, 60);
    expect((await limiter.consume('first', 1, 60)).allowed).toBe(true);
    expect((await limiter.consume('flood:10000', 1, 60)).allowed).toBe(false);
  });

  it('keeps a limit, for no longer than its window, when the clock steps back by an hour', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1, 12) });
    const redis = await connectRedis();
    const limiter = new RateLimiter(redis.client);
    await limiter.consume('stepped', 1, 60);
    vi.setSystemTime(Date.UTC(2026, 0, 1, 11));
    expect(await limiter.consume('stepped', 1, 60)).toMatchObject({ allowed: false, retryAfterSeconds: 60 });
    vi.setSystemTime(Date.UTC(2026, 0, 1, 11, 1, 1));
    expect((await limiter.consume('stepped', 1, 60)).allowed).toBe(true);
    await redis.close();
  });

  it('picks bucket and limit by route, tier and address', () => {
    const limiter = new RateLimiter(null, { authenticatedRpm: 100 });
    const request = { ipAddress: '203.0.113.7' };
    const user = { id: 'u1', isAdmin: false };
    expect(limiter.getLimitForRequest(request)).toEqual(['ip:203.0.113.7', 30]);
    expect(limiter.getLimitForRequest(request, user)).toEqual(['user:u1', 100]);
    expect(limiter.getLimitForRequest(request, { id: 'u1', isAdmin: true })).toEqual(['admin:u1', 600]);
    const routed = { ...request, routeLimit: { bucket: 'POST /export', limit: 5 } };
    expect(limiter.getLimitForRequest(routed, user)).toEqual(['route:POST /export:user:u1', 5]);
  });

  it('leaves probes, docs and static files alone', () => {
    const limiter = new RateLimiter(null);
    for (const path of ['/healthz', '/metrics', '/docs', '/static', '/static/a.js', '/_next/x']) {
      expect(limiter.isExcluded(path), path).toBe(true);
    }
    for (const path of ['/', '/staticfiles', '/healthz/x', '/api/v1/docs'])
      expect(limiter.isExcluded(path), path).toBe(false);
  });

  it('refuses a limit that cannot be kept', async () => {
    const limiter = new RateLimiter(null);
    for (const [limit, seconds] of [
      [-1, 60],
      [1.5, 60],
      [1, 0],
      [1, Number.NaN],
    ] as const) {
      await expect(limiter.consume('x', limit, seconds)).rejects.toMatchObject({ code: 'E_RATE_LIMIT' });
    }
  });
});
