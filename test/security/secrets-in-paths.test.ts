import { once } from 'node:events';
import { Router } from '@koa/router';
import { createRouter, RequestMetricsStore, setupRequestMetrics } from 'app-kernel';
import { createTestService, type TestService } from 'app-kernel/testing';
import Koa from 'koa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RequestEvent } from '../../src/features/request-metrics/request-event.js';
import { isSecretParameter, maskedValue, withoutSecretParts } from '../../src/telemetry/index.js';
import { KeptLog } from '../service/setup/kept-log.js';
import { nothingWaits } from '../setup/recorded.js';

const typed = createRouter();
typed.get('/reset/:token', {}, ({ params }) => ({ length: params.token.length }));
typed.get('/share/:folder/:linkSecret/files/*rest', {}, () => ({}));
typed.get('/people/:id', {}, ({ params }) => ({ id: params.id }));
const plain = new Router();
const answer = (ctx: { body: unknown }): void => {
  ctx.body = {};
};
plain.get('/Plain/:apiKey', answer);
plain.get(/^\/files\/(.+)$/, answer);
plain.get(/^\/open\/(?:(?<token>\w+)-(?<name>\w+)|\w+)$/, answer);
typed.get('/twice/:name', {}, () => ({}));
typed.post('/twice/:token', {}, () => ({}));

describe('the path of a request, in the table and in the log,', () => {
  let log: KeptLog;
  let test: TestService;
  beforeEach(async () => {
    log = new KeptLog();
    test = await createTestService({ entities: [], routers: [typed, plain], logger: log });
  });
  afterEach(() => test.close());

  it.each([
    ['/reset/Zk3rF9sQ0pLw7TbX', '/reset/***7TbX', '/reset/:token'],
    ['/reset/abc', '/reset/***', '/reset/:token'],
    ['/reset/%2Fwith%20blank', '/reset/***lank', '/reset/:token'],
    ['/share/mine/hunter2hunter2/files/a/b', '/share/mine/***ter2/files/a/b', '/share/:folder/:linkSecret/files/*rest'],
    ['/people/Zk3rF9sQ0pLw7TbX', '/people/Zk3rF9sQ0pLw7TbX', '/people/:id'],
    ['/Plain/sk-live-1234567', '/Plain/***4567', '/api/v1/Plain/:apiKey'],
    ['/plain/sk-live-1234567', '/api/v1/Plain/:apiKey', '/api/v1/Plain/:apiKey'],
    [{ method: 'POST', path: '/reset/hunter2' }, '/reset/***ter2', 'unmatched'],
    [{ method: 'OPTIONS', path: '/reset/hunter2' }, '/reset/***ter2', 'unmatched'],
    [{ method: 'DELETE', path: '/twice/hunter2' }, '/twice/***ter2', 'unmatched'],
    [{ method: 'POST', path: '/people/Zk3rF9sQ0pLw7TbXyy22' }, '/people/***yy22', 'unmatched'],
    ['/resets/Zk3rF9sQ0pLw7TbXyy22', '/resets/***yy22', 'unmatched'],
    ['/resets/01a22811-b9ef-721e-b311-45c93ba26cda', '/resets/01a22811-b9ef-721e-b311-45c93ba26cda', 'unmatched'],
  ])('%j is kept as %s', async (asked, kept, route) => {
    const full = (path: string): string => (path.startsWith('/api') || path === 'unmatched' ? path : `/api/v1${path}`);
    const { method, path } = typeof asked === 'string' ? { method: 'GET', path: asked } : asked;
    await test.inject(full(path), { method });
    await nothingWaits(test.service.kernel.services);
    const store = new RequestMetricsStore({ db: test.service.kernel.database });
    expect(await store.getRecent()).toMatchObject([{ path: full(kept), route: full(route) }]);
    const lines = log.lines.filter(({ message }) => message === 'request');
    expect(lines.map(({ fields }) => fields.path)).toEqual([full(kept)]);
  });

  it.each([
    ['/files/Zk3rF9sQ0pLw7TbXyy22/a', '/files/***yy22/a'],
    ['/open/hunter2-name', '/open/***ter2-name'],
    ['/open/shop', '/open/shop'],
  ])('%s of a route that is declared with a pattern is kept as %s', async (asked, kept) => {
    expect((await test.inject(asked)).status).toBe(200);
    await nothingWaits(test.service.kernel.services);
    const store = new RequestMetricsStore({ db: test.service.kernel.database });
    expect(await store.getRecent()).toMatchObject([{ path: kept, route: expect.stringMatching(/^\/\^/) }]);
    expect(log.lines.find(({ message }) => message === 'request')?.fields.path).toBe(kept);
    const { paths } = (await (await test.inject('/openapi.json')).json()) as { paths: object };
    expect(Object.keys(paths).filter((path) => path.includes('^'))).toEqual([]);
  });
});

it.each([
  ['GET', '/people/078-05-1120/7', '/people/***1120/7', '/people/:ssnNo/:id'],
  ['POST', '/people/078-05-1120/7', '/people/***1120/7', 'unmatched'],
  ['GET', '/of-another-router/hunter2', '/of-another-router/:token(\\w+)', '/of-another-router/:token(\\w+)'],
])('a recorder on an application of its own masks what it is told to: %s %s', async (method, path, kept, label) => {
  const events: RequestEvent[] = [];
  const sink = { push: (event: RequestEvent) => events.push(event) > 0 };
  const app = new Koa();
  setupRequestMetrics(app as never, { sink, sensitiveParams: ['ssn'] });
  const router = new Router();
  router.get('/people/:ssnNo/:id', answer);
  app.use(router.routes());
  app.use((ctx) => {
    if (ctx.path.startsWith('/of-another-router')) ctx._matchedRoute = '/of-another-router/:token(\\w+)';
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await (await fetch(`http://127.0.0.1:${port}${path}`, { method })).text();
  await expect.poll(() => events.map((event) => [event.path, event.route])).toEqual([[kept, label]]);
  server.close();
});

it('addresses that are called show no part that looks random', () => {
  expect(withoutSecretParts('/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXX1234')).toBe(
    '/services/T00000000/B00000000/***1234',
  );
  expect(withoutSecretParts('/bot123456:AAHdqTcvCH1vGWJxfSeofSAs0K5/sendMessage')).toBe('/***s0K5/sendMessage');
  for (const path of [
    '/',
    '/v1/checkout/sessions',
    '/01a22811-b9ef-721e-b311-45c93ba26cda/',
    '/internationalization-of',
  ])
    expect(withoutSecretParts(path)).toBe(path);
  expect([isSecretParameter('state'), isSecretParameter('statement'), maskedValue('1234')]).toEqual([
    true,
    false,
    '****',
  ]);
});
