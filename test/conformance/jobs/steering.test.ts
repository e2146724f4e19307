import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NotFoundError } from '../../../src/base/errors.js';
import type { QueueEvent } from '../../../src/jobs/index.js';
import { gate, QueueFixture, until } from '../../jobs/queue-fixture.js';
import { BACKENDS } from '../../redis/backends.js';

for (const backend of BACKENDS) {
  describe(`steering a queue (${backend})`, () => {
    let fixture: QueueFixture;
    beforeEach(async () => {
      fixture = await QueueFixture.open(backend);
    });
    afterEach(() => fixture.dispose());

    it('cancels a waiting and a delayed job, so that they never run', async () => {
      const ran: unknown[] = [];
      fixture.registry.register('work', (data) => void ran.push(data));
      const waiting = await fixture.queue.enqueue('work', 'waiting');
      const delayed = await fixture.queue.enqueue('work', 'delayed', { delayMs: 20 });
      for (const { jobId } of [waiting, delayed]) {
        expect(await fixture.queue.cancel(jobId)).toEqual({ jobId, cancelled: true, running: false });
        expect(await fixture.queue.get(jobId)).toMatchObject({ status: 'cancelled' });
      }
      expect(await fixture.queue.stats()).toMatchObject({ waiting: 0, delayed: 0, totals: { cancelled: 2 } });
      const last = await fixture.queue.enqueue('work', 'last', { delayMs: 40 });
      await fixture.worker();
      await fixture.job(last.jobId, 'succeeded');
      expect(ran).toEqual(['last']);
    });

    it('cancels a running job from another client by its signal, and does not try it again', async () => {
      const { opened, open } = gate();
      let runs = 0;
      fixture.registry.register('long', async (_data, { signal }) => {
        runs += 1;
        open();
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      });
      await fixture.worker({ heartbeatMs: 900 });
      const { jobId } = await fixture.queue.enqueue('long');
      await opened;
      expect(await fixture.client().cancel(jobId)).toEqual({ jobId, cancelled: true, running: true });
      expect(await fixture.job(jobId, 'cancelled')).toMatchObject({ attempts: 1 });
      expect(runs).toBe(1);
    });

    it('tells a running job that it is cancelled by the heartbeat, where the message was lost', async () => {
      const { opened, open } = gate();
      fixture.registry.register('long', async (_data, { signal }) => {
        open();
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      });
      await fixture.worker();
      const { jobId } = await fixture.queue.enqueue('long');
      await opened;
      await fixture.queue.redis.zadd(`${fixture.queue.keys.base}:c`, Date.now(), jobId);
      await fixture.job(jobId, 'cancelled');
    });

    it('says that a job has ended, or is unknown, instead of cancelling it', async () => {
      fixture.registry.register('work', () => {});
      await fixture.worker();
      const { jobId } = await fixture.queue.enqueue('work');
      await fixture.job(jobId, 'succeeded');
      expect(await fixture.queue.cancel(jobId)).toEqual({ jobId, cancelled: false, running: false });
      await expect(fixture.queue.cancel('nobody')).rejects.toThrow(NotFoundError);
    });

    it('takes no job while paused, and goes on at once when resumed', async () => {
      fixture.registry.register('work', () => {});
      await fixture.worker({ pollMs: 20 });
      await fixture.queue.pause();
      const { jobId } = await fixture.queue.enqueue('work');
      await new Promise((resolve) => setTimeout(resolve, 150));
      expect(await fixture.queue.get(jobId)).toMatchObject({ status: 'queued' });
      expect((await fixture.queue.stats()).paused).toBe(true);
      await fixture.queue.resume();
      await fixture.job(jobId, 'succeeded');
    });

    it('lists jobs by state, task and user', async () => {
      const { opened, open } = gate();
      fixture.registry.register('fine', () => {});
      fixture.registry.register('held', () => opened);
      fixture.registry.register('broken', () => {
        throw new Error('no');
      });
      await fixture.worker({ concurrency: 1 });
      const fine = await fixture.queue.enqueue('fine', null, { userId: 'a' });
      const broken = await fixture.queue.enqueue('broken', null, { userId: 'b', maxAttempts: 1 });
      const held = await fixture.queue.enqueue('held', null, { userId: 'a' });
      await fixture.job(fine.jobId, 'succeeded');
      await fixture.job(broken.jobId, 'failed');
      await fixture.job(held.jobId, 'running');
      const waiting = await fixture.queue.enqueue('fine', null, { userId: 'b' });
      const delayed = await fixture.queue.enqueue('fine', null, { userId: 'b', delayMs: 60_000 });
      const ids = async (options: object) => (await fixture.queue.list(options)).jobs.map(({ jobId }) => jobId);
      expect(await ids({ status: 'running' })).toEqual([held.jobId]);
      expect(await ids({ status: 'queued' })).toEqual([waiting.jobId, delayed.jobId]);
      expect(await ids({ status: 'succeeded' })).toEqual([fine.jobId]);
      expect(await ids({ status: 'failed' })).toEqual([broken.jobId]);
      expect(await ids({ status: 'cancelled' })).toEqual([]);
      expect((await ids({})).sort()).toEqual([fine, broken, held, waiting, delayed].map(({ jobId }) => jobId).sort());
      expect(await ids({ task: 'fine', userId: 'b' })).toEqual([waiting.jobId, delayed.jobId]);
      expect(await fixture.queue.list({ userId: 'a', limit: 1 })).toMatchObject({ total: 2, jobs: [{ userId: 'a' }] });
      open();
    });

    it('purges waiting, finished and dead jobs, each alone', async () => {
      fixture.registry.register('fine', () => {});
      fixture.registry.register('broken', () => {
        throw new Error('no');
      });
      const worker = await fixture.worker();
      const fine = await fixture.queue.enqueue('fine');
      const broken = await fixture.queue.enqueue('broken', null, { maxAttempts: 1 });
      await fixture.job(fine.jobId, 'succeeded');
      await fixture.job(broken.jobId, 'failed');
      await worker.stop();
      await fixture.queue.enqueueMany([
        { task: 'fine' },
        { task: 'fine', priority: 'low' },
        { task: 'fine', delayMs: 60_000 },
      ]);
      expect(await fixture.queue.purge('waiting')).toBe(3);
      expect(await fixture.queue.stats()).toMatchObject({ waiting: 0, delayed: 0, finished: 1, dead: 1 });
      expect(await fixture.queue.purge('finished')).toBe(1);
      expect(await fixture.queue.get(fine.jobId)).toBeNull();
      expect(await fixture.queue.purge('dead')).toBe(1);
      expect(await fixture.queue.get(broken.jobId)).toBeNull();
    });

    it('tells of jobs in other workers while somebody listens', async () => {
      const heard: QueueEvent[] = [];
      const listener = fixture.client();
      await listener.on('succeeded', (event) => heard.push(event));
      await listener.on('failed', (event) => heard.push(event));
      fixture.registry.register('fine', () => {});
      fixture.registry.register('broken', () => {
        throw new Error('no');
      });
      await fixture.worker();
      const fine = await fixture.queue.enqueue('fine');
      const broken = await fixture.queue.enqueue('broken', null, { maxAttempts: 1 });
      await until(() => (heard.length === 2 ? true : undefined), 'two events');
      expect(heard).toContainEqual({ event: 'succeeded', jobId: fine.jobId });
      expect(heard).toContainEqual({ event: 'failed', jobId: broken.jobId });
    });

    it('keeps queues of different names and prefixes apart', async () => {
      fixture.registry.register('work', () => {});
      const other = fixture.client({ registry: fixture.registry, name: 'mail' });
      await other.enqueue('work');
      expect((await other.stats()).waiting).toBe(1);
      expect((await fixture.queue.stats()).waiting).toBe(0);
      expect(other.keys.jobs).toContain('queue:{mail}');
    });
  });
}
