import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type Logger, silentLogger } from '../../src/base/ports.js';
import { createMetricsRouter } from '../../src/features/health/index.js';
import {
  createRouter,
  getRealIp,
  type InjectInit,
  type LimitDecision,
  RateLimits,
  RouteTable,
} from '../../src/http/index.js';
import { listen } from '../http/support/listen.js';
import { as, serve } from '../http/support/serve.js';

describe('row 53: the address behind proxies', () => {
  function seen(trustProxy: number) {
    const router = createRouter().get('/ip', {}, async ({ ctx }) => getRealIp(ctx));
    const { send } = serve([router], { trustProxy });
    return async (forwarded: string | undefined, remoteAddress = '10.0.0.1'): Promise<unknown> => {
      const headers: Record<string, string> = forwarded === undefined ? {} : { 'X-Forwarded-For': forwarded };
      return (await send('/ip', { headers, remoteAddress })).json();
    };
  }

  it('is the peer where no proxy is trusted, whatever the client claims', async () => {
    const ip = seen(0);

    expect(await ip('1.2.3.4')).toBe('10.0.0.1');
    expect(await ip('1.2.3.4, 5.6.7.8')).toBe('10.0.0.1');
  });

  it('is what the trusted proxy saw, not what the client wrote before', async () => {
    const ip = seen(1);

    expect(await ip('6.6.6.6, 203.0.113.7')).toBe('203.0.113.7');
    expect(await ip('spoofed, 6.6.6.6, 203.0.113.7')).toBe('203.0.113.7');
    expect(await ip(undefined)).toBe('10.0.0.1');
    expect(await ip('')).toBe('10.0.0.1');
  });

  it('counts as many hops as there are', async () => {
    const ip = seen(2);

    expect(await ip('6.6.6.6, 203.0.113.7, 172.16.0.9')).toBe('203.0.113.7');
    expect(await ip('203.0.113.7:4711, [2001:db8::1]:80')).toBe('203.0.113.7');
  });

  it('reads one address one way, however it is spelled', async () => {
    const ip = seen(0);

    for (const alias of ['::ffff:1.2.3.4', '::FFFF:102:304', '0:0:0:0:0:ffff:1.2.3.4']) {
      expect(await ip(undefined, alias)).toBe('1.2.3.4');
    }
  });

  it('puts a whole IPv6 network, and every spelling of an address, into one rate-limit bucket', async () => {
    const buckets = new Set<string>();
    const limiter = {
      consume: async (bucket: string, limit: number): Promise<LimitDecision> => {
        buckets.add(bucket);
        return { allowed: true, limit, remaining: 1, retryAfterSeconds: 0, resetSeconds: 1 };
      },
    };
    const tiers = { anonymous: 5, authenticated: 5, admin: 5 };
    const rateLimits = new RateLimits({ limiter, tiers, logger: silentLogger });
    const { send } = serve([], { rateLimits });

    for (const remoteAddress of ['2001:db8:1:2::1', '2001:0DB8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2::9%eth0']) {
      await send('/', { remoteAddress });
    }
    for (const remoteAddress of ['1.2.3.4', '::ffff:1.2.3.4']) await send('/', { remoteAddress });
    await send('/', { remoteAddress: '2001:db8:1:3::1' });

    expect([...buckets]).toEqual(['ip:2001:db8:1:2::/64', 'ip:1.2.3.4', 'ip:2001:db8:1:3::/64']);
  });
});

