import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gate, QueueFixture, until } from '../../jobs/queue-fixture.js';
import { BACKENDS } from '../../redis/backends.js';

for (const backend of BACKENDS) {
  describe(`jobs claimed ahead (${backend})`, () => {
    let fixture: QueueFixture;
    beforeEach(async () => {
      fixture = await QueueFixture.open(backend);
    });
    afterEach(() => fixture.dispose());

    const done = (count: number) =>
      until(async () => ((await fixture.queue.stats()).totals.succeeded >= count ? true : undefined), `${count} jobs`);

    const JOBS = 240;
    const LONG = 180;

    /** A worker that has learnt that its handlers are quick when it comes to job 180, which may be another. */
    async function busyWorker(handler: (n: number) => unknown) {
      fixture.registry.register('work', (data) => handler(data as number));
      const jobs = await fixture.queue.enqueueMany(Array.from({ length: JOBS }, (_, n) => ({ task: 'work', data: n })));
      const worker = await fixture.worker({ concurrency: 1, pollMs: 2000 });
      return { worker, behind: jobs.slice(LONG + 1).map(({ jobId }) => jobId) };
    }

    it('begin one after the other, in order, no more at once than may run', async () => {
      const order: unknown[] = [];
      let now = 0;
      let most = 0;
      let held = 0;
      await busyWorker(async (n) => {
        most = Math.max(most, ++now);
        order.push(n);
        if (n === LONG) held = (await fixture.queue.stats()).running;
        now -= 1;
      });
      await done(JOBS);
      expect(most).toBe(1);
      expect(held).toBeGreaterThan(1);
      expect(order).toEqual(Array.from({ length: JOBS }, (_, n) => n));
    });

    it('go to other workers, as the first attempt, when the one before them takes long', async () => {
      const { opened, open } = gate();
      const { behind } = await busyWorker((n) => (n === LONG ? opened : undefined));
      await until(async () => ((await fixture.queue.stats()).running === 1 ? true : undefined), 'the jobs to be back');
      await fixture.worker({ concurrency: 1 });
      for (const jobId of behind) expect(await fixture.job(jobId, 'succeeded')).toMatchObject({ attempts: 1 });
      open();
      await done(JOBS);
    });

    // Whether more jobs are on their way to the worker when it stops is chance, so it is tried some times.
    it('go back unchanged, in their order, when their worker stops', { repeats: 20 }, async () => {
      const { opened, open } = gate();
      const begun = gate();
      const { worker, behind } = await busyWorker((n) => {
        if (n !== LONG) return;
        begun.open();
        return opened;
      });
      await begun.opened;
      const stopped = worker.stop();
      open();
      await stopped;
      const order = await fixture.queue.redis.lrange(fixture.queue.keys.waiting('n'), 0, -1);
      expect(order).toEqual(behind.map((jobId) => `N${jobId}`));
      expect(await fixture.queue.stats()).toMatchObject({ running: 0, totals: { succeeded: LONG + 1 } });
    });

    it('end as cancelled without having begun, wherever they are by then', async () => {
      const { opened, open } = gate();
      const begun = gate();
      const ran: number[] = [];
      const { behind } = await busyWorker((n) => {
        ran.push(n);
        if (n !== LONG) return;
        begun.open();
        return opened;
      });
      await begun.opened;
      const [next = ''] = behind;
      expect(await fixture.queue.cancel(next)).toMatchObject({ cancelled: true });
      await until(async () => ((await fixture.queue.stats()).running === 1 ? true : undefined), 'the jobs to be back');
      open();
      await fixture.job(next, 'cancelled');
      await done(JOBS - 1);
      expect(ran).not.toContain(LONG + 1);
    });
  });
}
