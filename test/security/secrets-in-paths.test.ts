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
plain.get('/Plain/:apiKey', (ctx) => {
  ctx.body = {};
});

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
    ['/resets/Zk3rF9sQ0pLw7TbXyy22', '/resets/***yy22', 'unmatched'],
    ['/resets/01a22811-b9ef-721e-b311-45c93ba26cda', '/resets/01a22811-b9ef-721e-b311-45c93ba26cda', 'unmatched'],
  ])('%s is kept as %s', async (asked, kept, route) => {
    const full = (path: string): string => (path.startsWith('/api') || path === 'unmatched' ? path : `/api/v1${path}`);
    await test.inject(full(asked));
    await nothingWaits(test.service.kernel.services);
    const store = new RequestMetricsStore({ db: test.service.kernel.database });
    expect(await store.getRecent()).toMatchObject([{ path: full(kept), route: full(route) }]);
    const lines = log.lines.filter(({ message }) => message === 'request');
    expect(lines.map(({ fields }) => fields.path)).toEqual([full(kept)]);
  });
});

it('a recorder on an application of its own masks what it is told to', async () => {
  const events: RequestEvent[] = [];
  const sink = { push: (event: RequestEvent) => events.push(event) > 0 };
  const app = new Koa();
  setupRequestMetrics(app as never, { sink, sensitiveParams: ['ssn'] });
  const router = new Router();
  router.get('/people/:ssnNo/:id', (ctx) => {
    ctx.body = {};
  });
  app.use(router.routes());
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await (await fetch(`http://127.0.0.1:${port}/people/078-05-1120/7`)).text();
  await expect
    .poll(() => events.map(({ path, route }) => [path, route]))
    .toEqual([['/people/***1120/7', '/people/:ssnNo/:id']]);
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
