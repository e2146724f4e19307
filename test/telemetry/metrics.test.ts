import { describe, expect, it } from 'vitest';
import { runWithContext } from '../../src/base/context.js';
import { Services } from '../../src/base/services.js';
import { createMetrics, getMetrics, metricsService } from '../../src/telemetry/index.js';
import { readableLogger } from './lines.js';

describe('metrics', () => {
  it('count, gauge and measure in the text format of Prometheus', async () => {
    const metrics = createMetrics({ defaultMetrics: false });
    metrics.increment('orders_total', { kind: 'new' });
    metrics.increment('orders_total', { kind: 'new' }, 2);
    metrics.gauge('queue_length', 7);
    metrics.histogram('request_seconds', 0.02, { route: '/x' });
    metrics.histogram('body_bytes', 5_000);
    const text = await metrics.render();
    expect(metrics.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text).toContain('# TYPE orders_total counter');
    expect(text).toContain('orders_total{kind="new"} 3');
    expect(text).toContain('queue_length 7');
    expect(text).toContain('request_seconds_bucket{le="0.025",route="/x"} 1');
    expect(text).toContain('body_bytes_bucket{le="16384"} 1');
  });

  it('time work: what ends, what fails and what is stopped by hand', async () => {
    const metrics = createMetrics({ defaultMetrics: false });
    expect(metrics.time('import_seconds', () => 7)).toBe(7);
    expect(await metrics.time('import_seconds', async () => 8, {})).toBe(8);
    expect(() =>
      metrics.time('import_seconds', () => {
        throw new Error('x');
      }),
    ).toThrow('x');
    await expect(metrics.time('import_seconds', () => Promise.reject(new Error('y')))).rejects.toThrow('y');
    const stop = metrics.timer('import_seconds');
    expect(stop()).toBeGreaterThanOrEqual(0);
    expect(await metrics.render()).toContain('import_seconds_count 5');
  });

  it('read gauges when they are looked at, whatever becomes of one reader', async () => {
    const metrics = createMetrics({ defaultMetrics: false });
    let value = 0;
    metrics.collect(() => {
      throw new Error('away');
    });
    const end = metrics.collect(async () => metrics.gauge('seen', ++value));
    expect(await metrics.render()).toContain('seen 1');
    expect(await metrics.render()).toContain('seen 2');
    end();
    expect(await metrics.render()).toContain('seen 2');
  });

  it('say when the service has started', async () => {
    const metrics = createMetrics({ defaultMetrics: false });
    expect(await metrics.render()).toContain('service_started 0');
    metrics.markStarted();
    expect(await metrics.render()).toContain('service_started 1');
  });

  it('of two services in one process do not mix', async () => {
    const [one, other] = [createMetrics({ prefix: 'one_' }), createMetrics({ prefix: 'other_' })];
    one.increment('calls');
    const text = await one.render();
    expect(text).toContain('one_calls 1');
    expect(text).toContain('one_process_cpu_seconds_total');
    expect(await other.render()).not.toContain('calls');
  });

  it('make a name fit', async () => {
    const metrics = createMetrics({ defaultMetrics: false });
    metrics.increment('jobs.done-today');
    expect(await metrics.render()).toContain('jobs_done_today 1');
  });

  it('refuse one name for two kinds', () => {
    const metrics = createMetrics({ defaultMetrics: false });
    metrics.increment('x');
    expect(() => metrics.gauge('x', 1)).toThrow(/"x" is a counter/);
  });

  it('keep the labels of the first use, and say once that others are dropped', async () => {
    const { logger, lines } = readableLogger();
    const metrics = createMetrics({ defaultMetrics: false, logger });
    metrics.increment('x', { a: 1 });
    metrics.increment('x', { a: 1, b: 2 });
    metrics.increment('x', { b: 2 });
    const text = await metrics.render();
    expect(text).toContain('x{a="1"} 2');
    expect(text).toContain('x{a=""} 1');
    expect(lines()).toHaveLength(1);
  });

  it('are found through the running kernel', () => {
    const services = new Services();
    const metrics = createMetrics({ defaultMetrics: false });
    services.provide(metricsService, metrics);
    expect(runWithContext({ services }, () => getMetrics())).toBe(metrics);
    services.close();
    expect(() => getMetrics().increment('before_any_kernel')).not.toThrow();
  });
});
