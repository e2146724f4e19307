import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runWithContext, withoutTenant, withTenant } from '../../src/base/context.js';
import { Services } from '../../src/base/services.js';
import { connectRedis, type RedisConnection } from '../../src/redis/index.js';
import { Cache, cacheService, getCache } from '../../src/reliability/index.js';
import { freshPrefix, REDIS_BACKENDS, removeKeys } from '../setup/servers.js';
import { deferred } from './deferred.js';

for (const backend of REDIS_BACKENDS) {
  describe(`Cache over ${backend.name}`, () => {
    const prefix = freshPrefix();
    let redis: RedisConnection;
    const open = (): Cache => new Cache({ redis: redis.client, prefix });

    beforeAll(async () => {
      redis = await connectRedis({ url: backend.url });
    });
    afterAll(async () => {
      await redis.close();
      if (backend.url) await removeKeys(backend.url, prefix);
    });

    it('runs the factory once for 500 callers on two instances that share the Redis', async () => {
      const [one, other] = [open(), open()];
      const gate = deferred();
      const factory = vi.fn(async () => {
        await gate.promise;
        return { n: 1 };
      });
      const calls = Array.from({ length: 500 }, (_, index) =>
        (index % 2 ? one : other).getOrSet('stampede', factory, { ttlSeconds: 60 }),
      );
      await vi.waitFor(() => expect(factory).toHaveBeenCalled());
      gate.resolve();
      expect(await Promise.all(calls)).toEqual(Array.from({ length: 500 }, () => ({ n: 1 })));
      expect(factory).toHaveBeenCalledTimes(1);
      expect(await other.getOrSet('stampede', factory)).toEqual({ n: 1 });
      expect(factory).toHaveBeenCalledTimes(1);
    });

    it('does not keep what was computed before an invalidation on another instance', async () => {
      const [one, other] = [open(), open()];
      const gate = deferred<string>();
      const started = deferred();
      const early = one.getOrSet('price', () => {
        started.resolve();
        return gate.promise;
      });
      await started.promise;
      await other.delete('price');
      gate.resolve('old');
      expect(await early).toBe('old');
      expect(await one.get('price')).toBeNull();
      expect(await other.getOrSet('price', () => 'new')).toBe('new');
    });

    it('does not hand a computation that began before an invalidation to callers after it', async () => {
      const cache = open();
      const gate = deferred<string>();
      const early = cache.getOrSet('stock', () => gate.promise);
      await cache.delete('stock');
      const late = cache.getOrSet('stock', () => 'after');
      gate.resolve('before');
      expect(await late).toBe('after');
      expect(await early).toBe('before');
      expect(await cache.get('stock')).toBe('after');
    });

    it('lets the next caller compute when the first one failed', async () => {
      const cache = open();
      await expect(cache.getOrSet('flaky', () => Promise.reject(new Error('boom')))).rejects.toThrow('boom');
      expect(await cache.getOrSet('flaky', () => 'fine')).toBe('fine');
    });

    it('keeps null only when asked to', async () => {
      const cache = open();
      const nothing = vi.fn(() => null);
      await cache.getOrSet('nobody', nothing);
      await cache.getOrSet('nobody', nothing);
      expect(nothing).toHaveBeenCalledTimes(2);
      await cache.getOrSet('known nobody', nothing, { cacheNull: true });
      await cache.getOrSet('known nobody', nothing, { cacheNull: true });
      expect(nothing).toHaveBeenCalledTimes(3);
    });

    it('answers a miss with what a hit would be', async () => {
      const cache = open();
      const make = () => ({ at: new Date(5), price: 10n, skipped: undefined });
      const miss = await cache.getOrSet('same', make);
      const hit = await cache.getOrSet('same', make);
      expect(miss).toStrictEqual(hit);
      expect(hit.at.getTime()).toBe(5);
      expect(hit.price).toBe(10n);
    });
  });
}

describe('Cache', () => {
  it('picks its backend by environment and Redis', async () => {
    const fake = await connectRedis();
    const redis = fake.client;
    expect(new Cache({ redis }).backendType).toBe('redis');
    expect(new Cache({ redis, isProd: true }).backendType).toBe('redis');
    expect(new Cache({ redis, isFake: true }).backendType).toBe('in-memory');
    expect(new Cache({}).backendType).toBe('in-memory');
    expect(new Cache({ redis, isFake: true, isProd: true }).backendType).toBe('disabled');
    await fake.close();
  });

  it('keeps tenants apart and lets code without a tenant reach all', async () => {
    const cache = new Cache();
    await withTenant('t1', () => cache.set('stats', 'one'));
    await withTenant('t2', () => cache.set('stats', 'two'));
    expect(await withTenant('t1', () => cache.get('stats'))).toBe('one');
    expect(await cache.get('stats')).toBeNull();
    expect(await withTenant('t1', () => cache.deletePattern('*'))).toBe(1);
    expect(await withTenant('t2', () => cache.get('stats'))).toBe('two');
    await withTenant('t1', () => cache.clear());
    expect(await withTenant('t2', () => cache.get('stats'))).toBe('two');
    await withTenant('t2', () => withoutTenant(() => cache.clear()));
    expect(await withTenant('t2', () => cache.get('stats'))).toBeNull();
  });

  it('answers a computed value, and misses, while Redis is away; an invalidation then fails loudly', async () => {
    const away = await connectRedis();
    const redis = new Proxy(away.client, {
      get: (_client, name) => {
        if (name === 'defineCommand') return () => undefined;
        return () => Promise.reject(new Error('connection is closed'));
      },
    });
    const warn = vi.fn();
    const silent = { trace: warn, debug: warn, info: warn, warn, error: warn, fatal: warn, child: () => silent };
    const cache = new Cache({ redis, logger: silent });
    expect(await cache.getOrSet('key', () => 'computed')).toBe('computed');
    expect(await cache.get('key')).toBeNull();
    expect(await cache.exists('key')).toBe(false);
    await expect(cache.delete('key')).rejects.toMatchObject({ code: 'E_CONNECTION' });
    expect(warn).toHaveBeenCalled();
    await away.close();
  });

  it('refuses a life that makes no sense', async () => {
    const cache = new Cache();
    for (const ttlSeconds of [0, -1, Number.NaN]) {
      await expect(cache.set('key', 1, { ttlSeconds })).rejects.toMatchObject({ code: 'E_TTL' });
      await expect(cache.getOrSet('key', () => 1, { ttlSeconds })).rejects.toMatchObject({ code: 'E_TTL' });
    }
  });

  it('is found through the running kernel, and keeps nothing before there is one', async () => {
    expect(getCache().backendType).toBe('disabled');
    const services = new Services();
    const cache = new Cache();
    services.provide(cacheService, cache);
    expect(runWithContext({ services }, () => getCache())).toBe(cache);
    services.close();
  });
});
