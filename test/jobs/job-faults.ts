import { expect } from 'vitest';
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

/** Stops a worker past its lease; another takes its job over. What the first one says afterwards must not count. */
export async function pauseWorker(bench: FaultBench): Promise<void> {
  const options = { concurrency: 1 };
  const first = await bench.worker(options);
  const { jobId } = await bench.queue.enqueue('effect', { ms: 300 });
  const before = bench.ledger.length;
  await until(() => (bench.ledger.some((line) => line.jobId === jobId) ? true : undefined), 'the job to start');
  first.kill('SIGSTOP');
  const second = await bench.worker(options);
  const done = await until(async () => {
    const job = await bench.queue.get(jobId);
    return job?.status === 'succeeded' ? job : undefined;
  }, 'the takeover');
  expect(done).toMatchObject({ attempts: 2, crashes: 1, result: 2 });
  const { succeeded } = (await bench.queue.stats()).totals;
  first.kill('SIGCONT');
  await until(
    () =>
      bench.ledger.slice(before).some(({ what, pid }) => what === 'effect' && pid === first.pid) ? true : undefined,
    'the stale worker to finish',
  );
  const { jobId: next } = await bench.queue.enqueue('effect', { ms: 1 });
  await until(async () => ((await bench.queue.get(next))?.status === 'succeeded' ? true : undefined), 'the next job');
  await kill(second, 'SIGTERM');
  await kill(first, 'SIGTERM');
  expect(await bench.queue.get(jobId)).toEqual(done);
  expect((await bench.queue.stats()).totals.succeeded).toBe(succeeded + 1);
}

/** Restarts Redis, with every write on disk, under load. Nothing acknowledged may be lost, and each job ends once. */
export async function restartRedis(bench: FaultBench, restarts: number): Promise<void> {
  await bench.worker({ leaseMs: 3000, heartbeatMs: 500 });
  const accepted: string[] = [];
  let isLoading = true;
  const load = (async () => {
    while (isLoading) {
      const result = await bench.queue.enqueue('effect', { ms: 20 }).catch(() => undefined);
      if (result) accepted.push(result.jobId);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  for (let i = 0; i < restarts; i++) {
    await new Promise((resolve) => setTimeout(resolve, 400));
    await bench.restartRedis();
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  isLoading = false;
  await load;
  await until(
    async () => {
      const { waiting, running, delayed } = await bench.queue.stats();
      return waiting + running + delayed === 0 ? true : undefined;
    },
    'the queue to be empty',
    20_000,
  );
  const jobs = await Promise.all(accepted.map((jobId) => bench.queue.get(jobId)));
  expect(accepted.length).toBeGreaterThan(restarts * 10);
  expect(jobs.filter((job) => job?.status !== 'succeeded')).toEqual([]);
  const starts = bench.ledger.filter(({ what }) => what === 'start');
  expect(new Set(starts.map(({ jobId }) => jobId)).size).toBe(starts.length);
}
