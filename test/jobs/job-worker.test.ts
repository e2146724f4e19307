import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Metrics, silentMetrics } from '../../src/base/ports.js';
import { JobContext, JobWorker } from '../../src/jobs/index.js';
import { QueueFixture, until } from './queue-fixture.js';

let fixture: QueueFixture;
beforeEach(async () => {
  fixture = await QueueFixture.open('memory');
});
afterEach(() => fixture.dispose());

it('gives handlers the database that withDb opens, around their whole run', async () => {
  const log: string[] = [];
  fixture.registry.register('work', async (_data, _context, db: { name: string }) => {
    log.push(`handler has ${db.name}`);
  });
  await fixture.worker({
    withDb: async (context, run) => {
      log.push(`open for ${context.taskName}`);
      const result = await run({ name: 'the database' } as never);
      log.push('close');
      return result;
    },
  });
  const { jobId } = await fixture.queue.enqueue('work');
  await fixture.job(jobId, 'succeeded');
  expect(log).toEqual(['open for work', 'handler has the database', 'close']);
});

it('names every option out of range', () => {
  const { queue, registry } = fixture;
  const options = { concurrency: 0, leaseMs: 10, heartbeatMs: 20, retryDelaysMs: [] };
  const build = () => new JobWorker({ queue, registry, ...options });
  for (const field of ['concurrency', 'heartbeatMs', 'retryDelaysMs']) expect(build).toThrow(field);
  expect(() => new JobWorker({ queue, registry, concurrency: 1001 })).toThrow('Start another worker');
});

it('can be stopped twice, and not started again', async () => {
  const worker = await fixture.worker();
  await Promise.all([worker.stop(), worker.stop()]);
  await worker.stop();
  await expect(worker.start()).rejects.toThrow('This worker is stopped');
});

it('has left, whoever asked it to stop', async () => {
  const worker = await fixture.worker();
  void worker.stop();
  await worker.stop();
  expect(await fixture.queue.stats()).toMatchObject({ workers: 0 });
});

it('stops in good order while it still starts, and starts again after a start that failed', async () => {
  const { queue, registry } = fixture;
  const hasty = new JobWorker({ queue, registry });
  await Promise.all([hasty.start(), hasty.stop()]);
  expect(await queue.stats()).toMatchObject({ workers: 0 });

  const { redis } = queue;
  const broken = new Proxy(redis, {
    get: (target, name) => {
      if (name === 'kernelJobsHeartbeat') return () => Promise.reject(new Error('away'));
      return Reflect.get(target, name);
    },
  });
  const client = fixture.client({ redis: broken, registry });
  const unlucky = new JobWorker({ queue: client, registry });
  await expect(unlucky.start()).rejects.toThrow('away');
  await expect(unlucky.start()).rejects.toThrow('away');
});

it('counts what it processes', async () => {
  const counted: Array<[string, unknown]> = [];
  const metrics: Metrics = {
    ...silentMetrics,
    increment: (name, labels) => void counted.push([name, labels]),
    histogram: (name, _value, labels) => void counted.push([name, labels]),
  };
  fixture.registry.register('fine', () => {});
  fixture.registry.register('broken', () => {
    throw new Error('no');
  });
  await fixture.worker({ metrics });
  const fine = await fixture.queue.enqueue('fine');
  const broken = await fixture.queue.enqueue('broken', null, { maxAttempts: 1 });
  await fixture.job(fine.jobId, 'succeeded');
  await fixture.job(broken.jobId, 'failed');
  expect(counted).toContainEqual(['jobs_processed_total', { task: 'fine', outcome: 'succeeded' }]);
  expect(counted).toContainEqual(['jobs_processed_total', { task: 'broken', outcome: 'failed' }]);
  expect(counted).toContainEqual(['job_duration_seconds', { task: 'fine' }]);
});

it('dead-letters what it cannot read, and goes on', async () => {
  const { redis, keys } = fixture.queue;
  fixture.registry.register('fine', () => {});
  const { jobId } = await fixture.queue.enqueue('fine');
  await redis.hset(keys.jobs, jobId, 'garbage');
  const next = await fixture.queue.enqueue('fine');
  await fixture.worker();
  await fixture.job(next.jobId, 'succeeded');
  const dead = await until(async () => (await fixture.queue.deadLetters())[0], 'the dead letter');
  expect(dead).toMatchObject({ jobId, taskName: '(unreadable)', data: 'garbage', status: 'failed' });
});

it('leaves a context usable in a test of a handler', async () => {
  const context = new JobContext({ jobId: 'j1', taskName: 't' });
  expect(context).toMatchObject({ attempt: 1, maxAttempts: 3, metadata: {}, userId: undefined });
  expect(context.startedAt).toBeInstanceOf(Date);
  expect(context.signal.aborted).toBe(false);
  await context.progress(5);
  for (let i = 0; i < 105; i++) await context.log(`line ${i}`);
  expect(context.reported.progress).toBe(5);
  expect(context.reported.logs).toHaveLength(100);
  expect(context.reported.logs?.at(-1)).toBe('line 104');
});
