import {
  consumeQuota,
  getCache,
  getJobClient,
  getLogger,
  JobRegistry,
  runWorker,
  ServiceConfig,
  startWorkers,
  stopWorkers,
} from 'app-kernel';
import type { Database } from 'app-kernel/orm';
import { afterEach, describe, expect, it } from 'vitest';
import { freshPrefix, REDIS_BACKENDS, removeKeys } from '../setup/servers.js';
import { openKernel, releaseKernels } from './setup/fresh-kernel.js';
import { freshFolder, releaseServices, sqliteUrl, startedService } from './setup/fresh-service.js';
import { eventually } from './setup/http-calls.js';
import { KeptLog } from './setup/kept-log.js';

afterEach(async () => {
  await releaseKernels();
  await releaseServices();
});

describe('startWorkers and stopWorkers', () => {
  it('run the jobs of a kernel that runs none by itself', async () => {
    const ran: unknown[] = [];
    const jobRegistry = JobRegistry.from({ note: (data) => void ran.push(data) });
    await openKernel({ jobs: { workerCount: 0 } }, { jobRegistry });
    const queue = getJobClient();
    await queue.enqueue('note', 'first');
    expect((await queue.stats()).workers).toBe(0);
    await startWorkers({ concurrency: 2 });
    await eventually(() => ran.length === 1, 'the job');
    await stopWorkers();
    expect((await queue.stats()).workers).toBe(0);
    await queue.enqueue('note', 'second');
    await startWorkers();
    await eventually(() => ran.length === 2, 'the second job');
    expect(ran).toEqual(['first', 'second']);
  });

  it('say what is missing before a kernel has started', async () => {
    await expect(startWorkers()).rejects.toThrow('No kernel is running');
    await expect(stopWorkers()).rejects.toThrow('No kernel is running');
  });
});

describe('runWorker', () => {
  it('refuses to start without a Redis that others reach', async () => {
    await expect(runWorker({ tasks: {}, logger: new KeptLog() })).rejects.toThrow('redisUrl');
    const redisUrl = 'redis://127.0.0.1:1';
    await expect(runWorker({ tasks: {}, redisUrl, logger: new KeptLog() })).rejects.toThrow('cannot be reached');
  });

  for (const { name, url } of REDIS_BACKENDS.filter((backend) => backend.url)) {
    it(`runs the jobs of a service in a process without HTTP (${name})`, async () => {
      const redisNamespace = freshPrefix();
      const databaseUrl = sqliteUrl(freshFolder());
      const shared = { redisUrl: url ?? '', redisNamespace, databaseUrl };
      const config = new ServiceConfig({ workerCount: 0 });
      const refuse = () => {
        throw new Error('The service itself runs none');
      };
      const service = await startedService({ ...shared, config, tasks: { count: refuse } });
      const count = async (data: unknown, _context: unknown, db: Database) => {
        const [row] = await db.query<{ n: number }>('SELECT count(*) AS n FROM kernel_auth_users');
        await getCache().set('counted', row?.n);
        getLogger().info('counted');
        return { data, n: row?.n };
      };
      const logger = new KeptLog();
      const worker = await runWorker({ ...shared, tasks: { count }, logger, concurrency: 2 });
      try {
        const { jobId } = await service.kernel.jobs.enqueue('count', 'given');
        const job = await eventually(async () => {
          const found = await service.kernel.jobs.get(jobId);
          return found?.completedAt ? found : undefined;
        }, 'the job');
        expect(job).toMatchObject({ status: 'succeeded', result: { data: 'given', n: 0 } });
        expect(logger.text).toContain('counted');
      } finally {
        await worker.close();
      }
      expect((await service.kernel.jobs.stats()).workers).toBe(0);
      await worker.close();
      await service.close();
      await removeKeys(url ?? '', redisNamespace);
    });

    it(`counts the usage of a worker’s jobs for the service that it is told (${name})`, async () => {
      const redisNamespace = freshPrefix();
      const shared = { redisUrl: url ?? '', redisNamespace, databaseUrl: sqliteUrl(freshFolder()) };
      const use = (userId: string) => consumeQuota({ userId, metric: 'tokens', limit: 3, amount: 2 });
      const config = new ServiceConfig({ workerCount: 0 });
      const service = await startedService({ ...shared, config, tasks: { use } });
      expect(await use('ann')).toBe(true);
      const ended = async (task: string, told: { service?: string }) => {
        const worker = await runWorker({ ...shared, ...told, tasks: { use }, logger: new KeptLog() });
        const { jobId } = await service.kernel.jobs.enqueue(task, 'ann', { maxAttempts: 1 });
        const job = await eventually(async () => {
          const found = await service.kernel.jobs.get(jobId);
          return found?.completedAt ? found : undefined;
        }, 'the job');
        await worker.close();
        return job;
      };
      expect(await ended('use', { service: 'test-service' })).toMatchObject({ status: 'succeeded', result: false });
      expect(await ended('use', { service: 'another' })).toMatchObject({ status: 'succeeded', result: true });
      expect(await ended('use', {})).toMatchObject({
        status: 'failed',
        error: expect.stringContaining('runWorker({ service })'),
      });
      await service.close();
      await removeKeys(url ?? '', redisNamespace);
    });
  }
});
