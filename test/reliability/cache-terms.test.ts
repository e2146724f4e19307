import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../src/base/clock.js';
import { withTenant } from '../../src/base/context.js';
import { connectRedis, type RedisConnection } from '../../src/redis/index.js';
import { Cache, cached } from '../../src/reliability/index.js';
import { FILE_PREFIX, freshPrefix, REDIS_BACKENDS, removeKeys } from '../setup/servers.js';
import { deferred } from './deferred.js';

for (const backend of [{ name: 'memory', url: undefined }, ...REDIS_BACKENDS]) {
  describe(`what makes a cached value void, over ${backend.name}`, () => {
    let redis: RedisConnection;
    let prefix: string;
    let cache: Cache;
    let runs: number;
    const count = () => ++runs;

    beforeAll(async () => {
      redis = await connectRedis({ url: backend.url });
    });
    beforeEach(() => {
      prefix = freshPrefix();
      runs = 0;
      cache = open();
    });
    afterAll(async () => {
      await redis.close();
      if (backend.url) await removeKeys(backend.url, FILE_PREFIX);
    });

    function open(clock?: FakeClock): Cache {
      return backend.name === 'memory' ? new Cache({ clock }) : new Cache({ redis: redis.client, prefix, clock });
    }

    it('is one of its tags, and no other', async () => {
      const read = () => cache.getOrSet('list', count, { ttlSeconds: 60, tags: ['products', 'prices'] });
      expect([await read(), await read()]).toEqual([1, 1]);
      await cache.invalidateTags('orders');
      expect(await read()).toBe(1);
      await cache.invalidateTags('prices');
      expect(await cache.get('list')).toBeNull();
      expect(await cache.exists('list')).toBe(false);
      expect([await read(), await read()]).toEqual([2, 2]);
      expect(await cache.get('list')).toBe(2);
    });

    it('is an invalidation while it is computed', async () => {
      const gate = deferred<number>();
      const early = cache.getOrSet('list', () => gate.promise, { ttlSeconds: 60, tags: ['products'] });
      await vi.waitFor(async () => expect(await cache.exists('list')).toBe(false));
      await cache.invalidateTags('products');
      gate.resolve(0);
      expect(await early).toBe(0);
      expect(await cache.getOrSet('list', count, { ttlSeconds: 60, tags: ['products'] })).toBe(1);
    });

    it('is a delete or a set of its key, tagged or not', async () => {
      const options = { ttlSeconds: 60, tags: ['products'] };
      await cache.getOrSet('list', count, options);
      expect(await cache.delete('list')).toBe(true);
      expect(await cache.getOrSet('list', count, options)).toBe(2);
      await cache.set('list', 'mine');
      expect(await cache.get('list')).toBe('mine');
      expect(await cache.getOrSet('list', count, options)).toBe(3); // of what was set nobody knows that it has these tags
    });

    it('is nothing that a caller could name a key', async () => {
      await cache.getOrSet('list', count, { ttlSeconds: 60, tags: ['products'] });
      await cache.delete('~tag:products');
      await withTenant('t', () => cache.clear());
      expect(await cache.getOrSet('list', count, { ttlSeconds: 60, tags: ['products'] })).toBe(1);
    });

    it('is on every tenant alike', async () => {
      const read = (tenant: string) =>
        withTenant(tenant, () => cache.getOrSet('list', count, { ttlSeconds: 60, tags: ['products'] }));
      expect([await read('a'), await read('b'), await read('a')]).toEqual([1, 2, 1]);
      await withTenant('a', () => cache.invalidateTags('products'));
      expect([await read('a'), await read('b')]).toEqual([3, 4]);
    });

    it('is answered once more past its time, while one caller computes it anew', async () => {
      const clock = new FakeClock();
      const aging = open(clock);
      const gates = [deferred<string>(), deferred<string>()];
      const factory = vi.fn(() => (gates[factory.mock.calls.length - 1] ?? deferred<string>()).promise);
      const price = cached({ key: 'price', ttlSeconds: 60, staleSeconds: 600, cache: aging }, factory);
      gates[0]?.resolve('old');
      expect(await price()).toBe('old');
      clock.advance(61_000);
      expect(await Promise.all([price(), price(), price()])).toEqual(['old', 'old', 'old']);
      await vi.waitFor(() => expect(factory).toHaveBeenCalledTimes(2));
      expect(await price()).toBe('old');
      gates[1]?.resolve('new');
      await vi.waitFor(async () => expect(await price()).toBe('new'));
      expect(factory).toHaveBeenCalledTimes(2);
    });

    it('stays as it is where the new one cannot be computed', async () => {
      const clock = new FakeClock();
      const aging = open(clock);
      let fails = false;
      const price = () =>
        aging.getOrSet('price', () => (fails ? Promise.reject(new Error('down')) : ++runs), {
          ttlSeconds: 60,
          staleSeconds: 600,
        });
      expect(await price()).toBe(1);
      clock.advance(61_000);
      fails = true;
      expect(await price()).toBe(1);
      fails = false;
      await vi.waitFor(async () => expect(await price()).toBe(2));
    });
  });
}
