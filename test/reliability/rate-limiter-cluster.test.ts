import { describe, expect, it } from 'vitest';
import { connectRedis } from '../../src/redis/index.js';
import { RateLimiter } from '../../src/reliability/index.js';
import { RedisCluster } from '../setup/redis-cluster.js';
import { FAULT_REDIS } from '../setup/servers.js';

describe.each(FAULT_REDIS)('RateLimiter on a cluster of three masters ($name)', { timeout: 90_000 }, ({ start }) => {
  it('counts callers whose keys are on different masters, also those that ask together', async () => {
    const cluster = await RedisCluster.open(start);
    const redis = await connectRedis({ url: cluster.url });
    try {
      const limiter = new RateLimiter(redis.client);
      const callers = ['one', 'two', 'three', 'four', 'five', 'six'];
      const masters = await Promise.all(callers.map((caller) => cluster.masterOf(`ratelimit:60:${caller}`)));
      expect(new Set(masters).size).toBeGreaterThan(1);
      const asked = [...callers, ...callers, ...callers].map((caller) => limiter.consume(caller, 2, 60));
      const answers = await Promise.all(asked);
      expect(answers.map(({ allowed, degraded }) => [allowed, degraded])).toEqual(
        answers.map((_, index) => [index < 2 * callers.length, false]),
      );
    } finally {
      await redis.close();
      await cluster.close();
    }
  });
});
