import { createRouter, getCache, getMetrics, httpClient, type Service } from 'app-kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { type Family, parsePrometheus } from '../telemetry/prometheus.js';
import { freshFolder, releaseServices, sqliteUrl, startedService } from './setup/fresh-service.js';

const router = createRouter();
router.get('/orders/:id', {}, ({ params }) => ({ id: params.id }));
router.get('/cached', {}, async () => {
  await getCache().set('answer', 42);
  return { value: await getCache().get('answer'), other: await getCache().get('nothing') };
});
router.get('/broken', {}, () => {
  throw new Error('a fault');
});
let release: () => void = () => {};
const held = new Promise<void>((resolve) => {
  release = resolve;
});
router.get('/slow', {}, async () => {
  await held;
  return {};
});

async function scrape(service: Service): Promise<Map<string, Family>> {
  const response = await service.inject('/metrics');
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  return parsePrometheus(await response.text());
}

async function connectionsInUse(service: Service): Promise<number | undefined> {
  const samples = (await scrape(service)).get('db_pool_connections')?.samples ?? [];
  return samples.find(({ labels }) => labels.state === 'in_use')?.value;
}

const started = (options = {}): Promise<Service> =>
  startedService({ routers: [router], tasks: { work: () => {} }, features: { protectMetrics: 'none' }, ...options });

afterEach(releaseServices);

describe('the reader of these tests', () => {
  it.each([
    ['a 1', /line feed/],
    ['a 1\n', /before its TYPE/],
    ['# TYPE a gauge\na{b="1"c="2"} 1\n', /comma/],
    ['# TYPE a gauge\na{b="x"y"} 1\n', /label|comma/],
    ['# TYPE a gauge\na 1\na 2\n', /twice/],
    ['# TYPE a gauge\na one\n', /no value/],
    ['# TYPE a counter\na -1\n', /below zero/],
    ['# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n', /shrink/],
    ['# TYPE a histogram\na_bucket{le="1"} 2\na_sum 1\na_count 2\n', /all its observations/],
  ])('refuses %j', (text, reason) => {
    expect(() => parsePrometheus(text)).toThrow(reason);
  });
});

describe('the metrics of a service, as Prometheus reads them', () => {
  it('time requests by the template of their route and the class of their status', async () => {
    const service = await started({ rateLimitAnonymousRpm: 1_000 });
    for (let id = 0; id < 50; id++) await service.inject(`/api/v1/orders/${id}`);
    await service.inject('/api/v1/broken');
    await service.inject('/api/v1/nowhere/at-all');
    const { type, samples } = (await scrape(service)).get('http_request_duration_seconds') as Family;
    expect(type).toBe('histogram');
    const counts = samples
      .filter(({ name }) => name.endsWith('_count'))
      .map(({ labels, value }) => [labels.route, labels.status_class, value]);
    expect(counts).toContainEqual(['/api/v1/orders/:id', '2xx', 50]);
    expect(counts).toContainEqual(['/api/v1/broken', '5xx', 1]);
    expect(counts).toContainEqual(['unmatched', '4xx', 1]);
    expect(JSON.stringify(samples)).not.toContain('nowhere');
  });

  it('say how many requests are under way', async () => {
    const service = await started();
    const slow = service.inject('/api/v1/slow');
    const inFlight = async (): Promise<number | undefined> =>
      (await scrape(service)).get('http_requests_in_flight')?.samples[0]?.value;
    expect(await inFlight()).toBe(2); // the slow one, and the one that asks
    release();
    await slow;
    expect(await inFlight()).toBe(1);
  });

  it('tell of the database of records beside that of the rows, where it is another', async () => {
    const adminDbUrl = sqliteUrl(freshFolder(), 'records.db');
    const families = await scrape(await started({ adminDbUrl }));
    for (const name of ['db_pool_size', 'records_db_pool_size', 'records_db_statements_total'])
      expect(families.get(name)?.samples[0]?.value, name).toBeGreaterThan(0);
    const breakers = families.get('circuit_breaker_state')?.samples.map(({ labels }) => labels.service);
    expect(breakers).toEqual(expect.arrayContaining(['database', 'database of records']));
    expect((await scrape(await started())).has('records_db_pool_size')).toBe(false);
  });

  it('tell of the pool, breakers, jobs, cache, limiter, event loop and process', async () => {
    const service = await started();
    using client = httpClient('http://127.0.0.1:9');
    await client.get('/').catch(() => {});
    await service.inject('/api/v1/cached');
    await service.kernel.jobs.enqueue('work', {}, { delayMs: 60_000 });
    getMetrics().time('import_seconds', () => {});
    const families = await scrape(service);
    const value = (name: string, labels: object = {}): number | undefined =>
      families.get(name)?.samples.find((sample) => Object.entries(labels).every(([l, v]) => sample.labels[l] === v))
        ?.value;
    await expect.poll(() => connectionsInUse(service)).toBe(0); // records of these requests may be on their way
    expect(value('db_statements_total')).toBeGreaterThan(0);
    expect(value('circuit_breaker_state', { service: 'database' })).toBe(0);
    expect(value('circuit_breaker_state', { service: 'http://127.0.0.1:9' })).toBe(0);
    expect(value('jobs_in_queue', { state: 'delayed' })).toBe(1);
    expect(value('cache_reads_total', { result: 'hit' })).toBe(1);
    expect(value('cache_reads_total', { result: 'miss' })).toBe(1);
    expect(value('rate_limit_decisions_total', { outcome: 'admitted' })).toBeGreaterThan(0);
    for (const name of [
      'nodejs_eventloop_lag_p99_seconds',
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
    ])
      expect(families.has(name), name).toBe(true);
    expect(value('service_started')).toBe(1);
  });

  it('tell what is on its way to its tables, also where no process stores it', async () => {
    const service = await started({ adminWorkerEmbedded: false });
    await service.inject('/api/v1/orders/1');
    const waiting = async (name: string): Promise<number> =>
      (await scrape(service)).get(name)?.samples.find(({ labels }) => labels.channel === 'request_metrics')?.value ?? 0;
    await expect.poll(() => waiting('telemetry_events_waiting')).toBe(1);
    await expect.poll(() => waiting('telemetry_lag_seconds')).toBeGreaterThan(0.1);
    expect(await waiting('telemetry_dead_letters')).toBe(0);
  });

  it('count what the limiter refuses', async () => {
    const service = await started({ rateLimitAnonymousRpm: 1 });
    for (let n = 0; n < 3; n++) await service.inject('/api/v1/orders/1');
    const decisions = (await scrape(service)).get('rate_limit_decisions_total')?.samples ?? [];
    expect(decisions.find(({ labels }) => labels.outcome === 'refused')?.value).toBe(2);
  });
});
