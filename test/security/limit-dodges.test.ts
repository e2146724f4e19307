import { Router } from '@koa/router';
import type { Middleware } from 'koa';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/ports.js';
import { createRouter, type InjectInit, RateLimits, rateLimit } from '../../src/http/index.js';
import { RateLimiter } from '../../src/reliability/index.js';
import { serve } from '../http/support/serve.js';

const ROUTE_LIMIT = 2;
const TIER = 5;
const PREFLIGHT = { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'GET' };

const ok: Middleware = (ctx) => {
  ctx.body = 'ok';
};
const limitWebhook = rateLimit(2) as Middleware;
const rateLimitedWebhook: Middleware = (ctx, next) =>
  ctx.path.startsWith('/own') ? limitWebhook(ctx, async () => ok(ctx, next)) : next();

function app() {
  let runs = 0;
  const router = new Router();
  router.all('/limited', rateLimit(ROUTE_LIMIT), (ctx) => {
    ctx.body = { run: ++runs };
  });
  router.all('/tier', (ctx) => {
    ctx.body = { run: ++runs };
  });
  router.get('/static/report', rateLimit(ROUTE_LIMIT), (ctx) => {
    ctx.body = { run: ++runs };
  });
  const tiers = { anonymous: TIER, authenticated: 100, admin: 100 };
  const { send } = serve([router], {
    cors: { allowOrigins: ['https://good.example'] },
    rateLimits: new RateLimits({ limiter: new RateLimiter(null), tiers, logger: silentLogger }),
  });
  const statuses = async (path: string, init: InjectInit, times: number): Promise<number[]> => {
    const all: number[] = [];
    for (let call = 0; call < times; call++) all.push((await send(path, init)).status);
    return all;
  };
  return { statuses, runs: () => runs };
}

describe('limits cannot be dodged', () => {
  it('by dressing a request as a preflight, where a route takes OPTIONS itself', async () => {
    const { statuses, runs } = app();

    await statuses('/limited', { method: 'OPTIONS', headers: PREFLIGHT }, 6);
    expect(runs()).toBe(ROUTE_LIMIT);
    await statuses('/tier', { method: 'OPTIONS', headers: PREFLIGHT }, 9);
    expect(runs()).toBe(ROUTE_LIMIT + TIER);
  });

  it('on a path below an unlimited folder that has a limit of its own', async () => {
    expect(await app().statuses('/static/report', {}, 4)).toEqual([200, 200, 429, 429]);
  });

  it('and the limits of a router and its route each count for themselves', async () => {
    const router = createRouter().use(rateLimit(6));
    router.get('/both', { use: [rateLimit(4)] }, () => ({}));
    const tiers = { anonymous: 100, authenticated: 100, admin: 100 };
    const rateLimits = new RateLimits({ limiter: new RateLimiter(null), tiers, logger: silentLogger });
    const { send } = serve([router], { rateLimits });

    const statuses: number[] = [];
    for (let call = 0; call < 6; call++) statuses.push((await send('/both')).status);

    expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
  });

  it.each([
    ['a router of its own', () => new Router().all('/own{/*rest}', rateLimit(2), ok).routes()],
    ['middleware without a router', () => rateLimitedWebhook],
  ])('on %s that the kernel does not know', async (_what, make) => {
    const tiers = { anonymous: 100, authenticated: 100, admin: 100 };
    const rateLimits = new RateLimits({ limiter: new RateLimiter(null), tiers, logger: silentLogger });
    const { app, send } = serve([], { rateLimits });
    app.use(make() as Middleware);
    let passed = 0;

    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      for (const path of ['/own', '/own/', '/own/1', '/own/2']) {
        if ((await send(path, { method })).status === 200) passed += 1;
      }
    }

    expect(passed).toBe(2);
  });

  it('by method, letter case, trailing slash or a forged address', async () => {
    const { statuses } = app();
    await statuses('/limited', {}, ROUTE_LIMIT);

    for (const method of ['HEAD', 'POST', 'PATCH', 'OPTIONS']) {
      expect(await statuses('/limited', { method }, 1)).toEqual([429]);
    }
    for (const path of ['/LIMITED', '/limited/', '/limited?a=1']) expect(await statuses(path, {}, 1)).toEqual([429]);
    expect(await statuses('/limited', { headers: { 'X-Forwarded-For': '9.9.9.9' } }, 1)).toEqual([429]);
  });

  it('while real preflights stay free', async () => {
    const { statuses } = app();
    const headers = { ...PREFLIGHT, Origin: 'https://good.example' };

    expect(new Set(await statuses('/tier', { method: 'OPTIONS', headers }, 20))).toEqual(new Set([204]));
    expect(await statuses('/tier', {}, 1)).toEqual([200]);
  });
});
