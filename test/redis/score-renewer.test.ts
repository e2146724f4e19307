import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/ports.js';
import { connectRedis, type RedisConnection, ScoreRenewer } from '../../src/redis/index.js';
import { RedisCluster } from '../setup/redis-cluster.js';
import { FAULT_REDIS, freshPrefix, REDIS_BACKENDS, removeKeys } from '../setup/servers.js';

const disposers: Array<() => unknown> = [];
afterEach(async () => {
  for (const dispose of disposers.splice(0).reverse()) await dispose();
});

const PLACES = [
  ...REDIS_BACKENDS.filter(({ url }) => url).map(({ name, url }) => ({ name, open: async () => url ?? '' })),
  ...FAULT_REDIS.map(({ start }) => ({
    name: 'a cluster',
    open: async () => {
      const cluster = await RedisCluster.open(start);
      disposers.push(() => cluster.close());
      return cluster.url;
    },
  })),
];

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe.each(PLACES)('a member of a sorted set ($name)', { timeout: 60_000 }, ({ open }) => {
  async function renewer(): Promise<{ connection: RedisConnection; key: string; renewer: ScoreRenewer }> {
    const url = await open();
    const connection = await connectRedis({ url });
    const key = `${freshPrefix()}set`;
    disposers.push(() => (url.includes('cluster') ? undefined : removeKeys(url, key)));
    disposers.push(() => connection.close());
    const renewal = { key, member: 'me', lifeMs: 10_000, everyMs: 10, logger: silentLogger };
    const made = new ScoreRenewer(connection.client, renewal);
    disposers.push(() => made.close());
    return { connection, key, renewer: made };
  }

  it('is renewed from another thread for as long as that is allowed', async () => {
    const { connection, key, renewer: made } = await renewer();
    const { client } = connection;
    const score = async (member: string) => Number(await client.zscore(key, member));
    await client.zadd(key, 1, 'me', 2, 'other');
    made.allow(60_000);
    await until(async () => (await score('me')) > Date.now() + 5000);
    expect(await score('other')).toBe(2);
    const seen = await score('me');
    await until(async () => (await score('me')) > seen);
    const end = Date.now() + 300;
    while (Date.now() < end); // this thread is stuck
    expect(await score('me')).toBeGreaterThan(end + 9000);
    made.allowOnly(0);
    await client.zrem(key, 'me');
    await client.zadd(key, 1, 'me');
    await until(async () => (await client.zadd(key, 'XX', 'CH', 1, 'me')) === 0); // what was under way has arrived
    expect(await score('me')).toBe(1);
  });
});
