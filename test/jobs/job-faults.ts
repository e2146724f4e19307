import { expect } from 'vitest';
import type { WorkerTimings } from '../../src/jobs/worker/worker-options.js';
import { type FaultBench, kill } from './fault-bench.js';
import { until } from './queue-fixture.js';

/** What a run of kills showed. */
export interface KillFigures {
  kills: number;
  jobs: number;
  lost: number;
  doubleCompletions: number;
  reruns: number;
}

const JOBS_PER_KILL = 10;

/** Kills workers at random moments while they work; each is replaced. Every job must end as succeeded, once. */
export async function killWorkers(bench: FaultBench, kills: number, random: () => number): Promise<KillFigures> {
  const jobs = kills * JOBS_PER_KILL;
  const options = { maxCrashes: 1000, concurrency: 4 };
  const alive = [await bench.worker(options), await bench.worker(options)];
  const enqueued: Array<{ jobId: string }> = [];
  for (let i = 0; i < kills; i++) {
    const batch = Array.from({ length: JOBS_PER_KILL }, () => ({ task: 'effect', data: { ms: random() * 300 } }));
    enqueued.push(...(await bench.queue.enqueueMany(batch)));
    await new Promise((resolve) => setTimeout(resolve, random() * 120));
    const victim = Math.floor(random() * alive.length);
    const child = alive[victim];
    if (child) await kill(child, 'SIGKILL');
    alive[victim] = await bench.worker(options);
  }
  await bench.ended(jobs, 60_000);
  const records = await Promise.all(enqueued.map(({ jobId }) => bench.queue.get(jobId)));
  const effects = bench.ledger.filter(({ what }) => what === 'effect').map(({ jobId }) => jobId);
  const done = new Set(effects);
  const { totals } = await bench.queue.stats();
  return {
    kills,
    jobs,
    lost: enqueued.filter(({ jobId }, i) => !done.has(jobId) || records[i]?.status !== 'succeeded').length,
    doubleCompletions: totals.succeeded - jobs,
    reruns: bench.ledger.filter(({ what }) => what === 'start').length - jobs,
  };
}

/**
 * Stops a worker past its lease; another takes its job over. What the first one says afterwards must be refused. Its handler
 * blocks its process, so that it speaks before it could learn of that.
 * @returns how long the takeover took, ms
 */
export async function pauseWorker(
  bench: FaultBench,
  timings: Partial<WorkerTimings> = {},
  pausedMs = 0,
): Promise<number> {
  const options = { concurrency: 1, ...timings };
  const before = bench.ledger.length;
  const fresh = () => bench.ledger.slice(before);
  const first = await bench.worker(options);
  const { jobId } = await bench.queue.enqueue('block', { ms: 300 });
  await until(() => (fresh().some((line) => line.jobId === jobId) ? true : undefined), 'the job to start');
  first.kill('SIGSTOP');
  const stopped = performance.now();
  const second = await bench.worker(options);
  const done = await until(
    async () => {
      const job = await bench.queue.get(jobId);
      return job?.status === 'succeeded' ? job : undefined;
    },
    'the takeover',
    60_000,
  );
  const tookMs = performance.now() - stopped;
  expect(done).toMatchObject({ attempts: 2, crashes: 1 });
  const { succeeded } = (await bench.queue.stats()).totals;
  await new Promise((resolve) => setTimeout(resolve, pausedMs - tookMs));
  first.kill('SIGCONT');
  const isRefused = () => fresh().some(({ what, pid }) => what === 'refused' && pid === first.pid);
  await until(() => (isRefused() ? true : undefined), 'the late word to be refused');
  expect(fresh().some(({ what, pid }) => what === 'effect' && pid === first.pid)).toBe(true);
  await kill(second, 'SIGTERM');
  const { jobId: next } = await bench.queue.enqueue('effect', { ms: 1 });
  await until(async () => ((await bench.queue.get(next))?.status === 'succeeded' ? true : undefined), 'the next job');
  await kill(first, 'SIGTERM');
  expect(await bench.queue.get(jobId)).toEqual(done);
  expect((await bench.queue.stats()).totals.succeeded).toBe(succeeded + 1);
  return tookMs;
}
