import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ValidationError } from '../../../src/base/errors.js';
import { QueueFixture, until } from '../../jobs/queue-fixture.js';
import { BACKENDS } from '../../redis/backends.js';

const EVERY_SECOND = '* * * * * *';
const NEVER_SOON = '0 0 1 1 *';
const HOUR_MS = 3_600_000;

for (const backend of BACKENDS) {
  describe(`schedules (${backend})`, () => {
    let fixture: QueueFixture;
    beforeEach(async () => {
      fixture = await QueueFixture.open(backend);
    });
    afterEach(async () => {
      vi.restoreAllMocks();
      await fixture.dispose();
    });

    /** As if the schedule's time had come `ms` ago. */
    const letPass = (scheduleId: string, ms: number) =>
      fixture.queue.redis.zadd(fixture.queue.keys.ticks, Date.now() - ms, scheduleId);

    it('start one job for each time, however many workers look', async () => {
      const ran: Array<{ jobId: string; data: unknown }> = [];
      fixture.registry.register('tick', (data, { jobId }) => void ran.push({ jobId, data }));
      await Promise.all([fixture.worker(), fixture.worker(), fixture.worker()]);
      const { jobId } = await fixture.queue.enqueue('tick', { n: 1 }, { cron: EVERY_SECOND });
      await until(() => (ran.length >= 3 ? true : undefined), 'three runs');
      expect(ran[0]).toEqual({ jobId, data: { n: 1 } });
      const times = ran.map((run) => Date.parse(run.jobId.replace('tick@', '')));
      expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
      for (const time of times) expect(time % 1000).toBe(0);
    });

    it('are one for each jobId, and keep their next time while they do not change', async () => {
      fixture.registry.register('report', () => {});
      const first = await fixture.queue.enqueue('report', 1, { cron: NEVER_SOON, jobId: 'yearly' });
      expect(first.duplicate).toBe(false);
      await letPass('yearly', HOUR_MS);
      const again = await fixture.queue.enqueue('report', 1, { cron: NEVER_SOON, jobId: 'yearly' });
      expect(again.duplicate).toBe(true);
      const [missed] = await fixture.queue.schedules();
      expect(missed?.nextRunAt.getTime()).toBeLessThan(Date.now());
      const changed = await fixture.queue.enqueue('report', 2, { cron: NEVER_SOON, jobId: 'yearly', priority: 'low' });
      expect(changed).toMatchObject({ duplicate: false, jobId: first.jobId });
      expect(await fixture.queue.schedules()).toMatchObject([
        { scheduleId: 'yearly', taskName: 'report', cron: NEVER_SOON, timezone: 'UTC', missed: 'run', data: 2 },
      ]);
      expect((await fixture.queue.stats()).schedules).toBe(1);
      expect(await fixture.queue.unschedule('yearly')).toBe(true);
      expect(await fixture.queue.unschedule('yearly')).toBe(false);
      expect(await fixture.queue.schedules()).toEqual([]);
    });

    it('make up for the times missed by one job, or by none', async () => {
      const ran: unknown[] = [];
      fixture.registry.register('work', (data) => void ran.push(data));
      await fixture.queue.enqueue('work', 'made up', { cron: '0 * * * *', jobId: 'a' });
      await fixture.queue.enqueue('work', 'left out', { cron: '0 * * * *', jobId: 'b', missed: 'skip' });
      await letPass('a', 5 * HOUR_MS);
      await letPass('b', 5 * HOUR_MS);
      await fixture.queue.timetable.fireDue();
      expect(await fixture.queue.stats()).toMatchObject({ waiting: 1, schedules: 2 });
      for (const { nextRunAt } of await fixture.queue.schedules()) {
        expect(nextRunAt.getTime()).toBeGreaterThan(Date.now());
      }
      await fixture.worker();
      await until(() => (ran.length > 0 ? true : undefined), 'the job');
      expect(ran).toEqual(['made up']);
    });

    it('start no job twice for one time, though several look at once', async () => {
      fixture.registry.register('work', () => {});
      await fixture.queue.enqueue('work', null, { cron: '0 * * * *' });
      await letPass('work', 10);
      const others = Array.from({ length: 10 }, () => fixture.client({ registry: fixture.registry }));
      await Promise.all(others.map((queue) => queue.timetable.fireDue()));
      expect((await fixture.queue.stats()).waiting).toBe(1);
    });

    it('go by the clock of their time zone', async () => {
      fixture.registry.register('work', () => {});
      await fixture.queue.enqueue('work', null, { cron: '30 9 * * *', timezone: 'Asia/Tokyo' });
      const [schedule] = await fixture.queue.schedules();
      expect(schedule?.nextRunAt.toISOString()).toMatch(/T00:30:00\.000Z$/);
    });

    it('carry the options of their jobs, and nothing of the request that made them', async () => {
      fixture.registry.register('work', () => {});
      const options = { cron: NEVER_SOON, maxAttempts: 7, timeoutMs: 5000, priority: 'high', userId: 'u1' } as const;
      await fixture.queue.enqueue('work', null, options);
      await letPass('work', 0);
      await fixture.queue.timetable.fireDue();
      const { jobs } = await fixture.queue.list();
      expect(jobs).toMatchObject([{ maxAttempts: 7, timeoutMs: 5000, priority: 'high', userId: 'u1' }]);
    });

    it('refuse what is no schedule', async () => {
      fixture.registry.register('work', () => {});
      for (const options of [
        { cron: 'every day' },
        { cron: '61 * * * *' },
        { cron: '0 0 31 2 *' },
        { cron: EVERY_SECOND, timezone: 'Europe/Nowhere' },
        { cron: EVERY_SECOND, delayMs: 5 },
        { cron: EVERY_SECOND, runAt: new Date() },
        { cron: EVERY_SECOND, missed: 'twice' as never },
        { timezone: 'UTC' },
        { missed: 'skip' as const },
      ]) {
        await expect(fixture.queue.enqueue('work', null, options)).rejects.toThrow(ValidationError);
      }
      expect(await fixture.queue.schedules()).toEqual([]);
    });
  });
}

describe('schedules and the clock', () => {
  it('start nothing again when the clock of the server goes back', async () => {
    const fixture = await QueueFixture.open('memory'); // its time is this process's Date.now()
    try {
      fixture.registry.register('work', () => {});
      await fixture.queue.enqueue('work', null, { cron: '* * * * *' });
      const { redis, keys } = fixture.queue;
      await redis.zadd(keys.ticks, Math.floor(Date.now() / 60_000) * 60_000, 'work');
      await fixture.queue.timetable.fireDue();
      const now = Date.now.bind(Date);
      vi.spyOn(Date, 'now').mockImplementation(() => now() - HOUR_MS);
      await fixture.queue.timetable.fireDue();
      await fixture.queue.enqueue('work', null, { cron: '* * * * *' });
      await fixture.queue.timetable.fireDue();
      expect((await fixture.queue.stats()).waiting).toBe(1);
    } finally {
      vi.restoreAllMocks();
      await fixture.dispose();
    }
  });
});
