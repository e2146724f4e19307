import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JobRegistry } from '../../../src/jobs/index.js';
import { runStep } from '../../../src/jobs/worker/worker-step.js';
import { gate, QueueFixture, until } from '../../jobs/queue-fixture.js';
import { BACKENDS } from '../../redis/backends.js';

for (const backend of BACKENDS) {
  describe(`limits of tasks (${backend})`, () => {
    let fixture: QueueFixture;
    beforeEach(async () => {
      fixture = await QueueFixture.open(backend);
    });
    afterEach(() => fixture.dispose());

    const succeeded = (count: number) =>
      until(async () => ((await fixture.queue.stats()).totals.succeeded >= count ? true : undefined), `${count} jobs`);

    it('bound how many run at once over all workers, and hold up no other task', async () => {
      const { opened, open } = gate();
      let now = 0;
      let most = 0;
      const scarce = async () => {
        most = Math.max(most, ++now);
        await opened;
        now -= 1;
      };
      fixture.registry.register('scarce', scarce, { concurrency: 3 });
      fixture.registry.register('free', () => {});
      await fixture.queue.enqueueMany(Array.from({ length: 20 }, () => ({ task: 'scarce' })));
      await fixture.queue.enqueueMany(Array.from({ length: 20 }, () => ({ task: 'free' })));
      await Promise.all([fixture.worker({ concurrency: 8 }), fixture.worker({ concurrency: 8 })]);
      await succeeded(20);
      expect(await fixture.queue.stats()).toMatchObject({ running: 3, waiting: 17 });
      expect((await fixture.queue.list({ status: 'queued' })).total).toBe(17);
      open();
      await succeeded(40);
      expect(most).toBe(3);
      expect(await fixture.queue.stats()).toMatchObject({ running: 0, waiting: 0 });
    });

    it('bound how many begin within a span', async () => {
      fixture.registry.register('paced', () => {}, { rateLimit: { max: 2, perMs: 250 } });
      const jobs = await fixture.queue.enqueueMany(Array.from({ length: 6 }, () => ({ task: 'paced' })));
      await Promise.all([fixture.worker({ pollMs: 5000 }), fixture.worker({ pollMs: 5000 })]);
      await succeeded(6);
      const begun = await Promise.all(
        jobs.map(async ({ jobId }) => Number((await fixture.queue.get(jobId))?.startedAt)),
      );
      begun.sort((a, b) => a - b);
      for (let i = 2; i < begun.length; i++) {
        expect((begun[i] ?? 0) - (begun[i - 2] ?? 0)).toBeGreaterThanOrEqual(250);
      }
    });

    it('let those that had to wait run by priority, and in order', async () => {
      const order: unknown[] = [];
      const { opened, open } = gate();
      const note = async (data: unknown) => {
        order.push(data);
        if (data === 'first') await opened;
      };
      fixture.registry.register('scarce', note, { concurrency: 1 });
      fixture.registry.register('free', () => {});
      await fixture.queue.enqueue('scarce', 'first', { priority: 'high' });
      for (const data of ['low', 'normal 1', 'normal 2', 'high'] as const) {
        const [priority = 'normal'] = data.split(' ') as Array<'low' | 'normal' | 'high'>;
        await fixture.queue.enqueue('scarce', data, { priority });
      }
      await fixture.queue.enqueue('free', null, { priority: 'low' });
      await fixture.worker({ concurrency: 4 });
      await succeeded(1);
      open();
      await succeeded(6);
      expect(order).toEqual(['first', 'high', 'normal 1', 'normal 2', 'low']);
    });

    it('count failed tries and jobs given back as ended, and those of dead workers too', async () => {
      const flaky = (_data: unknown, { attempt }: { attempt: number }) => {
        if (attempt < 3) throw new Error('not yet');
      };
      fixture.registry.register('scarce', flaky, { concurrency: 1 });
      const { redis, keys, settings } = fixture.queue;
      const { limits } = fixture.registry;
      await fixture.queue.enqueue('scarce', null, { maxAttempts: 5 });
      await fixture.queue.enqueue('scarce', null, { maxAttempts: 5 });
      const dead = { id: 'dead', leaseMs: 1, redis, keys, settings, limits, suspectDelayMs: 1 };
      expect((await runStep(dead, { acknowledgements: [], wanted: 9, mayHold: 9 })).taken).toHaveLength(2);
      await fixture.worker({ heartbeatMs: 20, reapMs: 5 });
      await succeeded(2);
      expect((await fixture.queue.stats()).totals).toMatchObject({ recovered: 1 });
    });

    it('let a job that waits because of them be cancelled and purged', async () => {
      const { opened, open } = gate();
      fixture.registry.register('scarce', () => opened, { concurrency: 1 });
      fixture.registry.register('free', () => {});
      const jobs = await fixture.queue.enqueueMany(Array.from({ length: 5 }, () => ({ task: 'scarce' })));
      await fixture.queue.enqueue('free');
      await fixture.worker();
      await succeeded(1);
      const [, second] = jobs;
      expect(await fixture.queue.cancel(second?.jobId ?? '')).toMatchObject({ cancelled: true, running: false });
      expect((await fixture.queue.stats()).waiting).toBe(3);
      expect(await fixture.queue.purge('waiting')).toBe(3);
      expect((await fixture.queue.stats()).waiting).toBe(0);
      open();
      await succeeded(2);
    });

    it('end when no worker has them any more', async () => {
      const { opened, open } = gate();
      fixture.registry.register('scarce', () => opened, { concurrency: 1 });
      await fixture.queue.enqueueMany(Array.from({ length: 4 }, () => ({ task: 'scarce' })));
      const limited = await fixture.worker();
      await until(
        async () => ((await fixture.queue.redis.scard(fixture.queue.keys.parked)) ? true : undefined),
        'parking',
      );
      open();
      await limited.stop();
      await fixture.queue.purge('finished');
      const waiting = (await fixture.queue.stats()).waiting;
      const before = (await fixture.queue.stats()).totals.succeeded;
      expect(waiting).toBeGreaterThan(0);
      await fixture.worker({ registry: JobRegistry.from({ scarce: () => {} }) });
      await succeeded(before + waiting);
    });
  });
}
