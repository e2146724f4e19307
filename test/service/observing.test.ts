import { createRouter, getTracedServiceName, type Service, setupRequestMetrics } from 'app-kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPeople, type People, type Person } from '../setup/people.js';
import { nothingWaits } from '../setup/recorded.js';
import { KeptLog } from './setup/kept-log.js';

const router = createRouter();
router.get('/orders/:id', { auth: 'optional' }, ({ params }) => ({ id: params.id }));
router.get('/broken', {}, () => {
  throw new TypeError('a canary of ours: SELECT secret FROM vault');
});

let world: People;
let admin: Person;

/** @param prepare what is put on the application before its first request */
async function open(
  options: Parameters<typeof openPeople>[0] = {},
  prepare: (app: Service['app']) => unknown = () => {},
): Promise<void> {
  world = await openPeople({ routers: [router], ...options });
  prepare(world.service.app);
  admin = await world.join('root');
  await world.service.kernel.userStore.setRole?.(admin.id, 'admin');
  await expect.poll(async () => (await admin.send('GET', '/admin/metrics')).status).toBe(200);
}
afterEach(() => world.close());

async function read(path: string, who: Person = admin) {
  await nothingWaits(world.service.kernel.services);
  return who.send('GET', path);
}
const ask = (path: string, headers: Record<string, string> = {}) =>
  world.send('GET', path, undefined, undefined, headers);

describe('request metrics over HTTP', () => {
  beforeEach(() => open());

  it('list, sum up, and name the slow and the failed', async () => {
    const ann = await world.join('ann');
    await ann.send('GET', '/orders/1');
    await ask('/orders/2');
    await ask('/broken');
    await ask('/nowhere');
    const { body } = await read(`/admin/metrics?user_id=${ann.id}&path=/api/v1/orders`);
    expect(body).toMatchObject({ count: 1, limit: 100, offset: 0 });
    expect(body.items).toMatchObject([
      { method: 'GET', route: '/api/v1/orders/:id', path: '/api/v1/orders/1', status_code: 200, user_id: ann.id },
    ]);
    const { body: stats } = await read('/admin/metrics/stats?hours=1&path=/api/v1/orders');
    expect(stats).toMatchObject({ period_hours: 1, total_requests: 2, success_2xx: 2, error_4xx: 0 });
    expect(stats.p99_latency_ms).toBeGreaterThanOrEqual(stats.p50_latency_ms);
    expect(stats.slow_endpoints).toMatchObject([{ path: '/api/v1/orders/:id', count: 2 }]);
    const { body: errors } = await read('/admin/metrics/errors');
    const failed = errors.items.map((item: { status_code: number; route: string }) => [item.status_code, item.route]);
    expect(failed).toContainEqual([500, '/api/v1/broken']);
    expect(failed).toContainEqual([404, 'unmatched']);
    expect((await read('/admin/metrics/errors?status=500')).body.count).toBe(1);
    expect((await read('/admin/metrics/slow')).body).toMatchObject({ min_latency_ms: 1_000 });
    expect((await read('/admin/metrics/slow?min_latency=3600000')).body).toMatchObject({ count: 0 });
    expect((await read('/admin/metrics/slow?min_latency=0&path=/api/v1/orders')).body.count).toBe(2);
    expect((await read('/admin/metrics/slow?min_latency=-1')).status).toBe(422);
  });

  it('are for admins alone', async () => {
    const ann = await world.join('ann');
    for (const path of ['', '/stats', '/slow', '/errors']) {
      expect((await ann.send('GET', `/admin/metrics${path}`)).status).toBe(403);
      expect((await ask(`/admin/metrics${path}`)).status).toBe(401);
    }
  });
});

it('a recorder passes over probes, and a second one over what the first has', async () => {
  const twice: string[] = [];
  const sink = { push: ({ path }: { path: string }) => twice.push(path) > 0 };
  await open({}, (app) => {
    setupRequestMetrics(app, { sink });
    app.use((ctx, next) => {
      ctx.set('x-is-inside', 'yes'); // it would not be, had the pipeline been built before
      return next();
    });
  });
  await world.service.inject('/healthz');
  expect((await ask('/orders/7')).headers.get('x-is-inside')).toBe('yes');
  const { body } = await read('/admin/metrics');
  const paths = body.items.map((item: { path: string }) => item.path);
  expect(paths).not.toContain('/healthz');
  expect(paths.filter((path: string) => path === '/api/v1/orders/7')).toHaveLength(1);
  expect(twice).toEqual([]);
});

