import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createJobsRouter } from '../../../src/features/jobs/index.js';
import { as, problemOf, type Send, serve } from '../../http/support/serve.js';
import { gate, QueueFixture } from '../../jobs/queue-fixture.js';
import { BACKENDS } from '../../redis/backends.js';

interface Answer {
  jobs: Array<Record<string, unknown>>;
  total: number;
}

for (const backend of BACKENDS) {
  describe(`the routes of jobs (${backend})`, () => {
    let fixture: QueueFixture;
    let send: Send;
    beforeEach(async () => {
      fixture = await QueueFixture.open(backend);
      send = serve([createJobsRouter({ queue: fixture.queue })]).send;
      fixture.registry.register('work', (data) => data);
      fixture.registry.register('broken', () => {
        throw new Error('no');
      });
    });
    afterEach(() => fixture.dispose());

    const listed = async (path: string, user: string) => (await (await send(path, as(user))).json()) as Answer;
    const ids = ({ jobs }: Answer) => jobs.map(({ job_id }) => job_id).sort();
    const post = (path: string, user: string) => send(path, { ...as(user), method: 'POST' });

    it('show their own jobs to users, and everybody’s to admins', async () => {
      const { jobId: anns } = await fixture.queue.enqueue('work', null, { userId: 'ann' });
      const { jobId: bobs } = await fixture.queue.enqueue('work', null, { userId: 'bob', delayMs: 60_000 });
      const { jobId: nobodys } = await fixture.queue.enqueue('work');
      expect(ids(await listed('/jobs', 'ann'))).toEqual([anns]);
      expect(ids(await listed('/jobs?user_id=ann', 'ann'))).toEqual([anns]);
      expect(ids(await listed('/jobs', 'root'))).toEqual([anns, bobs, nobodys].sort());
      expect(ids(await listed('/jobs?user_id=bob', 'root'))).toEqual([bobs]);
      expect(await listed('/jobs?limit=1&status=queued&task=work', 'root')).toMatchObject({
        total: 3,
        jobs: [{ task: 'work', status: 'queued', started_at: null, completed_at: null, error: null }],
      });
      expect((await send('/jobs?user_id=bob', as('ann'))).status).toBe(403);
      expect((await send('/jobs')).status).toBe(401);
      for (const query of ['limit=0', 'limit=x', 'status=done']) {
        expect((await send(`/jobs?${query}`, as('ann'))).status).toBe(422);
      }
    });

    it('show one job to whom it belongs, and hide that it exists from others', async () => {
      await fixture.worker();
      const { jobId } = await fixture.queue.enqueue('work', { n: 1 }, { userId: 'ann' });
      await fixture.job(jobId, 'succeeded');
      for (const user of ['ann', 'root']) {
        expect(await (await send(`/jobs/${jobId}`, as(user))).json()).toEqual({
          job_id: jobId,
          task: 'work',
          status: 'succeeded',
          user_id: 'ann',
          created_at: expect.stringMatching(/Z$/),
          started_at: expect.stringMatching(/Z$/),
          completed_at: expect.stringMatching(/Z$/),
          error: null,
          result: { n: 1 },
          attempts: 1,
          progress: null,
        });
      }
      const hidden = await send(`/jobs/${jobId}`, as('bob'));
      const missing = await send('/jobs/nobody', as('bob'));
      expect([hidden.status, missing.status]).toEqual([404, 404]);
      expect((await problemOf(hidden)).detail).toBe(`Job not found: ${jobId}`);
      expect((await problemOf(missing)).detail).toBe('Job not found: nobody');
    });

    it('cancel a waiting and a running job for whom it belongs, and say why not', async () => {
      const { opened, open } = gate();
      fixture.registry.register('long', async (_data, { signal }) => {
        open();
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      });
      const waiting = await fixture.queue.enqueue('work', null, { userId: 'ann', delayMs: 60_000 });
      expect((await post(`/jobs/${waiting.jobId}/cancel`, 'bob')).status).toBe(404);
      expect((await fixture.queue.get(waiting.jobId))?.status).toBe('queued');
      const cancelled = await post(`/jobs/${waiting.jobId}/cancel`, 'ann');
      expect(await cancelled.json()).toEqual({ job_id: waiting.jobId, cancelled: true });
      const again = await post(`/jobs/${waiting.jobId}/cancel`, 'ann');
      expect(again.status).toBe(200);
      expect(await again.json()).toEqual({
        job_id: waiting.jobId,
        cancelled: false,
        reason: 'Job already cancelled',
      });
      await fixture.worker();
      const running = await fixture.queue.enqueue('long', null, { userId: 'ann' });
      await opened;
      expect(await (await post(`/jobs/${running.jobId}/cancel`, 'root')).json()).toMatchObject({ cancelled: true });
      await fixture.job(running.jobId, 'cancelled');
    });

    it('list dead letters for admins alone, and give them a fresh start', async () => {
      const worker = await fixture.worker();
      const { jobId } = await fixture.queue.enqueue('broken', null, { userId: 'ann', maxAttempts: 1 });
      await fixture.job(jobId, 'failed');
      await worker.stop();
      expect((await send('/admin/jobs/dead', as('ann'))).status).toBe(403);
      expect((await post(`/admin/jobs/dead/${jobId}/retry`, 'ann')).status).toBe(403);
      expect(await listed('/admin/jobs/dead', 'root')).toMatchObject({
        total: 1,
        jobs: [{ job_id: jobId, status: 'failed', error: 'Error: no', attempts: 1 }],
      });
      const retried = await post(`/admin/jobs/dead/${jobId}/retry`, 'root');
      expect(await retried.json()).toEqual({ job_id: jobId, status: 'queued' });
      expect((await post(`/admin/jobs/dead/${jobId}/retry`, 'root')).status).toBe(409);
      expect((await post('/admin/jobs/dead/nobody/retry', 'root')).status).toBe(404);
    });
  });
}
