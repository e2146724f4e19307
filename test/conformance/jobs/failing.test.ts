import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConflictError, NotFoundError } from '../../../src/base/errors.js';
import { type JobContext, JobQueue } from '../../../src/jobs/index.js';
import { QueueFixture, until } from '../../jobs/queue-fixture.js';
import { BACKENDS } from '../../redis/backends.js';

for (const backend of BACKENDS) {
  describe(`jobs that fail (${backend})`, () => {
    let fixture: QueueFixture;
    beforeEach(async () => {
      fixture = await QueueFixture.open(backend);
    });
    afterEach(() => fixture.dispose());

    it('are tried again until they succeed', async () => {
      const attempts: number[] = [];
      fixture.registry.register('flaky', (_data, context) => {
        attempts.push(context.attempt);
        if (context.attempt < 3) throw new Error('not yet');
        return 'done';
      });
      await fixture.worker();
      const { jobId } = await fixture.queue.enqueue('flaky');
      expect(await fixture.job(jobId, 'succeeded')).toMatchObject({ attempts: 3, result: 'done', error: null });
      expect(attempts).toEqual([1, 2, 3]);
      expect((await fixture.queue.stats()).totals).toMatchObject({ succeeded: 1, retried: 2, failed: 0 });
    });

    it('wait between tries, and show their fault meanwhile', async () => {
      fixture.registry.register('broken', () => {
        throw new TypeError('no such thing');
      });
      await fixture.worker({ retryDelaysMs: [60_000], retryJitter: 0 });
      const { jobId } = await fixture.queue.enqueue('broken');
      const waiting = await until(async () => {
        const job = await fixture.queue.get(jobId);
        return job?.error ? job : undefined;
      }, 'the fault');
      expect(waiting).toMatchObject({ status: 'queued', attempts: 1, error: 'TypeError: no such thing' });
      expect(Number(waiting.runAt) - Number(waiting.enqueuedAt)).toBeGreaterThanOrEqual(60_000);
      expect(await fixture.queue.stats()).toMatchObject({ delayed: 1, running: 0 });
    });

    it('wait as their task says, where it says so', async () => {
      const broken = () => {
        throw new Error('no');
      };
      fixture.registry.register('patient', broken, { retryDelaysMs: [60_000] });
      await fixture.worker({ retryJitter: 0 });
      const { jobId } = await fixture.queue.enqueue('patient');
      const waiting = await until(async () => {
        const job = await fixture.queue.get(jobId);
        return job?.error ? job : undefined;
      }, 'the fault');
      expect(Number(waiting.runAt) - Number(waiting.enqueuedAt)).toBeGreaterThanOrEqual(60_000);
    });

    it('go to the dead letters after their last attempt, without a stack', async () => {
      fixture.registry.register('broken', () => {
        throw new Error('still broken');
      });
      await fixture.worker();
      const { jobId } = await fixture.queue.enqueue('broken', { n: 7 }, { maxAttempts: 2 });
      const job = await fixture.job(jobId, 'failed');
      expect(job).toMatchObject({ attempts: 2, maxAttempts: 2, error: 'Error: still broken', data: { n: 7 } });
      expect((await fixture.queue.deadLetters()).map((dead) => dead.jobId)).toEqual([jobId]);
      expect(JSON.stringify(job)).not.toContain('.ts:');
    });

    it('start afresh when a dead letter is retried', async () => {
      let isBroken = true;
      fixture.registry.register('mended', (_data, context: JobContext) => {
        if (isBroken) throw new Error('broken');
        return context.attempt;
      });
      await fixture.worker();
      const { jobId } = await fixture.queue.enqueue('mended', null, { maxAttempts: 1, userId: 'u9' });
      await fixture.job(jobId, 'failed');
      isBroken = false;
      await fixture.queue.retry(jobId);
      expect(await fixture.job(jobId, 'succeeded')).toMatchObject({ result: 1, userId: 'u9' });
      expect(await fixture.queue.deadLetters()).toEqual([]);
      await expect(fixture.queue.retry(jobId)).rejects.toThrow(ConflictError);
      await expect(fixture.queue.retry('nobody')).rejects.toThrow(NotFoundError);
    });

    it('are stopped by their timeout, which their signal tells them', async () => {
      const reasons: unknown[] = [];
      fixture.registry.register('endless', async (_data, { signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        reasons.push(signal.reason);
        throw signal.reason;
      });
      await fixture.worker();
      const { jobId } = await fixture.queue.enqueue('endless', null, { timeoutMs: 20, maxAttempts: 1 });
      expect((await fixture.job(jobId, 'failed')).error).toContain('ran longer than its 20 ms');
      expect(reasons).toMatchObject([{ code: 'E_JOB_TIMEOUT' }]);
    });

    it('give their place back although their handler ignores the timeout', async () => {
      fixture.registry.register('deaf', () => new Promise(() => {}));
      fixture.registry.register('next', () => 'ran');
      const worker = await fixture.worker({ concurrency: 1 });
      await fixture.queue.enqueue('deaf', null, { timeoutMs: 10, maxAttempts: 1 });
      const { jobId } = await fixture.queue.enqueue('next');
      await fixture.job(jobId, 'succeeded');
      expect(worker.running).toBe(0);
    });

    it('are handed on by a worker that does not know their task', async () => {
      const { connection } = fixture;
      const knowing = new JobQueue({ redis: connection.jobs, prefix: connection.key('queue:') });
      await knowing.publishedTasks.publish(['elsewhere']);
      await fixture.worker();
      const { jobId } = await knowing.enqueue('elsewhere');
      const job = await until(async () => {
        const found = await fixture.queue.get(jobId);
        return found?.runAt ? found : undefined;
      }, 'the job to be handed on');
      expect(job).toMatchObject({ status: 'queued', attempts: 0 });
      expect(job.error).toContain('Task "elsewhere" is not registered');
    });

    it('are handed on however old they are, while a worker offers their task', async () => {
      await fixture.queue.publishedTasks.publish(['elsewhere', 'nowhere']);
      await fixture.worker({ unknownTaskMs: 30 });
      const producer = fixture.client();
      const offered = await producer.enqueue('elsewhere', null, { delayMs: 100 });
      const given = await producer.enqueue('nowhere', null, { delayMs: 100 });
      const { redis, keys } = fixture.queue;
      await redis.zadd(keys.tasks, Date.now() + 60_000, 'elsewhere', Date.now() - 60_000, 'nowhere');
      expect((await fixture.job(given.jobId, 'failed')).error).toContain('Task "nowhere" is not registered');
      const handedOn = await until(async () => {
        const job = await fixture.queue.get(offered.jobId);
        return job?.error ? job : undefined;
      }, 'the job to be handed on');
      expect(handedOn).toMatchObject({ status: 'queued', attempts: 0 });
    });

    it('may throw anything', async () => {
      const odd: unknown[] = [Object.create(null), Symbol('odd'), undefined, { toString: () => 1n }];
      fixture.registry.register('odd', (index) => {
        throw odd[index as number];
      });
      fixture.registry.register('unnamed', () => {
        throw Object.defineProperty(new Error(), 'message', { value: Symbol('odd') });
      });
      const worker = await fixture.worker();
      const tasks = [...odd.map((_, data) => ({ task: 'odd', data })), { task: 'unnamed' }];
      const jobs = await fixture.queue.enqueueMany(tasks.map((task) => ({ ...task, maxAttempts: 1 })));
      for (const { jobId } of jobs) expect((await fixture.job(jobId, 'failed')).error).toEqual(expect.any(String));
      expect(worker.running).toBe(0);
    });

    it('keep the record of a jobId that was used again, whatever became of the record before', async () => {
      fixture.registry.register('fine', () => 1);
      const bounded = fixture.client({ registry: fixture.registry, maxFinished: 2 });
      await fixture.worker({ queue: bounded } as object);
      const finish = async (jobId: string) => {
        await bounded.enqueue('fine', null, { jobId });
        await fixture.job(jobId, 'succeeded');
      };
      await finish('again');
      await finish('other');
      const [oldest = ''] = await bounded.redis.lrange(bounded.keys.finished, 0, 0);
      await bounded.redis.lset(bounded.keys.finished, 0, oldest.replace(/^\d+/, '1'.padStart(13, '0'))); // its time is over
      expect(await bounded.get('again')).toBeNull();
      await finish('again');
      await finish('last');
      expect(await bounded.get('again')).toMatchObject({ status: 'succeeded' });
      expect(await bounded.get('other')).toBeNull();
      expect(await bounded.stats()).toMatchObject({ finished: 2 });
    });

    it('stay within the bounds of the dead letters and the results', async () => {
      const bounded = fixture.client({ registry: fixture.registry, maxDead: 3, maxFinished: 2 });
      fixture.registry.register('broken', () => {
        throw new Error('no');
      });
      fixture.registry.register('fine', () => 1);
      await fixture.worker({ concurrency: 1, queue: bounded } as object);
      const jobs = Array.from({ length: 5 }, () => [{ task: 'broken', maxAttempts: 1 }, { task: 'fine' }]).flat();
      const results = await bounded.enqueueMany(jobs);
      await until(async () => {
        const { totals } = await bounded.stats();
        return totals.failed === 5 && totals.succeeded === 5 ? true : undefined;
      }, 'ten jobs');
      expect(await bounded.stats()).toMatchObject({ dead: 3, finished: 2 });
      const known = await Promise.all(results.map(({ jobId }) => bounded.get(jobId)));
      expect(known.filter((job) => job?.status === 'failed')).toHaveLength(3);
      expect(known.filter((job) => job?.status === 'succeeded')).toHaveLength(2);
    });
  });
}