it('a recorder that fails keeps no request from its answer and no other from being recorded', async () => {
  const log = new KeptLog();
  const recorded: string[] = [];
  const push = ({ path }: { path: string }): boolean => {
    if (path.endsWith('/1')) throw new Error('on purpose');
    return recorded.push(path) > 0;
  };
  await open({ logger: log, requestMetricsEnabled: false }, (app) => setupRequestMetrics(app, { sink: { push } }));
  const answers = await Promise.all(['/orders/1', '/orders/2'].map((path) => ask(path)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  await expect.poll(() => recorded.filter((path) => path.includes('/orders/'))).toEqual(['/api/v1/orders/2']);
  const faults = log.lines.filter(({ message }) => message === 'A request was answered, but not recorded');
  expect(faults).toMatchObject([{ fields: { request_id: answers[0]?.headers.get('x-request-id') } }]);
});

describe('row 56: what request metrics and traces must not hold', () => {
  it('is not there: secrets of queries, referers, errors and SQL', async () => {
    await open();
    const secret = 'canary-secret-4f1c';
    const headers = { referer: `https://app.example/reset?token=${secret}`, authorization: `Bearer ${secret}` };
    await ask(
      `/broken?access_token=${secret}&code=${secret}&password=${secret}&X-Amz-Signature=${secret}&sig=${secret}&q=plain&pin_key=1234`,
      headers,
    );
    const { body } = await read('/admin/metrics?path=/api/v1/broken');
    expect(body.items).toMatchObject([
      {
        query_params: {
          access_token: '***4f1c',
          code: '***4f1c',
          password: '***4f1c',
          'X-Amz-Signature': '***4f1c',
          sig: '***4f1c',
          q: 'plain',
          pin_key: '****',
        },
        referer: 'https://app.example/reset',
        error_type: 'TypeError',
      },
    ]);
    const trace = await read(`/admin/traces/${body.items[0].trace_id}`);
    expect(trace.body.spans[0]).toMatchObject({ status: 'error', error_type: 'TypeError' });
    for (const text of [JSON.stringify(body), JSON.stringify(trace.body)]) {
      expect(text).not.toContain(secret);
      expect(text).not.toMatch(/a canary of ours|FROM vault|\.ts:\d/);
    }
  });
});

describe('row 55: what a client writes into its headers', () => {
  it('ends no line and colours nothing, and is of bounded length', async () => {
    await open();
    const headers = { 'user-agent': `evil\u001b[31m${'x'.repeat(5_000)}`, 'x-request-id': 'a b' };
    await ask('/orders/1%0d%0aforged?x=%0d%0aline&%1b[31m=1', headers);
    const { body } = await read('/admin/metrics?path=/api/v1/orders');
    const [item] = body.items;
    const written = [...Object.values(item), ...Object.entries(item.query_params).flat()].join('');
    expect(written).not.toMatch(/\p{Cc}/u);
    expect(written).toContain('\\x1b[31m');
    expect(item.user_agent.length).toBeLessThanOrEqual(500);
    expect(item.request_id).toMatch(/^[\w-]{36}$/);
  });
});

describe('where clients are', () => {
  const geo = { 'cf-ipcountry': 'CH', 'cf-ipcity': 'Bern', 'cf-ipcontinent': 'EU' };
  const forwarded = { 'x-forwarded-for': '203.0.113.9', ...geo };

  it('is nobody’s to claim without a trusted proxy', async () => {
    await open();
    await ask('/orders/1', forwarded);
    const { body } = await read('/admin/metrics?path=/api/v1/orders');
    expect(body.items).toMatchObject([{ country: null, city: null, continent: null, client_ip: '127.0.0.1' }]);
  });

  it('is what a trusted proxy says', async () => {
    await open({ trustProxy: 1 });
    await ask('/orders/1', forwarded);
    const { body } = await read('/admin/metrics?path=/api/v1/orders');
    expect(body.items).toMatchObject([{ country: 'CH', city: 'Bern', continent: 'EU', client_ip: '203.0.113.9' }]);
  });
});

describe('traces over HTTP', () => {
  beforeEach(() => open({ name: 'traced-shop' }));

  it('go on from a traceparent that is one, and begin anew at one that is none', async () => {
    const good = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-00`;
    await ask('/orders/1', { traceparent: good });
    const { body } = await read(`/admin/traces/${'AB'.repeat(16)}`);
    expect(body).toMatchObject({
      trace_id: 'ab'.repeat(16),
      spans: [{ parent_id: 'cd'.repeat(8), service: 'traced-shop' }],
    });
    for (const bad of [
      'nonsense',
      `00-${'0'.repeat(32)}-${'cd'.repeat(8)}-01`,
      `ff-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`,
      `00-${'AB'.repeat(16)}-${'cd'.repeat(8)}-01`,
    ])
      await ask('/orders/2', { traceparent: bad });
    const { body: metrics } = await read('/admin/metrics?path=/api/v1/orders/2');
    const ids = metrics.items.map((item: { trace_id: string }) => item.trace_id);
    expect(new Set(ids).size).toBe(4);
    for (const id of ids) expect(id).toMatch(/^(?!0{32}|(?:ab){16})[0-9a-f]{32}$/);
    expect((await read(`/admin/traces/${'12'.repeat(16)}`)).status).toBe(404);
    expect(getTracedServiceName()).toBe('traced-shop');
  });
});
