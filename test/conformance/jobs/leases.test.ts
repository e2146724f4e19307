import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Logger, silentLogger } from '../../../src/base/ports.js';
import { runStep } from '../../../src/jobs/worker/worker-step.js';
import { gate, QueueFixture, until } from '../../jobs/queue-fixture.js';
import { BACKENDS } from '../../redis/backends.js';

for (const backend of BACKENDS) {
  describe(`leases (${backend})`, () => {
    let fixture: QueueFixture;
    beforeEach(async () => {
      fixture = await QueueFixture.open(backend);
    });
    afterEach(() => fixture.dispose());

    /** Claims as a worker would that then dies: nothing renews its lease. */
    const claimAndDie = (id: string, wanted: number, leaseMs = 1) => {
      const { redis, keys, settings } = fixture.queue;
      const worker = { id, leaseMs, redis, keys, settings, suspectDelayMs: 60_000 };
      return runStep(worker, { acknowledgements: [], wanted, mayHold: 100 });
    };

    it('give the jobs of a dead worker back, in their order, as the next attempt', async () => {
      const order: string[] = [];
      fixture.registry.register('work', (data, context) => void order.push(`${data}/${context.attempt}`));
      await fixture.queue.enqueueMany(['a', 'b', 'c', 'd'].map((data) => ({ task: 'work', data })));
      expect((await claimAndDie('dead', 3)).taken).toHaveLength(6);
      expect(await fixture.queue.stats()).toMatchObject({ running: 3, waiting: 1 });
      const recovered = gate<string>();
      await fixture.queue.on('recovered', ({ jobId }) => recovered.open(jobId));
      await fixture.queue.pause();
      await fixture.worker({ concurrency: 1 });
      await recovered.opened;
      await fixture.queue.resume();
      await until(() => (order.length === 4 ? true : undefined), 'four jobs');
      expect(order).toEqual(['a/2', 'b/2', 'c/2', 'd/1']);
      await until(
        async () => ((await fixture.queue.stats()).totals.succeeded === 4 ? true : undefined),
        'their records',
      );
      expect((await fixture.queue.stats()).totals.recovered).toBe(3);
    });

    it('let no two jobs run together that were lost together twice, although nobody was there when they were due', async () => {
      fixture.registry.register('work', () => 'fine');
      const { redis, keys } = fixture.queue;
      const jobs = await fixture.queue.enqueueMany(
        Array.from({ length: 5 }, () => ({ task: 'work', delayMs: 3_600_000 })),
      );
      await redis.del(keys.delayed);
      for (const [i, { jobId }] of jobs.entries()) await redis.zadd(keys.delayed, 1, `n3.${i < 3 ? 2 : 1}.${jobId}`);
      const idsOf = ({ taken }: { taken: readonly string[] }) =>
        taken.flatMap((text, i) => (i % 2 ? [] : [text.split('.').at(-1)]));
      const first = idsOf(await claimAndDie('one', 5, 60_000));
      const suspects = jobs.slice(0, 3).map(({ jobId }) => jobId);
      expect(first.filter((id) => suspects.some((suspect) => suspect === id))).toHaveLength(1);
      expect(first).toHaveLength(3);
      for (const { jobId } of jobs.slice(0, 3)) await redis.zadd(keys.delayed, 'XX', 1, `n3.2.${jobId}`);
      expect(idsOf(await claimAndDie('one', 5, 60_000))).toEqual([]);
      for (const { jobId } of jobs.slice(0, 3)) await redis.zadd(keys.delayed, 'XX', 1, `n3.2.${jobId}`);
      expect(idsOf(await claimAndDie('two', 5, 60_000))).toHaveLength(1);
    });

    it('send a job to the dead letters whose workers keep dying, whatever its attempts', async () => {
      fixture.registry.register('work', () => 'fine');
      const { jobId: poison } = await fixture.queue.enqueue('work', 'poison', { maxAttempts: 9 });
      for (const crash of [1, 2, 3]) {
        const id = `dead${crash}`;
        await until(async () => ((await claimAndDie(id, 1, 5)).taken.length > 0 ? true : undefined), 'a claim');
        await fixture.queue.pause();
        const reaper = await fixture.worker({
          concurrency: 1,
          registry: fixture.registry,
          reapMs: 10,
          heartbeatMs: 20,
        });
        await fixture.queue.pause();
        await until(
          async () => ((await fixture.queue.stats()).workers === 1 ? true : undefined),
          'the worker to be reaped',
        );
        await reaper.stop();
        await fixture.queue.resume();
        if (crash < 3) expect(await fixture.queue.get(poison)).toMatchObject({ status: 'queued', crashes: crash });
      }
      const job = await fixture.job(poison, 'failed');
      expect(job).toMatchObject({ crashes: 3, attempts: 3 });
      expect(job.error).toContain('worker died');
    });

    it('refuse what a worker says of a job that was given to another', async () => {
      const warnings: string[] = [];
      const logger: Logger = {
        ...silentLogger,
        warn: (_fields, message) => warnings.push(message ?? ''),
        child: () => logger,
      };
      const first = gate();
      const signals: AbortSignal[] = [];
      let runs = 0;
      fixture.registry.register('work', async (_data, { signal, attempt }) => {
        runs += 1;
        signals.push(signal);
        if (attempt === 1) await first.opened;
        return `run ${attempt}`;
      });
      const slow = await fixture.worker({ logger, pollMs: 5000, heartbeatMs: 800, reapMs: 900, abortGraceMs: 9000 });
      const { jobId } = await fixture.queue.enqueue('work');
      await until(() => (runs === 1 ? true : undefined), 'the first run');
      const { redis, keys } = fixture.queue;
      await redis.zadd(keys.workers, 1, slow.id); // as if it had said nothing for long
      await fixture.worker({ reapMs: 5, heartbeatMs: 20 });
      const done = await fixture.job(jobId, 'succeeded');
      expect(done).toMatchObject({ result: 'run 2', attempts: 2, crashes: 1 });
      await until(() => (signals[0]?.aborted ? true : undefined), 'the first run to be told');
      expect(signals[0]?.reason).toMatchObject({ code: 'E_LEASE_LOST' });
      first.open();
      await until(() => (slow.running === 0 ? true : undefined), 'the first run to end');
      await until(() => (warnings.some((message) => message.endsWith('; refused')) ? true : undefined), 'the refusal');
      expect(await fixture.queue.get(jobId)).toEqual(done);
      expect((await fixture.queue.stats()).totals.succeeded).toBe(1);
    });

    it('let a worker run what was claimed for it while the answer was lost', async () => {
      fixture.registry.register('work', () => 'adopted');
      const worker = await fixture.worker();
      await fixture.queue.pause();
      const { jobId } = await fixture.queue.enqueue('work');
      await fixture.queue.resume();
      await claimAndDie(worker.id, 1, 60_000);
      expect(await fixture.job(jobId, 'succeeded')).toMatchObject({ attempts: 1, result: 'adopted' });
      expect((await fixture.queue.stats()).running).toBe(0);
    });

    it('give a worker no more jobs than it may hold, however many answers were lost', async () => {
      fixture.registry.register('work', () => {});
      await fixture.queue.enqueueMany(Array.from({ length: 6 }, () => ({ task: 'work' })));
      const { redis, keys, settings } = fixture.queue;
      const worker = { id: 'frozen', leaseMs: 10_000, redis, keys, settings, suspectDelayMs: 1 };
      const replies = [];
      for (const acknowledgements of [[], [], []])
        replies.push(await runStep(worker, { acknowledgements, wanted: 2, mayHold: 2 }));
      expect(replies.map(({ taken }) => taken.length / 2)).toEqual([2, 0, 0]);
      expect(await fixture.queue.stats()).toMatchObject({ running: 2, waiting: 4 });
    });

    it('are compared claim by claim once one was lost, not by their number', async () => {
      const first = gate();
      const seen: unknown[] = [];
      const reasons: unknown[] = [];
      fixture.registry.register('work', async (data, { signal }) => {
        seen.push(data);
        signal.addEventListener('abort', () => reasons.push(signal.reason));
        if (data === 'first') await first.opened;
      });
      const patient = { pollMs: 9000, heartbeatMs: 9000, reapMs: 9000, abortGraceMs: 9000 };
      const worker = await fixture.worker({ concurrency: 1, ...patient });
      await fixture.queue.enqueue('work', 'first');
      await until(() => (seen.length === 1 ? true : undefined), 'the first job');
      await fixture.queue.enqueue('work', 'second');
      const { redis, keys } = fixture.queue;
      await redis.del(keys.processing(worker.id)); // as if another worker had taken it over,
      await redis.zrem(keys.workers, worker.id);
      const lostAnswer = await claimAndDie(worker.id, 1, 10_000); // and an answer with another job had been lost
      expect(lostAnswer.taken).toHaveLength(2);
      await redis.zrem(keys.workers, worker.id);
      await fixture.queue.resume(); // wakes it
      await until(() => (seen.length === 2 ? true : undefined), 'the second job');
      expect(reasons).toMatchObject([{ code: 'E_LEASE_LOST' }]);
      first.open();
    });

    it('keep a worker that lost a job from showing anything of it', async () => {
      const { opened, open } = gate();
      const shown = gate();
      fixture.registry.register('work', async (_data, context) => {
        if (context.attempt === 2) return;
        await opened;
        await context.progress(77);
        shown.open();
      });
      const deaf = fixture.client({
        openSubscriber: () => {
          throw new Error('It hears no signal');
        },
      });
      const { jobId } = await fixture.queue.enqueue('work');
      const slow = await fixture.worker({ queue: deaf, pollMs: 9000, heartbeatMs: 9000, reapMs: 9000 } as object);
      await fixture.job(jobId, 'running');
      const { redis, keys } = fixture.queue;
      await redis.zadd(keys.workers, 1, slow.id);
      await fixture.worker({ reapMs: 5, heartbeatMs: 20 });
      await fixture.job(jobId, 'succeeded');
      open();
      await shown.opened;
      expect(await redis.exists(keys.live(jobId))).toBe(0);
      expect(await fixture.job(jobId, 'succeeded')).toMatchObject({ progress: null, attempts: 2 });
    });

    it('are given up by a worker that stops: unfinished jobs go back as they were', async () => {
      const { opened, open } = gate();
      let runs = 0;
      fixture.registry.register('long', async (_data, { signal }) => {
        runs += 1;
        open();
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      });
      const worker = await fixture.worker({ concurrency: 1 });
      const { jobId } = await fixture.queue.enqueue('long');
      const { jobId: behind } = await fixture.queue.enqueue('long');
      await opened;
      await worker.stop({ timeoutMs: 10 });
      expect(await fixture.queue.get(jobId)).toMatchObject({ status: 'queued', attempts: 0, crashes: 0 });
      expect(await fixture.queue.stats()).toMatchObject({ waiting: 2, running: 0, workers: 0 });
      const order = await fixture.queue.redis.lrange(fixture.queue.keys.waiting('n'), 0, -1);
      expect(order).toEqual([`N${jobId}`, `N${behind}`]);
      expect(runs).toBe(1);
    });

    it('end with a drain in which running jobs finish', async () => {
      const started = gate();
      const finish = gate();
      fixture.registry.register('work', async () => {
        started.open();
        await finish.opened;
        return 'finished';
      });
      const worker = await fixture.worker();
      const { jobId } = await fixture.queue.enqueue('work');
      await started.opened;
      const stopped = worker.stop();
      finish.open();
      await stopped;
      expect(await fixture.queue.get(jobId)).toMatchObject({ status: 'succeeded', result: 'finished' });
      expect((await fixture.queue.stats()).workers).toBe(0);
    });
  });
}
