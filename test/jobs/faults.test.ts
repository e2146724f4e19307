import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Logger, silentLogger } from '../../src/base/ports.js';
import { JobRegistry, JobWorker } from '../../src/jobs/index.js';
import { runStep } from '../../src/jobs/worker/worker-step.js';
import { FAULT_REDIS } from '../setup/servers.js';
import { FaultBench, kill } from './fault-bench.js';
import { killWorkers, pauseWorker } from './job-faults.js';
import { until } from './queue-fixture.js';
import { flushScripts, loseTheLine, restartRedis } from './redis-faults.js';

describe.each(FAULT_REDIS)('jobs survive ($name)', { timeout: 60_000 }, ({ start }) => {
  let bench: FaultBench;
  beforeEach(async () => {
    bench = await FaultBench.open(start);
  });
  afterEach(() => bench.dispose());

  it('workers killed while they work: none lost, none completed twice', async () => {
    const figures = await killWorkers(bench, 5, Math.random);
    expect(figures).toMatchObject({ lost: 0, doubleCompletions: 0 });
    expect(figures.reruns).toBeGreaterThan(0);
  });

  it('a worker stopped past its lease: its late word is refused', async () => {
    await pauseWorker(bench);
  });

  it('a worker killed between the effect and its acknowledgement: the job runs again under the same id', async () => {
    await bench.worker();
    await bench.worker();
    const { jobId } = await bench.queue.enqueue('effect', { ms: 1, dieAfterEffectOnAttempt: 1 });
    await bench.ended(1);
    expect(await bench.queue.get(jobId)).toMatchObject({ status: 'succeeded', attempts: 2, crashes: 1 });
    const effects = bench.ledger.filter(({ what }) => what === 'effect');
    expect(effects.map((line) => line.jobId)).toEqual([jobId, jobId]);
    expect(effects.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  it('a job that kills every worker: it goes to the dead letters, and the others are done', async () => {
    const { jobId } = await bench.queue.enqueue('crash');
    const others = await bench.queue.enqueueMany(
      Array.from({ length: 6 }, () => ({ task: 'effect', data: { ms: 300 } })),
    );
    let isOpen = true;
    const supervise = async () => {
      while (isOpen) {
        const worker = await bench.worker().catch(() => undefined);
        if (worker && worker.exitCode === null && worker.signalCode === null) await once(worker, 'exit');
      }
    };
    const supervised = supervise();
    await bench.ended(7, 30_000);
    isOpen = false;
    await Promise.all(bench.workers.map((worker) => kill(worker, 'SIGKILL')));
    await supervised;
    expect(await bench.queue.get(jobId)).toMatchObject({ status: 'failed', attempts: 3, crashes: 3 });
    expect(bench.ledger.filter((line) => line.jobId === jobId)).toHaveLength(3);
    for (const other of others) expect((await bench.queue.get(other.jobId))?.status).toBe('succeeded');
  });

  it('a restart of Redis: workers reconnect, and each job is done once', async () => {
    await restartRedis(bench, 1);
  });

  it('SIGTERM: running jobs finish or go back, the process ends with 0, and the next worker does the rest', async () => {
    const worker = await bench.worker();
    const jobs = [
      ...Array.from({ length: 96 }, () => ({ task: 'effect', data: { ms: 20 } })),
      ...Array.from({ length: 4 }, () => ({ task: 'effect', data: { ms: 3000 }, priority: 'low' as const })),
    ];
    await bench.queue.enqueueMany(jobs);
    await until(() => (bench.ledger.length > 20 ? true : undefined), 'work to begin');
    const exited = once(worker, 'exit');
    worker.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    const started = bench.ledger.filter(({ what }) => what === 'start').length;
    expect(bench.ledger.filter(({ what }) => what === 'effect')).toHaveLength(started);
    expect(await bench.queue.stats()).toMatchObject({ running: 0, workers: 0, waiting: 100 - started });
    await bench.worker({ concurrency: 20 });
    await bench.ended(100);
    expect(bench.ledger.filter(({ what }) => what === 'start')).toHaveLength(100);
  });

  it('a handler that blocks its process for longer than the lease: its worker is not taken for dead', async () => {
    const leaseMs = 2_000; // a loaded machine may stop all of a process, its heartbeat too, for longer than the short lease
    await bench.worker({ leaseMs });
    const { jobId } = await bench.queue.enqueue('block', { ms: 3 * leaseMs });
    await until(() => (bench.ledger.length > 0 ? true : undefined), 'the job to begin');
    await bench.worker({ leaseMs });
    await bench.ended(1);
    expect(await bench.queue.get(jobId)).toMatchObject({ status: 'succeeded', attempts: 1, crashes: 0 });
    expect(bench.ledger.map(({ what }) => what)).toEqual(['start', 'effect']);
  });

  it('a handler that blocks its process for longer than it may run: its jobs go to others', async () => {
    await bench.worker({ abortGraceMs: 100 });
    const { jobId } = await bench.queue.enqueue('block', { ms: 4000 }, { timeoutMs: 300, maxAttempts: 1 });
    await until(() => (bench.ledger.length > 0 ? true : undefined), 'the job to begin');
    await bench.worker({ abortGraceMs: 100 });
    await until(
      () => (bench.ledger.filter(({ what }) => what === 'start').length === 2 ? true : undefined),
      'the next',
    );
    expect(bench.ledger.filter(({ what }) => what === 'effect')).toEqual([]);
    expect(await bench.queue.get(jobId)).toMatchObject({ attempts: 2, crashes: 1 });
  });

  it('a Redis that answers nothing for a while: afterwards no worker runs more than it may', async () => {
    await bench.worker({ concurrency: 2, pollMs: 50, socketTimeoutSeconds: 0.3 });
    await bench.queue.pause();
    await bench.queue.enqueueMany(Array.from({ length: 30 }, () => ({ task: 'effect', data: { ms: 400 } })));
    await bench.queue.resume();
    await bench.freezeRedis(3000);
    const most = await until(async () => {
      const { running, totals } = await bench.queue.stats();
      return totals.succeeded > 0 ? running : undefined;
    }, 'work to go on');
    expect(most).toBeLessThanOrEqual(2);
    const early = bench.ledger.filter(({ what }) => what === 'start').length;
    const done = bench.ledger.filter(({ what }) => what === 'effect').length;
    expect(early - done).toBeLessThanOrEqual(2);
  });

  it('a Redis that forgets its scripts, again and again', async () => {
    const figures = await flushScripts(bench, 30);
    expect(figures).toMatchObject({ refused: 0, lost: 0, doubleCompletions: 0, reruns: 0 });
    expect(figures.accepted).toBeGreaterThan(30);
  });

  it('a line that loses everything without a word', async () => {
    const { broken, ...figures } = await loseTheLine(bench, 2, Math.random);
    expect(figures).toMatchObject({ lost: 0, doubleCompletions: 0 });
    expect(broken).toBeGreaterThan(0);
  });

  it('the death of many workers with many jobs at once', async () => {
    const { redis, keys, settings } = bench.queue;
    await bench.queue.enqueueMany(Array.from({ length: 9000 }, () => ({ task: 'effect', data: { ms: 0 } })));
    for (let i = 0; i < 9; i++) {
      const worker = { id: `dead${i}`, leaseMs: 1, redis, keys, settings, suspectDelayMs: 1000 };
      await runStep(worker, { acknowledgements: [], wanted: 1000, mayHold: 1000 });
    }
    await bench.queue.pause();
    const warnings: unknown[] = [];
    const logger: Logger = { ...silentLogger, warn: (fields) => warnings.push(fields) };
    const worker = new JobWorker({
      queue: bench.queue,
      registry: new JobRegistry(),
      reapMs: 20,
      heartbeatMs: 30,
      logger,
    });
    await worker.start();
    await until(async () => ((await bench.queue.stats()).waiting === 9000 ? true : undefined), 'the jobs to be back');
    await until(() => (warnings.length > 0 ? true : undefined), 'the word of it');
    await worker.stop();
    expect(warnings).toMatchObject([{ workers: { length: 9 }, jobs: { length: 9000 } }]);
  });

  it('a full Redis: enqueueing is refused aloud, and workers go on, which frees it', async () => {
    const { client } = bench.connection;
    const data = { ms: 1, filler: 'x'.repeat(100_000) };
    const first = await bench.queue.enqueueMany(Array.from({ length: 10 }, () => ({ task: 'effect', data })));
    await client.config('SET', 'maxmemory', '1mb');
    await expect(bench.queue.enqueue('effect', data)).rejects.toMatchObject({ code: 'E_CONNECTION' });
    await bench.worker();
    await bench.ended(first.length);
    expect(bench.ledger.filter(({ what }) => what === 'effect')).toHaveLength(first.length);
  });
});