describe('row 55: what a client writes into logs and headers', () => {
  it.each([
    ['a line break', 'a%0d%0aSet-Cookie: x=1'],
    ['terminal escapes', 'a\u001b[31m'],
    ['100 kB', 'a'.repeat(100_000)],
    ['a space', 'a b'],
    ['nothing', ''],
  ])('is no request id when it is %s', async (_name, id) => {
    const lines: string[] = [];
    const note = (fields: object | string) => void lines.push(JSON.stringify(fields));
    const logger: Logger = { ...silentLogger, info: note, warn: note };
    const { send } = serve([createRouter().get('/', {}, async () => null)], { logger });

    const response = await send('/', { headers: new Headers([['X-Request-ID', id.replaceAll('\u001b', '\\x1b')]]) });

    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(lines.join()).not.toContain(id.slice(0, 200) || 'Set-Cookie');
  });

  it('is taken as it is when it is a modest token', async () => {
    const { send } = serve([]);

    expect((await send('/', { headers: { 'X-Request-ID': 'trace_1.a-B' } })).headers.get('x-request-id')).toBe(
      'trace_1.a-B',
    );
  });

  it('cannot make a log line long or break it', async () => {
    const paths: unknown[] = [];
    const note = (fields: object | string) => void paths.push((fields as { path?: string }).path);
    await using server = await listen(serve([], { logger: { ...silentLogger, warn: note } }));

    await server.raw(`GET /${'x/'.repeat(4500)}%0d%0aforged HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);

    expect(String(paths[0])).toHaveLength(500);
    expect(String(paths[0])).not.toMatch(/[\r\n]/);
  });
});

describe('row 57: CORS', () => {
  const allowed = { allowOrigins: ['https://app.example'] };
  const ask = (origin: string, cors: object) =>
    serve([createRouter().get('/', {}, async () => null)], { cors }).send('/', { headers: { Origin: origin } });

  it('answers an allowed origin, with credentials', async () => {
    const { headers } = await ask('https://app.example', allowed);

    expect(headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(headers.get('access-control-allow-credentials')).toBe('true');
    expect(headers.get('access-control-expose-headers')).toBe('X-Runtime,X-Request-ID');
    expect(headers.get('vary')).toContain('Origin');
  });

  it.each([
    'null',
    'https://app.example.evil.com',
    'https://evilapp.example',
    'http://app.example',
    'https://app.example:8443',
    'https://APP.example',
    'https://app.example/',
  ])('answers nothing to %s', async (origin) => {
    const { headers } = await ask(origin, allowed);

    expect(headers.has('access-control-allow-origin')).toBe(false);
    expect(headers.has('access-control-allow-credentials')).toBe(false);
  });

  it('never allows credentials to everybody', async () => {
    const { headers } = await ask('https://evil.example', { allowOrigins: ['*'], allowCredentials: true });

    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.has('access-control-allow-credentials')).toBe(false);
  });

  it('answers preflights with what is configured', async () => {
    const { send } = serve([], { cors: { ...allowed, allowMethods: ['GET', 'POST'], allowHeaders: ['X-Own'] } });
    const preflight = (origin: string) =>
      send('/', {
        method: 'OPTIONS',
        headers: {
          Origin: origin,
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'X-Other',
        },
      });

    const mine = await preflight('https://app.example');
    const foreign = await preflight('https://evil.example');

    expect(mine.status).toBe(204);
    expect(mine.headers.get('access-control-allow-methods')).toBe('GET,POST');
    expect(mine.headers.get('access-control-allow-headers')).toBe('X-Own');
    expect(mine.headers.get('access-control-max-age')).toBe('600');
    expect(mine.headers.has('x-request-id')).toBe(true);
    expect(foreign.headers.has('access-control-allow-origin')).toBe(false);
  });
});

describe('row 58: security headers', () => {
  it('are complete', async () => {
    const { headers } = await serve([createRouter().get('/api/x', {}, async () => null)], { production: true }).send(
      '/api/x',
    );

    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('x-xss-protection')).toBe('1; mode=block');
    expect(headers.get('referrer-policy')).toBe('strict-origin-when-cross-origin');
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('content-security-policy')).toMatch(/script-src 'self';/);
    expect(headers.get('permissions-policy')).toContain('camera=()');
    expect(headers.get('cache-control')).toBe('no-store, max-age=0');
    expect(headers.has('x-powered-by')).toBe(false);
  });

  it('send HSTS in production only', async () => {
    expect((await serve([]).send('/')).headers.has('strict-transport-security')).toBe(false);
  });

  it.each([
    ['/api', 'no-store, max-age=0'],
    ['/v9/things', 'no-store, max-age=0'],
    ['/apiary.js', 'public, max-age=3600, must-revalidate'],
    ['/app.3f2a9c1b.js', 'public, max-age=31536000, immutable'],
    ['/app-3F2A9C1B22.css', 'public, max-age=31536000, immutable'],
    ['/index.html', 'no-cache, no-store, must-revalidate'],
    ['/some/page', 'no-cache, no-store, must-revalidate'],
    ['/', 'no-cache, no-store, must-revalidate'],
    ['/data.json', null],
  ])('say how long %s may be kept: %s', async (path, expected) => {
    const router = createRouter()
      .get('/*any', {}, async () => null)
      .get('/', {}, async () => null);
    const { headers } = await serve([router], { apiPrefix: '/v9' }).send(path);

    expect(headers.get('cache-control')).toBe(expected);
  });

  it('never let an error be kept', async () => {
    expect((await serve([]).send('/app.3f2a9c1b.js')).headers.get('cache-control')).toBe('no-store, max-age=0');
  });
});

/** Processor time, which a busy machine does not stretch. */
async function cpuMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

describe('row 59: hostile and slow requests', () => {
  it('cost little, however their headers and paths are made', async () => {
    const router = createRouter();
    router.get('/a/:x/b/:y', {}, async () => null);
    router.get('/files/*path', {}, async () => null);
    const { send } = serve([router], { trustProxy: 2 });
    const hostile: Array<[string, InjectInit?]> = [
      [`/a/${'a/b/'.repeat(3000)}`],
      [`/files/${'%25'.repeat(3000)}`],
      [`/${'a-'.repeat(4000)}.js`],
      [`/${'-0123456789abcdef'.repeat(800)}.js`],
      ['/', { headers: { 'X-Forwarded-For': `${'1,'.repeat(4000)}${' '.repeat(3000)}x` } }],
      ['/', { headers: { 'Content-Type': `application/${'a.'.repeat(3000)}+`, 'X-Request-ID': 'a'.repeat(7000) } }],
    ];

    for (const [path, init] of hostile) {
      const costs: number[] = [];
      for (let round = 0; round < 4; round++) costs.push(await cpuMs(() => send(path, init)));
      expect(Math.min(...costs), path.slice(0, 20)).toBeLessThan(50);
    }
  });

  it('are cut off when their headers do not come', async () => {
    await using server = await listen(serve([]), { headersTimeoutMs: 300, requestTimeoutMs: 300 });
    const socket = connect(server.port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    await once(socket, 'connect');
    socket.write('GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ');
    await once(socket, 'close');

    const answer = Buffer.concat(chunks).toString();
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"status":408');
  });

  it.each([
    ['malformed HTTP', 'NONSENSE\r\n\r\n', 400],
    ['a header without end', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
  ])('get a problem with every header for %s', async (_name, bytes, status) => {
    await using server = await listen(serve([]), { production: true });

    const answer = await server.raw(bytes);

    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    for (const header of [
      'X-Request-ID: ',
      'X-Content-Type-Options: nosniff',
      'Strict-Transport-Security: ',
      'application/problem+json',
    ]) {
      expect(answer).toContain(header);
    }
  });
});

describe('row 60: metrics', () => {
  const metrics = (protection: 'admin' | 'internal' | 'none', trustProxy = 0) => {
    const routes = new RouteTable();
    return serve([createMetricsRouter({ render: () => 'service_started 1\n', protection })], { routes, trustProxy })
      .send;
  };

  it('are for admins by default', async () => {
    const send = metrics('admin');

    expect((await send('/metrics')).status).toBe(401);
    expect((await send('/metrics', as('ann'))).status).toBe(403);
    const shown = await send('/metrics', as('root'));
    expect(shown.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await shown.text()).toBe('service_started 1\n');
  });

  it('that are internal open to private peers, and to no forwarded claim', async () => {
    for (const trustProxy of [0, 1]) {
      const send = metrics('internal', trustProxy);
      const status = async (remoteAddress: string, headers: Record<string, string> = {}) =>
        (await send('/metrics', { remoteAddress, headers })).status;

      expect(await status('10.1.2.3')).toBe(200);
      expect(await status('::ffff:192.168.1.1')).toBe(200);
      expect(await status('203.0.113.7')).toBe(401);
      expect(await status('203.0.113.7', { 'X-Forwarded-For': '10.0.0.1' })).toBe(401);
      expect(await status('10.1.2.3', { 'X-Forwarded-For': '10.0.0.9' })).toBe(401);
      expect(await status('10.1.2.3', { Forwarded: 'for=10.0.0.9' })).toBe(401);
      expect(await status('203.0.113.7', as('root').headers as Record<string, string>)).toBe(200);
    }
  });

  it('may be open', async () => {
    expect((await metrics('none')('/metrics')).status).toBe(200);
  });
});
