import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JobQueue, JobRegistry, JobWorker } from '../../src/jobs/index.js';
import { connectRedis, type RedisConnection } from '../../src/redis/index.js';
import { RedisCluster } from '../setup/redis-cluster.js';
import { FAULT_REDIS } from '../setup/servers.js';
import { gate, until } from './queue-fixture.js';

const JOBS = 200;
const QUICK = { leaseMs: 3000, heartbeatMs: 500, reapMs: 200, pollMs: 100, retryDelaysMs: [1] };

describe.each(FAULT_REDIS)(
  'jobs on a cluster of three masters with replicas ($name)',
  { timeout: 90_000 },
  ({ start }) => {
    let cluster: RedisCluster;
    let connection: RedisConnection;
    let queue: JobQueue;
    const registry = new JobRegistry();
    const runs = new Map<number, number>();
    const workers: JobWorker[] = [];
    beforeEach(async () => {
      cluster = await RedisCluster.open(start);
      connection = await connectRedis({ url: cluster.url, socketTimeoutSeconds: 2 });
      queue = new JobQueue({ redis: connection.jobs, registry, openSubscriber: () => connection.open('job signals') });
    }, 60_000);
    afterEach(async () => {
      await Promise.all(workers.splice(0).map((worker) => worker.stop({ timeoutMs: 100 })));
      queue.close();
      await connection.close();
      await cluster.close();
    });

    async function work(concurrency: number): Promise<JobWorker> {
      const worker = new JobWorker({ queue, registry, concurrency, ...QUICK });
      workers.push(worker);
      await worker.start();
      return worker;
    }

    it('run, fail over with their master, and lose nothing that its replica has', async () => {
      const { opened, open } = gate();
      registry.register(
        'work',
        async (data) => {
          runs.set(data as number, (runs.get(data as number) ?? 0) + 1);
          await opened;
        },
        { concurrency: 10 },
      );
      await queue.enqueueMany(Array.from({ length: JOBS }, (_, n) => ({ task: 'work', data: n })));
      await queue.enqueue('work', JOBS, { cron: '0 0 1 1 *' });
      await work(5);
      await work(5);
      await until(async () => ((await queue.stats()).running === 10 ? true : undefined), 'the first jobs to run');
      const master = await cluster.masterOf(queue.keys.base);
      await cluster.replicated(master);
      await master.kill();
      open();
      await until(
        async () => ((await queue.stats().catch(() => undefined))?.totals.succeeded === JOBS ? true : undefined),
        'the jobs to be done',
        60_000,
      );
      expect(runs.size).toBe(JOBS);
      expect((await cluster.masterOf(queue.keys.base)).port).not.toBe(master.port);
      expect(await queue.stats()).toMatchObject({ waiting: 0, running: 0, dead: 0, schedules: 1 });
    });
  },
);
