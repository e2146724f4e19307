import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JobQueue, JobRegistry, JobWorker } from '../../src/jobs/index.js';
import { connectRedis, type RedisConnection } from '../../src/redis/index.js';
import { WatchedRedis } from '../setup/redis-sentinel.js';
import { FAULT_REDIS } from '../setup/servers.js';
import { until } from './queue-fixture.js';

describe.each(FAULT_REDIS)('jobs on a Redis that sentinels watch ($name)', { timeout: 60_000 }, ({ start }) => {
  let redis: WatchedRedis;
  let connection: RedisConnection;
  beforeEach(async () => {
    redis = await WatchedRedis.open(start);
    connection = await connectRedis({ url: redis.url, socketTimeoutSeconds: 2 });
  });
  afterEach(async () => {
    await connection.close();
    await redis.close();
  });

  it('go on with the replica when the master dies', async () => {
    const ran: unknown[] = [];
    const registry = JobRegistry.from({ note: (data) => void ran.push(data) });
    const queue = new JobQueue({ redis: connection.jobs, registry, openSubscriber: () => connection.open('signals') });
    const worker = new JobWorker({ queue, registry, leaseMs: 3000, pollMs: 100 });
    await worker.start();
    await queue.enqueue('note', 'before');
    await until(() => (ran.length === 1 ? true : undefined), 'the first job');
    await redis.master.kill();
    const enqueued = () =>
      queue.enqueue('note', 'after', { jobId: 'after' }).then(
        () => true as const,
        () => undefined,
      );
    await until(enqueued, 'a job to be taken', 30_000);
    await until(() => (ran.includes('after') ? true : undefined), 'the second job', 30_000);
    expect(ran).toEqual(['before', 'after']);
    await worker.stop();
    queue.close();
  });
});
