import { isMainThread, threadId } from 'node:worker_threads';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { QueueFixture, until } from './queue-fixture.js';

const COMPUTE = new URL('modules/compute.mjs', import.meta.url);

let fixture: QueueFixture;
beforeEach(async () => {
  fixture = await QueueFixture.open('memory');
  fixture.registry.register('compute', COMPUTE);
});
afterEach(() => fixture.dispose());

const enqueue = (data: object, options = {}) => fixture.queue.enqueue('compute', data, { maxAttempts: 1, ...options });

it('a handler given by its module runs in another thread, with its context, progress and log', async () => {
  await fixture.worker();
  const options = { userId: 'u1', metadata: { source: 'test' } };
  const { jobId } = await enqueue({ does: 'answer' }, options);
  const job = await fixture.job(jobId, 'succeeded');
  expect(job).toMatchObject({ progress: 50, logs: ['attempt 1 of compute'], result: { jobId, ...options } });
  expect((job.result as { threadId: number }).threadId).not.toBe(threadId);
  expect(isMainThread || threadId > 0).toBe(true);
});

it('no more threads run than the pool may have, and they serve one job after the other', async () => {
  await fixture.worker({ concurrency: 8, threadPoolSize: 2 });
  const jobs = await fixture.queue.enqueueMany(
    Array.from({ length: 8 }, () => ({ task: 'compute', data: { does: 'wait', ms: 5 } })),
  );
  await until(async () => ((await fixture.queue.stats()).totals.succeeded === 8 ? true : undefined), '8 jobs');
  const results = await Promise.all(jobs.map(async ({ jobId }) => (await fixture.queue.get(jobId))?.result));
  expect(new Set(results).size).toBe(2);
});

it('its fault is told by name and message', async () => {
  await fixture.worker();
  const { jobId } = await enqueue({ does: 'fail' });
  expect((await fixture.job(jobId, 'failed')).error).toBe('RangeError: out of bounds');
});

it('a computation without end is ended at its timeout, and another thread takes its place', async () => {
  await fixture.worker({ threadPoolSize: 1 });
  const { jobId } = await enqueue({ does: 'never end' }, { timeoutMs: 300 });
  const next = await enqueue({ does: 'answer' });
  expect((await fixture.job(jobId, 'failed')).error).toContain('ran longer than its 300 ms');
  await fixture.job(next.jobId, 'succeeded');
});

it('a cancelled job hears of it by its signal', async () => {
  await fixture.worker({ abortGraceMs: 5000 });
  const { jobId } = await enqueue({ does: 'heed' });
  await until(async () => ((await fixture.queue.get(jobId))?.status === 'running' ? true : undefined), 'the job');
  await fixture.queue.cancel(jobId);
  await fixture.job(jobId, 'cancelled');
});

it('a thread that ends takes no more than its own job with it', async () => {
  await fixture.worker({ threadPoolSize: 1 });
  const { jobId } = await enqueue({ does: 'exit' });
  const next = await enqueue({ does: 'answer' });
  expect((await fixture.job(jobId, 'failed')).error).toContain('thread of the job ended');
  await fixture.job(next.jobId, 'succeeded');
});

it('a result that cannot leave its thread is no reason to do the work again', async () => {
  await fixture.worker();
  const { jobId } = await enqueue({ does: 'answer with a function' });
  expect(await fixture.job(jobId, 'succeeded')).toMatchObject({ result: null, attempts: 1 });
});

it('a module without a handler fails its jobs and says why', async () => {
  fixture.registry.register('empty', new URL('modules/nothing.mjs', import.meta.url));
  await fixture.worker();
  const { jobId } = await fixture.queue.enqueue('empty', null, { maxAttempts: 1 });
  expect((await fixture.job(jobId, 'failed')).error).toContain('exports no function "handle"');
});
