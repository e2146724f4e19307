import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { currentContext } from '../../src/base/context.js';
import { ConnectionError } from '../../src/base/errors.js';
import { type Logger, silentLogger } from '../../src/base/ports.js';
import { Services } from '../../src/base/services.js';
import { createRouter } from '../../src/http/index.js';
import { as, json, problemOf, serve } from './support/serve.js';

const EVERYWHERE = [
  'x-request-id',
  'x-runtime',
  'x-content-type-options',
  'x-frame-options',
  'content-security-policy',
  'access-control-allow-origin',
];

function app() {
  const router = createRouter();
  router.get('/ok', {}, async () => 'ok');
  router.get('/boom', {}, async () => {
    throw new Error('canary');
  });
  router.get('/locked', { auth: 'user' }, async () => null);
  router.post('/body', { body: z.object({ a: z.number() }) }, async () => null);
  return router;
}

interface Line {
  level: string;
  fields: Record<string, unknown>;
}

function recordingLogger(): { logger: Logger; lines: Line[] } {
  const lines: Line[] = [];
  const write = (level: string) => (fields: object | string) => {
    lines.push({ level, fields: typeof fields === 'string' ? { message: fields } : { ...fields } });
  };
  const logger: Logger = {
    ...silentLogger,
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
  return { logger, lines };
}

afterEach(() => vi.restoreAllMocks());

describe('every answer', () => {
  it.each([
    ['200', '/ok', {}, 200],
    ['401', '/locked', {}, 401],
    ['404', '/nope', {}, 404],
    ['405', '/ok', { method: 'DELETE' }, 405],
    ['413', '/body', json({ a: 'x'.repeat(2000) }), 413],
    ['415', '/body', { method: 'POST', body: 'a=1' }, 415],
    ['422', '/body', json({}), 422],
    ['500', '/boom', {}, 500],
  ])('carries request id, runtime, CORS and security headers: %s', async (_name, path, init, status) => {
    const { send } = serve([app()], { security: { maxBodySize: 1000 }, production: true });

    const response = await send(path, { ...init, headers: { Origin: 'https://a.b', ...init.headers } });

    expect(response.status).toBe(status);
    expect([...EVERYWHERE, 'strict-transport-security'].filter((name) => !response.headers.has(name))).toEqual([]);
    if (status >= 400)
      expect(await problemOf(response)).toMatchObject({ status, request_id: response.headers.get('x-request-id') });
  });
});

describe('the order of the stages', () => {
  it('knows the route first, and refuses a large body before it asks who is there', async () => {
    const order: string[] = [];
    const { send } = serve([app()], {
      security: { maxBodySize: 10 },
      authenticate: (ctx) => {
        order.push(`authenticate ${ctx.state.route?.name}`);
      },
      metering: (_ctx, next) => {
        order.push('metering');
        return next();
      },
    });

    await send('/ok');
    await send('/body', json({ a: 'x'.repeat(100) }));

    expect(order).toEqual(['authenticate GET /ok', 'metering']);
  });

  it("runs the application's own middleware inside, before the routes", async () => {
    const { app: koa, send } = serve([app()]);
    koa.use(async (ctx, next) => {
      await next();
      ctx.set('X-Own', `${ctx.state.requestId} ${ctx.status}`);
    });

    const response = await send('/ok', { headers: { 'X-Request-ID': 'r1' } });

    expect(response.headers.get('x-own')).toBe('r1 200');
  });

  it('closes the service when nobody can tell who is calling', async () => {
    const { send } = serve([app()], {
      authenticate: () => {
        throw new ConnectionError('database and Redis are away');
      },
    });

    const response = await send('/ok', as('ann'));

    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  });
});

describe('the ambient context', () => {
  it('carries request id, address, agent, caller and services through every await', async () => {
    const services = new Services();
    const router = createRouter().get('/ctx', {}, async () => {
      await Promise.resolve();
      const { services: own, ...context } = currentContext();
      return { ...context, own: own === services };
    });
    const { send } = serve([router], { services });

    const response = await send('/ctx', {
      headers: { ...as('ann').headers, 'X-Request-ID': 'r1', 'User-Agent': 'probe' },
    });

    expect(await response.json()).toEqual({
      requestId: 'r1',
      ipAddress: '127.0.0.1',
      userAgent: 'probe',
      actor: { id: 'ann', type: 'user', role: 'user', email: 'ann@example.com' },
      own: true,
    });
    services.close();
  });
});

describe('the access log', () => {
  it('has one line per request, with the level of its status', async () => {
    const { logger, lines } = recordingLogger();
    const { send } = serve([app()], { logger });

    await send('/ok', as('ann'));
    await send('/nope');
    await send('/boom');
    await send('/healthz');

    const requests = lines.filter((line) => 'path' in line.fields);
    expect(requests.map(({ level, fields }) => [level, fields.path, fields.status])).toEqual([
      ['info', '/ok', 200],
      ['warn', '/nope', 404],
      ['error', '/boom', 500],
      ['warn', '/healthz', 404],
    ]);
    expect(requests[0]?.fields).toEqual({
      request_id: expect.any(String),
      method: 'GET',
      path: '/ok',
      status: 200,
      duration_ms: expect.any(Number),
      user_id: 'ann',
    });
  });

  it('tells of a fault that no error boundary caught', async () => {
    const { logger, lines } = recordingLogger();
    await serve([app()], { logger, security: { enableErrorHandling: false } }).send('/boom');

    expect(lines.map(({ level, fields }) => [level, fields.status])).toEqual([['error', 500]]);
  });

  it('is quiet about probes that pass', async () => {
    const { logger, lines } = recordingLogger();
    const { send } = serve([createRouter().get('/healthz', {}, async () => 'ok')], { logger });

    await send('/healthz');

    expect(lines.map((line) => line.level)).toEqual(['debug']);
  });

  it('counts and times by template, never by path', async () => {
    const counted: unknown[] = [];
    const timed: unknown[] = [];
    const router = createRouter().get('/things/:id', {}, async () => null);
    const { send } = serve([router], {
      metrics: {
        increment: (name, labels) => counted.push([name, labels]),
        histogram: (name, _value, labels) => timed.push([name, labels]),
        gauge: () => {},
      },
    });

    await send('/things/1');
    await send('/nope/1');

    expect(counted).toEqual([
      ['http_requests_total', { method: 'GET', route: '/things/:id', status: 200 }],
      ['http_requests_total', { method: 'GET', route: 'unmatched', status: 404 }],
    ]);
    expect(timed[0]).toEqual([
      'http_request_duration_seconds',
      { method: 'GET', route: '/things/:id', status_class: '2xx' },
    ]);
  });
});

describe('each toggle has an effect', () => {
  it('enableRequestId', async () => {
    expect(
      (await serve([app()], { security: { enableRequestId: false } }).send('/ok')).headers.has('x-request-id'),
    ).toBe(false);
  });

  it('enableSecurityHeaders', async () => {
    const { headers } = await serve([app()], { security: { enableSecurityHeaders: false } }).send('/ok');
    expect(headers.has('x-frame-options')).toBe(false);
  });

  it('enableRequestLogging', async () => {
    const { logger, lines } = recordingLogger();
    await serve([app()], { logger, security: { enableRequestLogging: false } }).send('/ok');
    expect(lines).toEqual([]);
  });

  it('enableErrorHandling', async () => {
    const response = await serve([app()], { security: { enableErrorHandling: false } }).send('/boom');
    expect([response.status, await response.text()]).toEqual([500, 'Internal Server Error']);
  });

  it('maxBodySize', async () => {
    const { send } = serve([app()], { security: { maxBodySize: 5 } });
    expect((await send('/body', json({ a: 12345 }))).status).toBe(413);
  });

  it('debug', async () => {
    const shown = await (await serve([app()], { security: { debug: true } }).send('/boom')).text();
    const hidden = await (await serve([app()]).send('/boom')).text();
    expect(shown).toContain('canary');
    expect(hidden).not.toContain('canary');
  });

  it('cors.enabled', async () => {
    const { headers } = await serve([app()], { cors: { enabled: false } }).send('/ok', {
      headers: { Origin: 'https://a' },
    });
    expect(headers.has('access-control-allow-origin')).toBe(false);
  });
});
