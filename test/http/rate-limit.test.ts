import { Router } from '@koa/router';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/ports.js';
import {
  createRouter,
  type LimitDecision,
  noRateLimit,
  RateLimits,
  type RequestLimiter,
  rateLimit,
} from '../../src/http/index.js';
import { as, problemOf, serve } from './support/serve.js';

/** Counts per bucket for ever, and remembers which buckets were asked for. */
class CountingLimiter implements RequestLimiter {
  readonly buckets = new Map<string, number>();

  async consume(bucket: string, limit: number, windowSeconds: number): Promise<LimitDecision> {
    const count = this.buckets.get(bucket) ?? 0;
    const allowed = count < limit;
    if (allowed) this.buckets.set(bucket, count + 1);
    const used = this.buckets.get(bucket) ?? 0;
    return {
      allowed,
      limit,
      remaining: limit - used,
      retryAfterSeconds: allowed ? 0 : 17.2,
      resetSeconds: windowSeconds - 0.5,
    };
  }
}

const tiers = { anonymous: 2, authenticated: 3, admin: 4 };

function limited(limiter: RequestLimiter = new CountingLimiter()) {
  const router = createRouter();
  router.get('/open', {}, async () => 'open');
  router.get('/other', {}, async () => 'other');
  router.post('/export/:id', { use: [rateLimit(1, 30)] }, async () => 'export');
  router.post('/hook', { use: [noRateLimit()] }, async () => 'hook');
  const rateLimits = new RateLimits({ limiter, tiers, logger: silentLogger });
  return { router, rateLimits, ...serve([router], { rateLimits }) };
}

async function statuses(send: () => Promise<Response>, times: number): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < times; i++) all.push((await send()).status);
  return all;
}

describe('tiers', () => {
  it('count every route of a caller together, by who the caller is', async () => {
    const limiter = new CountingLimiter();
    const { send } = limited(limiter);

    expect(await statuses(() => send('/open'), 2)).toEqual([200, 200]);
    expect(await statuses(() => send('/other'), 1)).toEqual([429]);
    expect(await statuses(() => send('/open', as('ann')), 4)).toEqual([200, 200, 200, 429]);
    expect(await statuses(() => send('/open', as('root')), 5)).toEqual([200, 200, 200, 200, 429]);
    expect([...limiter.buckets.keys()]).toEqual(['ip:127.0.0.1', 'user:ann', 'admin:root']);
  });

  it('count requests to unknown routes, so that scanning has an end', async () => {
    const { send } = limited();

    expect(await statuses(() => send('/nope'), 3)).toEqual([404, 404, 429]);
  });

  it('are told in the legacy and in the draft fields', async () => {
    const { headers } = await limited().send('/open');

    expect(headers.get('x-ratelimit-limit')).toBe('2');
    expect(headers.get('x-ratelimit-remaining')).toBe('1');
    expect(headers.get('x-ratelimit-reset')).toBe('60');
    expect(headers.get('ratelimit-policy')).toBe('"default";q=2;w=60');
    expect(headers.get('ratelimit')).toBe('"default";r=1;t=60');
    expect(headers.get('retry-after')).toBeNull();
  });

  it('end in a 429 that says when to come back', async () => {
    const { send } = limited();
    await statuses(() => send('/open'), 2);

    const response = await send('/open', { headers: { Origin: 'https://app.example' } });

    expect(response.headers.get('retry-after')).toBe('18');
    expect(response.headers.get('x-ratelimit-remaining')).toBe('0');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('x-request-id')).toBeTruthy();
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await problemOf(response)).toMatchObject({
      status: 429,
      code: 'E_RATE_LIMITED',
      detail: 'Rate limit exceeded',
    });
  });

  it('do not count preflights, probes and static files', async () => {
    const limiter = new CountingLimiter();
    const { send } = limited(limiter);
    const preflight = {
      method: 'OPTIONS',
      headers: { Origin: 'https://a.b', 'Access-Control-Request-Method': 'POST' },
    };

    await send('/open', preflight);
    await send('/healthz');
    await send('/static/app.js');

    expect(limiter.buckets.size).toBe(0);
  });

  it('let requests pass when the limiter cannot answer', async () => {
    const { send } = limited({
      consume: async () => {
        throw new Error('Redis is away');
      },
    });

    expect(await statuses(() => send('/open'), 5)).toEqual([200, 200, 200, 200, 200]);
  });

  it('are off without limits', async () => {
    const router = createRouter().get('/open', { use: [rateLimit(1)] }, async () => 'open');
    const { send } = serve([router]);

    expect(await statuses(() => send('/open'), 3)).toEqual([200, 200, 200]);
  });
});

describe('the limit of a route', () => {
  it('replaces the tier, in a bucket of the route and the caller', async () => {
    const limiter = new CountingLimiter();
    const { send } = limited(limiter);
    const post = (id: string, name: string) => () => send(`/export/${id}`, { method: 'POST', ...as(name) });

    expect(await statuses(post('1', 'ann'), 2)).toEqual([200, 429]);
    expect(await statuses(post('2', 'ann'), 1)).toEqual([429]);
    expect(await statuses(post('1', 'bob'), 1)).toEqual([200]);
    expect([...limiter.buckets.keys()]).toEqual([
      'route:POST /export/:id:1:user:ann',
      'route:POST /export/:id:1:user:bob',
    ]);
    expect(await statuses(() => send('/open', as('ann')), 3)).toEqual([200, 200, 200]);
  });

  it('can be none at all', async () => {
    const { send } = limited();

    expect(await statuses(() => send('/hook', { method: 'POST' }), 20)).toEqual(new Array(20).fill(200));
  });

  it('works on plain routers, on a route or on all of them', async () => {
    const limiter = new CountingLimiter();
    const router = new Router({ prefix: '/plain' });
    router.use(rateLimit(1));
    router.get('/a/:id', (ctx) => {
      ctx.body = 'a';
    });
    const rateLimits = new RateLimits({ limiter, tiers, logger: silentLogger });
    const { send } = serve([router], { rateLimits });

    expect(await statuses(() => send('/plain/a/1'), 2)).toEqual([200, 429]);
    expect([...limiter.buckets]).toEqual([['route:GET /plain/a/:id:1:ip:127.0.0.1', 1]]);
  });

  it('enforces itself on a router that the kernel does not know', async () => {
    const limiter = new CountingLimiter();
    const rateLimits = new RateLimits({ limiter, tiers: { ...tiers, anonymous: 50 }, logger: silentLogger });
    const { app, send } = serve([], { rateLimits });
    const own = new Router().get('/own/:id', rateLimit(1), (ctx) => {
      ctx.body = 'own';
    });
    app.use(own.routes());

    expect(await statuses(() => send('/own/1'), 2)).toEqual([200, 429]);
    expect(limiter.buckets.get('route:GET /own/:id:1:ip:127.0.0.1')).toBe(1);
  });

  it('must be a positive whole number', () => {
    expect(() => rateLimit(0)).toThrow(/limit must be a positive whole number, not 0/);
    expect(() => rateLimit(1, 0.5)).toThrow(/windowSeconds must be/);
  });
});
