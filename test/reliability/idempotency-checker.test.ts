import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/redis/index.js';
import { IdempotencyChecker } from '../../src/reliability/index.js';
import { freshPrefix, REDIS_BACKENDS, removeKeys } from '../setup/servers.js';

for (const backend of REDIS_BACKENDS) {
  describe(`IdempotencyChecker on ${backend.name}`, () => {
    const prefix = freshPrefix();
    let redis: RedisConnection;
    let checker: IdempotencyChecker;

    beforeAll(async () => {
      redis = await connectRedis({ url: backend.url });
      checker = new IdempotencyChecker(redis.client, 60, { prefix });
    });
    afterAll(async () => {
      await redis.close();
      if (backend.url) await removeKeys(backend.url, prefix);
    });

    it('tells what was done from what was not', async () => {
      expect(await checker.check('order:1')).toEqual([false, null]);
      await checker.set('order:1', { receipt: 7 });
      expect(await checker.check('order:1')).toEqual([true, { receipt: 7 }]);
      await checker.set('order:2', undefined);
      expect(await checker.check('order:2')).toEqual([true, null]);
    });

    it('keeps it as long as it was told to', async () => {
      await checker.set('a', 1);
      await checker.set('b', 1, { ttlSeconds: 5 });
      expect(await redis.client.pttl(`${prefix}a`)).toBeGreaterThan(55_000);
      expect(await redis.client.pttl(`${prefix}b`)).toBeLessThanOrEqual(5_000);
      await expect(checker.set('c', 1, 0)).rejects.toThrow('above 0');
    });
  });
}
