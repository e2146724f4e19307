import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/ports.js';
import { createHealthRouter, createRootInfoRouter, Readiness } from '../../../src/features/health/index.js';
import { RateLimits } from '../../../src/http/index.js';
import { serve } from '../../http/support/serve.js';

async function ask(readiness: Readiness): Promise<[number, unknown]> {
  const { send } = serve([createHealthRouter({ readiness })]);
  const response = await send('/readyz');
  return [response.status, await response.json()];
}

async function checkDisk() {
  return [true, 'plenty'] as const;
}

describe('/healthz', () => {
  it('says that the process lives', async () => {
    const response = await serve([createHealthRouter({ readiness: new Readiness() })]).send('/healthz');

    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
  });
});

describe('/readyz', () => {
  it('is healthy where nothing is checked', async () => {
    expect(await ask(new Readiness())).toEqual([
      200,
      { status: 'healthy', checks: { note: 'no health checks configured' } },
    ]);
  });

  it('names functions and tuples, and is unhealthy as soon as one check is', async () => {
    const readiness = new Readiness({
      checks: [checkDisk, ['database', () => [false, 'no rows']], () => [true, 'fine']],
    });

    expect(await ask(readiness)).toEqual([
      503,
      {
        status: 'unhealthy',
        checks: {
          checkDisk: { healthy: true, message: 'plenty' },
          database: { healthy: false, message: 'no rows' },
          check_2: { healthy: true, message: 'fine' },
        },
      },
    ]);
  });

  it('reports a check that throws, without credentials', async () => {
    const readiness = new Readiness({
      checks: [['database', () => Promise.reject(new Error('no postgres://app:s3cret@db/app'))]],
    });

    expect(await ask(readiness)).toEqual([
      503,
      {
        status: 'unhealthy',
        checks: { database: { healthy: false, message: 'check failed: no postgres://***@db/app' } },
      },
    ]);
  });

  it('does not wait for a check that hangs', async () => {
    const readiness = new Readiness({ checks: [['stuck', () => new Promise(() => {})], checkDisk], timeoutMs: 20 });

    expect(await ask(readiness)).toEqual([
      503,
      {
        status: 'unhealthy',
        checks: {
          stuck: { healthy: false, message: 'check failed: no answer within 20 ms' },
          checkDisk: { healthy: true, message: 'plenty' },
        },
      },
    ]);
  });

  it('runs checks at once', async () => {
    let running = 0;
    let most = 0;
    let release: (() => void) | undefined;
    const both = new Promise<void>((resolve) => {
      release = resolve;
    });
    const check = async () => {
      most = Math.max(most, ++running);
      if (running === 2) release?.();
      await both;
      return [true, 'ok'] as const;
    };

    expect((await ask(new Readiness({ checks: [check, check, ['third', checkDisk]] })))[0]).toBe(200);
    expect(most).toBe(2);
  });

  it('runs them once for many probes, and again when the answer is old', async () => {
    const clock = new FakeClock();
    let runs = 0;
    const readiness = new Readiness({ checks: [['count', () => [++runs > 0, 'ok']]], clock, cacheMs: 1000 });

    await Promise.all([readiness.report(), readiness.report()]);
    clock.advance(999);
    await readiness.report();
    expect(runs).toBe(1);
    clock.advance(1);
    await readiness.report();
    expect(runs).toBe(2);
  });

  it('falls at once when the service is shutting down', async () => {
    const readiness = new Readiness({ checks: [checkDisk] });
    await readiness.report();
    readiness.drain();

    expect(await ask(readiness)).toEqual([
      503,
      { status: 'unhealthy', checks: { service: { healthy: false, message: 'shutting down' } } },
    ]);
  });
});

describe('the paths', () => {
  it('are not limited, and logged at debug wherever they are', async () => {
    const levels: string[] = [];
    const logger = {
      ...silentLogger,
      debug: () => void levels.push('debug'),
      info: () => void levels.push('info'),
    };
    const rateLimits = new RateLimits({
      limiter: { consume: () => Promise.reject(new Error('must not be asked')) },
      tiers: { anonymous: 1, authenticated: 1, admin: 1 },
      logger: { ...silentLogger, warn: () => void levels.push('limited') },
    });
    const { send } = serve([createHealthRouter({ checks: [checkDisk], healthPath: '/live' })], { logger, rateLimits });

    await send('/live');
    await send('/readyz');

    expect(levels).toEqual(['debug', 'debug']);
  });

  it('can be moved', async () => {
    const { send } = serve([
      createHealthRouter({ readiness: new Readiness(), healthPath: '/live', readyPath: '/ready' }),
    ]);

    expect([(await send('/live')).status, (await send('/ready')).status, (await send('/healthz')).status]).toEqual([
      200, 200, 404,
    ]);
  });
});

describe('GET /api', () => {
  it('says what runs here and where to look next', async () => {
    const info = { service: 'shop', version: '1.0.0', docs: '/docs', health: '/healthz' };
    const response = await serve([createRootInfoRouter(info)]).send('/api');

    expect(await response.json()).toEqual(info);
  });
});
