import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobContext } from '../../../src/jobs/index.js';
import { gate, QueueFixture, until } from '../../jobs/queue-fixture.js';
import { BACKENDS } from '../../redis/backends.js';

for (const backend of BACKENDS) {
  describe(`jobs run (${backend})`, () => {
    let fixture: QueueFixture;
    beforeEach(async () => {
      fixture = await QueueFixture.open(backend);
    });
    afterEach(() => fixture.dispose());

    it('runs a job once, with its data and its context', async () => {
      const calls: Array<{ data: unknown; context: JobContext }> = [];
      fixture.registry.register('greet', (data, context) => {
        calls.push({ data, context });
        return { greeted: true };
      });
      await fixture.worker();
      const { jobId, status, queueName, taskName, duplicate } = await fixture.queue.enqueue(
        'greet',
        { name: 'Ada' },
        { userId: 'u1', metadata: { source: 'test' } },
      );
      expect({ status, queueName, taskName, duplicate }).toEqual({
        status: 'queued',
        queueName: 'default',
        taskName: 'greet',
        duplicate: false,
      });
      const job = await fixture.job(jobId, 'succeeded');
      expect(job).toMatchObject({ result: { greeted: true }, attempts: 1, crashes: 0, userId: 'u1', error: null });
      expect(job.completedAt?.getTime()).toBeGreaterThanOrEqual(job.startedAt?.getTime() ?? Number.NaN);
      expect(job.startedAt?.getTime()).toBeGreaterThanOrEqual(job.enqueuedAt.getTime());
      expect(calls).toHaveLength(1);
      expect(calls[0]?.data).toEqual({ name: 'Ada' });
      expect(calls[0]?.context).toMatchObject({
        jobId,
        taskName: 'greet',
        attempt: 1,
        maxAttempts: 3,
        userId: 'u1',
        metadata: { source: 'test' },
        enqueuedAt: job.enqueuedAt,
      });
    });

    it('runs each of many jobs exactly once over several workers', async () => {
      const seen = new Map<number, number>();
      fixture.registry.register('count', (data) => {
        const { n } = data as { n: number };
        seen.set(n, (seen.get(n) ?? 0) + 1);
      });
      await Promise.all([fixture.worker({ concurrency: 7 }), fixture.worker({ concurrency: 3 }), fixture.worker()]);
      const jobs = Array.from({ length: 300 }, (_, n) => ({ task: 'count', data: { n } }));
      await fixture.queue.enqueueMany(jobs);
      await until(async () => ((await fixture.queue.stats()).totals.succeeded === 300 ? true : undefined), '300 jobs');
      expect(seen.size).toBe(300);
      expect([...seen.values()].every((times) => times === 1)).toBe(true);
      expect(await fixture.queue.stats()).toMatchObject({ waiting: 0, running: 0, delayed: 0, dead: 0 });
    });

    it('keeps no more than its concurrency in flight', async () => {
      let now = 0;
      let most = 0;
      fixture.registry.register('work', async () => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setTimeout(resolve, 2));
        now -= 1;
      });
      await fixture.worker({ concurrency: 3 });
      await fixture.queue.enqueueMany(Array.from({ length: 20 }, () => ({ task: 'work' })));
      await until(async () => ((await fixture.queue.stats()).totals.succeeded === 20 ? true : undefined), '20 jobs');
      expect(most).toBe(3);
    });

    it('takes high before normal before low, and each in order', async () => {
      const order: string[] = [];
      fixture.registry.register('note', (data) => void order.push(data as string));
      await fixture.queue.enqueueMany([
        { task: 'note', data: 'low', priority: 'low' },
        { task: 'note', data: 'first' },
        { task: 'note', data: 'second' },
        { task: 'note', data: 'high', priority: 'high' },
      ]);
      await fixture.worker({ concurrency: 1 });
      await until(() => (order.length === 4 ? true : undefined), 'four jobs');
      expect(order).toEqual(['high', 'first', 'second', 'low']);
    });

    it('shows a running job with its progress and its log', async () => {
      const { opened, open } = gate();
      fixture.registry.register('slow', async (_data, context) => {
        await context.progress(40);
        await context.log('half way');
        await opened;
      });
      await fixture.worker();
      const { jobId } = await fixture.queue.enqueue('slow');
      const running = await until(async () => {
        const job = await fixture.queue.get(jobId);
        return job?.logs.length ? job : undefined;
      }, 'the log line');
      expect(running).toMatchObject({ status: 'running', progress: 40, logs: ['half way'], attempts: 1 });
      open();
      expect(await fixture.job(jobId, 'succeeded')).toMatchObject({ progress: 40, logs: ['half way'] });
    });

    it('bounds what a handler leaves with its job, and takes what is no number or text', async () => {
      fixture.registry.register('talkative', async (_data, context) => {
        await context.log('x'.repeat(5000));
        await context.log(7n as never);
        await context.progress(3n as never);
        return 'y'.repeat(1_100_000);
      });
      await fixture.worker();
      const { jobId } = await fixture.queue.enqueue('talkative');
      const job = await fixture.job(jobId, 'succeeded');
      expect(job).toMatchObject({ result: null, progress: 3, logs: ['x'.repeat(2000), '7'] });
      expect(job.error).toContain('The result cannot be kept');
    });

    it('keeps a job that succeeded although its result cannot be kept', async () => {
      fixture.registry.register('odd', () => ({ big: 1n }));
      await fixture.worker();
      const { jobId } = await fixture.queue.enqueue('odd');
      const job = await fixture.job(jobId, 'succeeded');
      expect(job).toMatchObject({ result: null, attempts: 1 });
      expect(job.error).toContain('BigInt');
    });
  });
}
