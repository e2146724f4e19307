import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultBench } from '../../jobs/fault-bench.js';
import { killWorkers, pauseWorker, restartRedis } from '../../jobs/job-faults.js';
import { FAULT_REDIS } from '../../setup/servers.js';
import { seededRandom } from '../seeded-random.js';

const KILLS = 200;
const PAUSES = 20;
const RESTARTS = 5;

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

  it(`are done once over ${RESTARTS} restarts of Redis`, async () => {
    await restartRedis(bench, RESTARTS);
    console.info(`jobs: ${RESTARTS} restarts of Redis under load, every write on disk: lost 0, run twice 0`);
  });
});
