import type { Service } from 'app-kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { releaseServices } from '../service/setup/fresh-service.js';
import { login, problemOf, sendTo, signUp } from '../service/setup/http-calls.js';
import { openShop } from './shop.js';

const ADMIN = { email: 'admin@example.com', password: 'tour-of-the-house' };

afterEach(releaseServices);

async function opened(options: Parameters<typeof openShop>[0] = {}): Promise<Service> {
  const service = openShop(options);
  await service.ready();
  return service;
}

describe('/healthz and /readyz', () => {
  it('say that the process lives, and that nothing is missing', async () => {
    const service = await opened();

    expect(await (await service.inject('/healthz')).json()).toEqual({ status: 'ok' });
    const ready = await service.inject('/readyz');
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({ status: 'healthy', checks: expect.any(Object) });
  });

  it('answer 503 and name the failing checks, given as tuples or as functions', async () => {
    async function storage(): Promise<[boolean, string]> {
      return [true, 'connected'];
    }
    const service = await opened({
      healthChecks: [
        ['database', async () => [false, 'no route to host']],
        storage,
        [
          'broken',
          () => {
            throw new Error('check is broken');
          },
        ],
      ],
    });

    const ready = await service.inject('/readyz');

    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({
      status: 'unhealthy',
      checks: {
        database: { healthy: false, message: 'no route to host' },
        storage: { healthy: true, message: 'connected' },
        broken: { healthy: false },
      },
    });
    expect((await service.inject('/healthz')).status).toBe(200);
  });

  it('do not wait for a check that hangs', async () => {
    const service = await opened({ healthChecks: [['hanging', () => new Promise(() => {})]] });

    const ready = await service.inject('/readyz');

    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ checks: { hanging: { healthy: false } } });
  });

  it('are not rate limited', async () => {
    const service = await opened({ rateLimitAnonymousRpm: 2 });
    for (let call = 0; call < 6; call++) {
      expect((await service.inject('/readyz')).status).toBe(200);
      expect((await service.inject('/healthz')).status).toBe(200);
    }
  });
});

describe('/metrics', () => {
  it('is for admins', async () => {
    const service = await opened({ admin: ADMIN });
    const send = sendTo(service);
    const user = await signUp(send);
    const admin = await login(send, ADMIN.email, { password: ADMIN.password });

    expect([401, 403]).toContain((await send('/metrics')).status);
    await problemOf(await send('/metrics', { headers: user.headers }), 403);
    const metrics = await send('/metrics', { headers: admin.headers });
    expect(metrics.status).toBe(200);
    expect(metrics.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await metrics.text()).toMatch(/^service_started(\{[^}]*\})? 1$/m);
  });

  it('labels requests by the template of their route, whatever the path', async () => {
    const service = await opened({ features: { protectMetrics: 'none' } });
    for (let id = 0; id < 20; id++) await service.inject(`/api/v1/items/unknown-${id}`);
    for (let id = 0; id < 20; id++) await service.inject(`/nowhere/${id}`);

    const text = await (await service.inject('/metrics')).text();

    expect(text).toContain('/api/v1/items/:id');
    expect(text).not.toMatch(/unknown-\d|nowhere/);
  });

  it('is open to addresses of the internal network, which a header cannot claim', async () => {
    const service = await opened({ features: { protectMetrics: 'internal' }, trustProxy: 1 });
    await service.listen(0, '127.0.0.1');
    const direct = await fetch(`http://127.0.0.1:${service.port}/metrics`);
    const claimed = await fetch(`http://127.0.0.1:${service.port}/metrics`, {
      headers: { 'x-forwarded-for': '203.0.113.9' },
    });

    expect(direct.status).toBe(200);
    expect([401, 403], 'behind a trusted proxy the outer address counts').toContain(claimed.status);
  });
});

describe('GET /api', () => {
  it('says what the service is and where its probes are', async () => {
    const service = await opened();

    const response = await service.inject('/api');

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      service: 'shop',
      version: '3.2.1',
      docs: '/docs',
      health: '/healthz',
      ready: '/readyz',
    });
  });
});
