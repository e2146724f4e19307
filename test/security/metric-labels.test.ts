import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../src/telemetry/index.js';

describe('metric labels', () => {
  it('are bounded: the combinations beyond the limit are counted together', async () => {
    const metrics = createMetrics({ defaultMetrics: false, maxSeries: 10 });
    for (let n = 0; n < 10_000; n++) metrics.increment('hits', { path: `/${n}` });
    metrics.increment('hits', { path: '/0' });
    const series = (await metrics.render()).split('\n').filter((line) => line.startsWith('hits{'));
    expect(series).toHaveLength(11);
    expect(series).toContain('hits{path="other"} 9990');
    expect(series).toContain('hits{path="/0"} 2');
  });

  it('cannot be so long or so made as to break the format', async () => {
    const metrics = createMetrics({ defaultMetrics: false });
    metrics.increment('hits', { path: 'x'.repeat(100_000) });
    metrics.increment('hits', { path: '"} 1\nforged{a="b' });
    const text = await metrics.render();
    expect(text.length).toBeLessThan(1_000);
    expect(text).not.toMatch(/^forged/m);
  });
});
