import { describe, expect, it } from 'vitest';
import { sleep } from '../../src/base/sleep.js';
import { Profiler, profiledFunction } from '../../src/telemetry/index.js';
import { readableLogger } from './lines.js';

describe('Profiler', () => {
  it('measures from start, and looking does not reset it', async () => {
    const profiler = new Profiler();
    await sleep(10);
    const first = profiler.elapsed();
    expect(first).toBeGreaterThan(8);
    expect(profiler.elapsed()).toBeGreaterThanOrEqual(first);
    profiler.start();
    expect(profiler.elapsed()).toBeLessThan(first);
    expect(profiler.report('Step 1')).toMatch(/^Step 1: \d+\.\d\d ms$/);
  });
});

describe('profiledFunction', () => {
  it('logs how long a function took, and hands on its result', async () => {
    const { logger, lines } = readableLogger();
    const handler = profiledFunction({ logger })(async function my_handler(data: { n: number }) {
      await sleep(10);
      return data.n + 1;
    });
    expect(await handler({ n: 1 })).toBe(2);
    expect(handler.name).toBe('my_handler');
    expect(lines()).toHaveLength(1);
    expect(lines()[0]?.msg).toMatch(/^my_handler completed in \d+\.\dms$/);
    expect(Number(/([\d.]+)ms/.exec(String(lines()[0]?.msg))?.[1])).toBeGreaterThan(8);
  });

  it('logs a failure as one, sync and async', async () => {
    const { logger, lines } = readableLogger();
    const sync = profiledFunction({ logger, name: 'sync' })(() => {
      throw new Error('a');
    });
    const later = profiledFunction({ logger, name: 'later' })(() => Promise.reject(new Error('b')));
    expect(() => sync()).toThrow('a');
    await expect(later()).rejects.toThrow('b');
    expect(lines().map((line) => line.msg)).toEqual([
      expect.stringMatching(/^sync failed after/),
      expect.stringMatching(/^later failed after/),
    ]);
  });

  it('decorates a method and keeps its object', () => {
    const { logger, lines } = readableLogger();
    class Counter {
      n = 41;
      @profiledFunction({ logger })
      next(): number {
        return this.n + 1;
      }
    }
    expect(new Counter().next()).toBe(42);
    expect(lines()[0]?.msg).toMatch(/^next completed in/);
  });

  it('sums up the calls inside an entry', async () => {
    const { logger, lines } = readableLogger();
    const step = profiledFunction({ logger, name: 'step' })(async () => sleep(2));
    const entry = profiledFunction({ logger, name: 'entry', isEntry: true })(async () => {
      await Promise.all([step(), step()]);
    });
    await entry();
    await step();
    const stats = lines().filter((line) => line.profile !== undefined);
    expect(stats).toMatchObject([{ msg: 'Profiler entry stats', profile: { step: { calls: 2 } } }]);
  });
});
