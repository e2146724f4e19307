import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/redis/index.js';
import { Cache, RateLimiter, RedisLocks } from '../../src/reliability/index.js';
import { type ChildServer, FAULT_REDIS } from '../setup/servers.js';

for (const fault of FAULT_REDIS) {
  describe(`while ${fault.name} hangs`, () => {
    let server: ChildServer;
    let redis: RedisConnection;

    beforeAll(async () => {
      server = await fault.start();
      redis = await connectRedis({ url: server.url });
    });
    afterAll(async () => {
      server.resume();
      await redis.close();
      await server.close();
    });

    it('the tiers let calls pass, log-in throttles count within the process, locks are denied, the cache computes', async () => {
      const limiter = new RateLimiter(redis.client, {}, { timeoutMs: 100 });
      const cache = new Cache({ redis: redis.client });
      const locks = new RedisLocks(redis.client, { timeoutMs: 100 });
      await limiter.consume('warm', 1, 60);
      server.pause();

      const start = performance.now();
      expect(await limiter.consume('warm', 1, 60)).toMatchObject({ allowed: true, degraded: true });
      const closed = { whenUnavailable: 'count-locally' } as const;
      expect(await limiter.consume('guess', 1, 60, closed)).toMatchObject({ allowed: true, degraded: true });
      expect(await limiter.consume('guess', 1, 60, closed)).toMatchObject({ allowed: false, degraded: true });
      await expect(locks.acquire('job', 60, '')).rejects.toMatchObject({ code: 'E_TIMEOUT' });
      expect(await cache.getOrSet('key', () => 'computed')).toBe('computed');
      expect(performance.now() - start).toBeLessThan(4_000);
    });

    it('later calls do not wait at all once it is known to be away', async () => {
      const limiter = new RateLimiter(redis.client, {}, { timeoutMs: 100 });
      for (let call = 0; call < 5; call++) await limiter.consume('x', 1, 60);
      const start = performance.now();
      for (let call = 0; call < 100; call++) await limiter.consume('x', 1, 60);
      expect(performance.now() - start).toBeLessThan(2_000); // waiting would be 10 s
    });

    it('limits again when it answers again', async () => {
      const limiter = new RateLimiter(redis.client, {}, { timeoutMs: 5_000 });
      server.resume();
      expect(await limiter.consume('back', 1, 60)).toMatchObject({ allowed: true, degraded: false });
      expect(await limiter.consume('back', 1, 60)).toMatchObject({ allowed: false, degraded: false });
    });
  });
}
