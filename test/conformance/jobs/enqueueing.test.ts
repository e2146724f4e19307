import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { currentContext, runInContext } from '../../../src/base/context.js';
import { ValidationError } from '../../../src/base/errors.js';
import { UnknownTaskError } from '../../../src/jobs/index.js';
import type { RedisClient } from '../../../src/redis/index.js';
import { QueueFixture, until } from '../../jobs/queue-fixture.js';
import { BACKENDS } from '../../redis/backends.js';

const ENQUEUES: readonly unknown[] = ['kernelJobsEnqueue', 'kernelJobsEnqueueBundle'];

/** A client that runs each of ENQUEUES twice, as after a lost answer; `between` gets its arguments. */
function resendingClient(redis: RedisClient, between: (args: readonly unknown[]) => Promise<void>): RedisClient {
  const get = (target: RedisClient, name: string | symbol) => {
    const found: unknown = Reflect.get(target, name);
    if (!ENQUEUES.includes(name) || typeof found !== 'function') return found;
    return async (...args: unknown[]) => {
      await Reflect.apply(found, target, args);
      await between(args);
      return Reflect.apply(found, target, args);
    };
  };
  return new Proxy(redis, { get });
}

for (const backend of BACKENDS) {
  describe(`enqueueing (${backend})`, () => {
    let fixture: QueueFixture;
    beforeEach(async () => {
      fixture = await QueueFixture.open(backend);
    });
    afterEach(() => fixture.dispose());

    it('refuses an unknown task and names those there are', async () => {
      fixture.registry.register('send_email', () => {});
      const refused = fixture.queue.enqueue('send_mail');
      await expect(refused).rejects.toThrow(UnknownTaskError);
      await expect(refused).rejects.toThrow(
        '"send_mail" is not registered on queue "default"; registered are send_email',
      );
      expect((await fixture.queue.stats()).waiting).toBe(0);
    });

    it('takes from a producer without handlers what a worker says it runs', async () => {
      const producer = fixture.client();
      await expect(producer.enqueue('remote')).rejects.toThrow('no worker has registered any yet');
      fixture.registry.register('remote', () => 'here');
      await fixture.worker();
      const { jobId } = await producer.enqueue('remote');
      expect(await fixture.job(jobId, 'succeeded')).toMatchObject({ result: 'here' });
    });

    it('takes one job per jobId, and says so', async () => {
      let runs = 0;
      fixture.registry.register('once', () => ++runs);
      const first = await fixture.queue.enqueue('once', 1, { jobId: 'order:42' });
      const second = await fixture.queue.enqueue('once', 2, { jobId: 'order:42' });
      expect(first).toMatchObject({ jobId: 'order:42', duplicate: false, status: 'queued' });
      expect(second).toMatchObject({ jobId: 'order:42', duplicate: true, status: 'queued' });
      await fixture.worker();
      await fixture.job('order:42', 'succeeded');
      expect(await fixture.queue.enqueue('once', 3, { jobId: 'order:42' })).toMatchObject({
        duplicate: true,
        status: 'succeeded',
      });
      expect(runs).toBe(1);
    });

    it('takes a job once although the client sends it again, after it has ended, because the answer was lost', async () => {
      let runs = 0;
      fixture.registry.register('once', () => ++runs);
      await fixture.worker();
      const resending = resendingClient(fixture.queue.redis, async () => {
        await until(async () => ((await fixture.queue.stats()).totals.succeeded === 1 ? true : undefined), 'its end');
      });
      const producer = fixture.client({ redis: resending, registry: fixture.registry });
      expect(await producer.enqueue('once')).toMatchObject({ duplicate: false });
      expect(await fixture.queue.stats()).toMatchObject({ waiting: 0, running: 0, totals: { succeeded: 1 } });
      expect(runs).toBe(1);
    });

    it('takes many jobs once although the client sends them again, after they have ended', async () => {
      let runs = 0;
      fixture.registry.register('once', () => ++runs);
      await fixture.worker();
      const resending = resendingClient(fixture.queue.redis, async () => {
        await until(
          async () => ((await fixture.queue.stats()).totals.succeeded === 20 ? true : undefined),
          'their end',
        );
      });
      const producer = fixture.client({ redis: resending, registry: fixture.registry, maxFinished: 1 });
      await producer.enqueueMany(Array.from({ length: 20 }, () => ({ task: 'once' })));
      expect(await fixture.queue.stats()).toMatchObject({ waiting: 0, running: 0, totals: { succeeded: 20 } });
      expect(runs).toBe(20);
    });

    it('takes many jobs at once as it takes each: in order, by priority, with all they carry', async () => {
      const done: unknown[] = [];
      fixture.registry.register('note', (data) => void done.push(data));
      const many = Array.from({ length: 300 }, (_, n) => ({ task: 'note', data: { n, text: `ü\n${n}` } }));
      const high = many.slice(0, 10).map((job) => ({ ...job, priority: 'high' as const }));
      const mixed = many.slice(10, 30).map((job, i) => ({ ...job, priority: i % 2 ? ('low' as const) : undefined }));
      await Promise.all([fixture.queue.enqueueMany(many.slice(30)), fixture.queue.enqueueMany(high)]);
      await fixture.queue.enqueueMany(mixed);
      expect((await fixture.queue.stats()).waiting).toBe(300);
      await fixture.worker({ concurrency: 1 });
      await until(() => (done.length === 300 ? true : undefined), 'all of them');
      const data = (jobs: readonly { data: unknown }[]) => jobs.map((job) => job.data);
      const normal = mixed.filter(({ priority }) => priority !== 'low');
      const low = mixed.filter(({ priority }) => priority === 'low');
      expect(done).toEqual(data([...high, ...many.slice(30), ...normal, ...low]));
    });

    it('sends much data in several calls', { timeout: 60_000 }, async () => {
      fixture.registry.register('work', () => {});
      const lengths: number[] = [];
      const counting = resendingClient(fixture.queue.redis, async (args) => {
        lengths.push(args.join('').length);
      });
      const producer = fixture.client({ redis: counting, registry: fixture.registry });
      const jobs = Array.from({ length: 10 }, (_, i) => ({ task: 'work', data: 'x'.repeat(900_000), jobId: `j${i}` }));
      const results = await producer.enqueueMany(jobs);
      expect(results.map(({ jobId }) => jobId)).toEqual(jobs.map(({ jobId }) => jobId));
      expect(lengths).toHaveLength(3);
      expect(Math.max(...lengths)).toBeLessThan(4_100_000);
      expect((await fixture.queue.stats()).waiting).toBe(10);
    });

    it('takes one of a hundred callers who use the same jobId at once', async () => {
      fixture.registry.register('once', () => {});
      const other = fixture.client({ registry: fixture.registry });
      const results = await Promise.all(
        Array.from({ length: 100 }, (_, i) => (i % 2 ? other : fixture.queue).enqueue('once', i, { jobId: 'same' })),
      );
      expect(results.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
      expect((await fixture.queue.stats()).waiting).toBe(1);
    });

    it('starts a delayed job when it is due, not before', async () => {
      const started: number[] = [];
      fixture.registry.register('later', () => void started.push(Date.now()));
      await fixture.worker({ pollMs: 5000 });
      const begin = Date.now();
      const delayed = await fixture.queue.enqueue('later', null, { delayMs: 400 });
      const dated = await fixture.queue.enqueue('later', null, { runAt: new Date(begin + 600) });
      expect((await fixture.queue.get(delayed.jobId))?.runAt).toBeInstanceOf(Date);
      expect(await fixture.queue.stats()).toMatchObject({ delayed: 2, waiting: 0 });
      await fixture.job(dated.jobId, 'succeeded');
      expect((started[0] ?? 0) - begin).toBeGreaterThanOrEqual(390);
      expect((started[1] ?? 0) - begin).toBeGreaterThanOrEqual(590);
      expect(Date.now() - begin).toBeLessThan(3000);
    });

    it('does not hold up others behind a delayed job', async () => {
      fixture.registry.register('work', () => {});
      await fixture.queue.enqueue('work', null, { delayMs: 60_000, priority: 'high' });
      const { jobId } = await fixture.queue.enqueue('work');
      await fixture.worker({ concurrency: 1 });
      await fixture.job(jobId, 'succeeded');
    });

    it('carries the caller’s context into the handler, and nothing of the worker’s', async () => {
      const seen: unknown[] = [];
      fixture.registry.register('look', (_data, context) => {
        const { requestId, actor, tenantId, trace, ipAddress } = currentContext();
        seen.push({ requestId, actor, tenantId, trace, ipAddress, userId: context.userId });
      });
      await runInContext({ requestId: 'of the worker' }, () => fixture.worker());
      const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true };
      const actor = { id: 'u1', type: 'user' as const, email: 'u1@example.com' };
      await runInContext({ requestId: 'r1', actor, tenantId: 't1', trace, ipAddress: '10.0.0.1' }, () =>
        fixture.queue.enqueue('look'),
      );
      await fixture.queue.enqueue('look');
      await until(() => (seen.length === 2 ? true : undefined), 'two jobs');
      expect(seen).toContainEqual({
        requestId: 'r1',
        actor,
        tenantId: 't1',
        trace,
        ipAddress: undefined,
        userId: 'u1',
      });
      expect(seen).toContainEqual({
        requestId: undefined,
        actor: undefined,
        tenantId: undefined,
        trace: undefined,
        ipAddress: undefined,
        userId: undefined,
      });
    });

    it('names every faulty option at once', async () => {
      fixture.registry.register('work', () => {});
      await expect(fixture.queue.enqueue('work', null, { delayMs: 1e16 })).rejects.toThrow(ValidationError);
      const options = { delayMs: -1, priority: 'urgent', maxAttempts: 0, jobId: 'a b', retries: 3 } as object;
      const error = await fixture.queue.enqueue('work', null, options).catch((fault: unknown) => fault);
      expect(error).toBeInstanceOf(ValidationError);
      expect((error as ValidationError).issues.map(({ loc }) => loc[1]).sort()).toEqual([
        'delayMs',
        'jobId',
        'maxAttempts',
        'priority',
        'retries',
      ]);
    });

    it('refuses data that JSON cannot carry, and too much of it; a batch with one such job is refused whole', async () => {
      fixture.registry.register('work', () => {});
      const circular: Record<string, unknown> = {};
      circular.self = circular;
      await expect(fixture.queue.enqueue('work', circular)).rejects.toThrow('cannot be written as JSON');
      await expect(fixture.queue.enqueue('work', { seen: new Set([1]) })).rejects.toThrow(/data: .*a Set has no form/);
      await expect(fixture.queue.enqueue('work', 'x'.repeat(1_100_000))).rejects.toThrow('more than 1048576');
      await expect(fixture.queue.enqueueMany([{ task: 'work' }, { task: 'work', data: 1n }])).rejects.toThrow(
        ValidationError,
      );
      expect((await fixture.queue.stats()).waiting).toBe(0);
    });

    it('uses the options that a task was registered with, unless the call says otherwise', async () => {
      fixture.registry.task('tuned', { maxAttempts: 7, timeoutMs: 1234 })(() => {});
      const tuned = await fixture.queue.enqueue('tuned');
      const told = await fixture.queue.enqueue('tuned', null, { maxAttempts: 2 });
      expect(await fixture.queue.get(tuned.jobId)).toMatchObject({ maxAttempts: 7, timeoutMs: 1234 });
      expect(await fixture.queue.get(told.jobId)).toMatchObject({ maxAttempts: 2, timeoutMs: 1234 });
    });

    it('keeps every value of the data as it was', async () => {
      const data = { text: 'ünï\n{"}:\u0000', list: [1, null, 'two', { deep: [] }], no: null, yes: false, zero: 0 };
      fixture.registry.register('echo', (given) => given);
      await fixture.worker();
      const { jobId } = await fixture.queue.enqueue('echo', data);
      expect(await fixture.job(jobId, 'succeeded')).toMatchObject({ data, result: data });
    });
  });
}
