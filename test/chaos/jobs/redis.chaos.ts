import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultBench } from '../../jobs/fault-bench.js';
import {
  fillRedis,
  flushScripts,
  freezeRedis,
  loseTheLine,
  type RedisFaultFigures,
  restartRedis,
} from '../../jobs/redis-faults.js';
import { FAULT_REDIS } from '../../setup/servers.js';
import { seededRandom } from '../seeded-random.js';

const RESTARTS = 5;
const FREEZE_MS = 30_000;
const FLUSHES = 1000;
const FILLS = 10;
const SILENCES = 40;
/** What `connectRedis` waits for a reply at most, by default, and as much again for a busy machine. */
const LONGEST_CALL_MS = 10_000;

describe.each(FAULT_REDIS)('jobs in chaos of Redis ($name)', { timeout: 600_000 }, ({ start }) => {
  let bench: FaultBench;
  beforeEach(async () => {
    bench = await FaultBench.open(start);
  });
  afterEach(() => bench.dispose());

  it(`are done once over ${RESTARTS} restarts`, async () => {
    await restartRedis(bench, RESTARTS);
    console.info(`jobs: ${RESTARTS} restarts of Redis under load, every write on disk: lost 0, run twice 0`);
  });

  it(`survive that nothing answers for ${FREEZE_MS / 1000} s, and nobody waits that long`, async () => {
    const figures = await freezeRedis(bench, FREEZE_MS);
    tell(`Redis stopped for ${FREEZE_MS / 1000} s under load`, figures);
    expect(figures).toMatchObject({ lost: 0, doubleCompletions: 0 });
    expect(figures.refused).toBeGreaterThan(0);
    expect(figures.slowestMs).toBeLessThan(LONGEST_CALL_MS);
  });

  it(`are done once while all scripts are forgotten ${FLUSHES} times`, async () => {
    const figures = await flushScripts(bench, FLUSHES);
    tell(`${FLUSHES} times SCRIPT FLUSH under load`, figures);
    expect(figures).toMatchObject({ refused: 0, lost: 0, doubleCompletions: 0, reruns: 0 });
  });

  it(`are refused aloud or done, over ${FILLS} times that Redis is full`, async () => {
    const { recoveries, codes, ...figures } = await fillRedis(bench, FILLS);
    tell(`Redis full ${FILLS} times, took jobs again ${recoveries} times`, figures);
    expect(figures).toMatchObject({ lost: 0, doubleCompletions: 0, reruns: 0 });
    expect({ recoveries, codes }).toEqual({ recoveries: FILLS, codes: ['E_CONNECTION'] });
  });

  it(`survive ${SILENCES} times that the line loses everything without a word`, async () => {
    const { seed, random } = seededRandom();
    const { broken, ...figures } = await loseTheLine(bench, SILENCES, random);
    tell(`${SILENCES} half-open lines, ${broken} connections (seed ${seed})`, figures);
    expect(figures).toMatchObject({ lost: 0, doubleCompletions: 0 });
    expect(broken).toBeGreaterThan(SILENCES / 2);
  });
});

function tell(
  what: string,
  { accepted, refused, lost, doubleCompletions, reruns, slowestMs }: RedisFaultFigures,
): void {
  console.info(
    `jobs: ${what}: ${accepted} acknowledged, ${refused} refused: lost ${lost}, ` +
      `double completions ${doubleCompletions}, reruns ${reruns}; the slowest call took ${slowestMs} ms`,
  );
}
