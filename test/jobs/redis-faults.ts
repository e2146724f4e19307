import { expect } from 'vitest';
import { JobQueue, JobRegistry } from '../../src/jobs/index.js';
import { connectRedis } from '../../src/redis/index.js';
import { HalfOpenProxy } from '../setup/half-open-proxy.js';
import type { FaultBench } from './fault-bench.js';
import { until } from './queue-fixture.js';
import { type LoadFigures, startLoad } from './steady-load.js';

/** What a fault of Redis, or on the way to it, did to the jobs. */
export interface RedisFaultFigures {
  accepted: number;
  refused: number;
  /** Accepted, and not done. */
  lost: number;
  doubleCompletions: number;
  reruns: number;
  /** The longest that a call of `enqueue` took, ms. */
  slowestMs: number;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Restarts Redis, with every write on disk, under load. Nothing acknowledged may be lost, and each job ends once. */
export async function restartRedis(bench: FaultBench, restarts: number): Promise<void> {
  await bench.worker({ leaseMs: 3000, heartbeatMs: 500 });
  const stop = startLoad(bench.queue, { data: { ms: 20 } });
  for (let i = 0; i < restarts; i++) {
    await sleep(400);
    await bench.restartRedis();
  }
  await sleep(300);
  const figures = await afterwards(bench, await stop());
  expect(figures).toMatchObject({ lost: 0, doubleCompletions: 0, reruns: 0 });
  expect(figures.accepted).toBeGreaterThan(restarts * 10);
}

/** Redis keeps its connections and answers nothing for `ms`, while workers work and jobs come. */
export async function freezeRedis(bench: FaultBench, ms: number): Promise<RedisFaultFigures> {
  await bench.worker();
  await bench.worker();
  const stop = startLoad(bench.queue);
  await sleep(500);
  await bench.freezeRedis(ms);
  await sleep(500);
  return afterwards(bench, await stop());
}

/** The scripts of the server are thrown away, again and again, while workers work and jobs come. */
export async function flushScripts(bench: FaultBench, flushes: number): Promise<RedisFaultFigures> {
  await bench.worker();
  await bench.worker();
  const stops = [startLoad(bench.queue), startLoad(bench.queue, { everyMs: 0 })];
  for (let i = 0; i < flushes; i++) {
    await bench.connection.client.script('FLUSH');
    await sleep(i % 5);
  }
  const loads = await Promise.all(stops.map((stop) => stop()));
  return afterwards(bench, together(loads));
}

/**
 * Fills a server that evicts nothing until it refuses jobs, then lets workers free it, again and again. Answers as well
 * whether it took a job after each time.
 */
export async function fillRedis(
  bench: FaultBench,
  times: number,
): Promise<RedisFaultFigures & { recoveries: number; codes: readonly string[] }> {
  const { client } = bench.connection;
  await client.config('SET', 'maxmemory-policy', 'noeviction');
  await client.config('SET', 'maxmemory', '5mb');
  const data = { ms: 1, filler: 'x'.repeat(20_000) };
  const loads: LoadFigures[] = [];
  let recoveries = 0;
  await bench.worker({ queue: { maxFinished: 20 } });
  for (let i = 0; i < times; i++) {
    await bench.queue.pause();
    const stops = Array.from({ length: 3 }, () => startLoad(bench.queue, { data, everyMs: 0 }));
    await until(
      async () => ((await bench.queue.enqueue('effect', data).catch(() => undefined)) ? undefined : true),
      'a full Redis',
    );
    await sleep(50);
    await bench.queue.resume();
    loads.push(...(await Promise.all(stops.map((stop) => stop()))));
    await bench.idle();
    const again = await bench.queue.enqueue('effect', data).catch(() => undefined);
    if (again) recoveries += 1;
  }
  const all = together(loads);
  const codes = [...new Set(all.refusals.map((error) => String((error as { code?: string }).code)))];
  return { ...(await afterwards(bench, all)), recoveries, codes };
}

/** Between Redis and both a producer and a worker, everything is lost without a word for a while; another worker has a clear line. */
export async function loseTheLine(
  bench: FaultBench,
  times: number,
  random: () => number,
): Promise<RedisFaultFigures & { broken: number }> {
  const proxy = await HalfOpenProxy.open(bench.url);
  const connection = await connectRedis({ url: proxy.url, socketTimeoutSeconds: 0.3 });
  const registry = JobRegistry.from({ effect: () => {} });
  const queue = new JobQueue({ redis: connection.jobs, prefix: bench.prefix, registry });
  try {
    await bench.worker({ url: proxy.url, socketTimeoutSeconds: 0.3, maxCrashes: 1000 });
    await bench.worker({ maxCrashes: 1000, concurrency: 1 });
    const stops = [startLoad(queue), startLoad(bench.queue)];
    for (let i = 0; i < times; i++) {
      await sleep(200 + random() * 300);
      proxy.state = random() < 0.5 ? 'deaf' : 'mute';
      await sleep(random() * 1500);
      proxy.state = 'open';
    }
    const loads = await Promise.all(stops.map((stop) => stop()));
    return { ...(await afterwards(bench, together(loads))), broken: proxy.broken };
  } finally {
    queue.close();
    await connection.close();
    await proxy.close();
  }
}

function together(loads: readonly LoadFigures[]): LoadFigures {
  return {
    accepted: loads.flatMap(({ accepted }) => accepted),
    refusals: loads.flatMap(({ refusals }) => refusals),
    slowestMs: Math.max(...loads.map(({ slowestMs }) => slowestMs)),
  };
}

/** A job whose call was refused may be in line all the same, as its answer may be what was lost: it may run, but once. */
async function afterwards(
  bench: FaultBench,
  { accepted, refusals, slowestMs }: LoadFigures,
): Promise<RedisFaultFigures> {
  await bench.idle();
  const { ledger } = bench;
  const starts = ledger.filter(({ what }) => what === 'start');
  const done = new Set(ledger.filter(({ what }) => what === 'effect').map(({ jobId }) => jobId));
  const { totals } = await bench.queue.stats();
  return {
    accepted: accepted.length,
    refused: refusals.length,
    lost: accepted.filter((jobId) => !done.has(jobId)).length,
    doubleCompletions: totals.succeeded - done.size,
    reruns: starts.length - new Set(starts.map(({ jobId }) => jobId)).size,
    slowestMs: Math.round(slowestMs),
  };
}
