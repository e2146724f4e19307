import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultBench } from '../../jobs/fault-bench.js';
import { killWorkers, pauseWorker } from '../../jobs/job-faults.js';
import { FAULT_REDIS } from '../../setup/servers.js';
import { seededRandom } from '../seeded-random.js';

const KILLS = 200;
const PAUSES = 20;
/** Longer than the lease of 15 s that is the default. */
const LONG_PAUSE_MS = 30_000;
const DEFAULTS = { leaseMs: 15_000, heartbeatMs: 5000, reapMs: 2000, pollMs: 1000 };
/** Within this time a dead worker's jobs must run elsewhere, ms. */
const RECOVERY_MS = 20_000;

describe.each(FAULT_REDIS)('jobs in chaos ($name)', { timeout: 600_000 }, ({ start }) => {
  let bench: FaultBench;
  beforeEach(async () => {
    bench = await FaultBench.open(start);
  });
  afterEach(() => bench.dispose());

  it(`lose nothing over ${KILLS} kills`, async () => {
    const { seed, random } = seededRandom();
    const { kills, jobs, lost, doubleCompletions, reruns } = await killWorkers(bench, KILLS, random);
    console.info(
      `jobs (seed ${seed}): ${kills} kills, ${jobs} acknowledged jobs: ` +
        `lost ${lost}, double completions ${doubleCompletions}, reruns ${reruns}`,
    );
    expect({ lost, doubleCompletions }).toEqual({ lost: 0, doubleCompletions: 0 });
    expect(reruns).toBeGreaterThan(0);
  });

  it(`are fenced over ${PAUSES} workers stopped past their lease`, async () => {
    for (let i = 0; i < PAUSES; i++) await pauseWorker(bench);
    console.info(`jobs: ${PAUSES} workers stopped past their lease: ${PAUSES} late words refused`);
  });

  it(`are taken over from a worker that is stopped for ${LONG_PAUSE_MS / 1000} s, with the timings that are the default`, async () => {
    const tookMs = await pauseWorker(bench, DEFAULTS, LONG_PAUSE_MS);
    console.info(
      `jobs: a worker stopped for 30 s: taken over after ${(tookMs / 1000).toFixed(1)} s, its late word refused`,
    );
    expect(tookMs).toBeLessThan(RECOVERY_MS);
  });
});
