import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runWithContext } from '../../src/base/context.js';
import { Services } from '../../src/base/services.js';
import { connectRedis, type RedisConnection } from '../../src/redis/index.js';
import {
  getActiveStreams,
  StreamLeases,
  StreamLimitExceeded,
  streamLease,
  streamLeaseService,
} from '../../src/reliability/index.js';
import { eventually } from '../service/setup/http-calls.js';
import { FILE_PREFIX, freshPrefix, REDIS_BACKENDS, removeKeys } from '../setup/servers.js';

for (const backend of REDIS_BACKENDS) {
  describe(`stream leases on ${backend.name}`, () => {
    let redis: RedisConnection;
    let prefix: string;
    let leases: StreamLeases;

    beforeAll(async () => {
      redis = await connectRedis({ url: backend.url });
    });
    beforeEach(() => {
      prefix = freshPrefix();
      leases = new StreamLeases(redis.client, { prefix, limit: 3, ttlSeconds: 60 });
    });
    afterAll(async () => {
      await redis.close();
      if (backend.url) await removeKeys(backend.url, FILE_PREFIX);
    });

    it('admits exactly as many as the limit out of 200 callers on two instances', async () => {
      const other = new StreamLeases(redis.client, { prefix, limit: 3, ttlSeconds: 60 });
      const calls = Array.from({ length: 200 }, (_, index) => (index % 2 ? leases : other).acquire('ann'));
      const results = await Promise.allSettled(calls);
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
      expect(await leases.active('ann')).toBe(3);
      const refused = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
      expect(refused.reason).toBeInstanceOf(StreamLimitExceeded);
      expect(refused.reason).toMatchObject({ code: 'E_STREAM_LIMIT', userId: 'ann', limit: 3, active: 3 });
      for (const result of results) if (result.status === 'fulfilled') await result.value.release();
      expect(await leases.active('ann')).toBe(0);
    });

    it('counts each user alone, and gives places back once', async () => {
      const [first, second] = [await leases.acquire('ann'), await leases.acquire('ann')];
      await leases.acquire('bob');
      await Promise.all([first.release(), first.release()]);
      expect(await leases.active('ann')).toBe(1);
      expect(await leases.active('bob')).toBe(1);
      expect(await first.refresh()).toBe(false);
      expect(await second.refresh()).toBe(true);
    });

    it('ends with the block it was taken in, thrown out of or not', async () => {
      const use = async (): Promise<never> => {
        await using lease = await leases.acquire('ann');
        expect(await leases.active(lease.userId)).toBe(1);
        throw new Error('on purpose');
      };
      await expect(use()).rejects.toThrow('on purpose');
      expect(await leases.active('ann')).toBe(0);
    });

    it('frees the place of a process that died, and keeps that of one that lives', async () => {
      const living = await leases.acquire('ann', { ttlSeconds: 0.3 });
      const dead = await leases.acquire('ann', { ttlSeconds: 0.3 });
      dead.refresh = async () => true; // its process is gone: nothing reaches Redis any more
      await eventually(async () => (await leases.active('ann')) === 1, 'the place of the dead');
      expect(await living.refresh()).toBe(true);
      await living.release();
      await eventually(async () => !backend.url || (await redis.client.exists(`${prefix}ann`)) === 0, 'an empty key');
    });

    it('takes 0 for no limit, and nothing below', async () => {
      const many = await Promise.all(Array.from({ length: 20 }, () => leases.acquire('ann', { limit: 0 })));
      expect(await leases.active('ann')).toBe(20);
      for (const lease of many) await lease.release();
      await expect(leases.acquire('ann', { limit: -1 })).rejects.toThrow('0 for none');
      await expect(leases.acquire('ann', { ttlSeconds: 0 })).rejects.toThrow('above 0');
    });

    it('belongs to the running kernel', async () => {
      await expect(streamLease('ann')).rejects.toMatchObject({ code: 'E_NOT_STARTED' });
      const services = new Services();
      services.provide(streamLeaseService, leases);
      await runWithContext({ services }, async () => {
        const lease = await streamLease('ann');
        expect(await getActiveStreams('ann')).toBe(1);
        await lease.release();
      });
      services.close();
    });
  });
}
