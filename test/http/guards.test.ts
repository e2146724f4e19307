import { Router } from '@koa/router';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  createRouter,
  ForbiddenError,
  GuardRegistry,
  getCurrentUser,
  getCurrentUserOptional,
  getGeoFromHeaders,
  getRequestContext,
  optionalAuth,
  RouteTable,
  requireAdmin,
  requireAuth,
} from '../../src/http/index.js';
import { as, json, serve } from './support/serve.js';

async function answer(response: Response): Promise<[number, string]> {
  return [response.status, ((await response.json()) as { detail: string }).detail];
}

describe('auth of a typed route', () => {
  const router = createRouter();
  router.get('/user', { auth: 'user' }, async ({ user }) => ({ detail: user.id }));
  router.get('/admin', { auth: 'admin' }, async ({ user }) => ({ detail: user.id }));
  router.get('/optional', { auth: 'optional' }, async ({ user }) => ({ detail: user?.id ?? 'nobody' }));
  router.get('/none', {}, async () => ({ detail: 'open' }));
  router.post('/body', { auth: 'user', body: z.object({ a: z.string() }) }, async () => null);
  const { send } = serve([router]);

  it('asks for a caller before it looks at the body', async () => {
    expect(await answer(await send('/user'))).toEqual([401, 'Not authenticated']);
    expect((await send('/body', json({}))).status).toBe(401);
  });

  it('says in 401 answers how to authenticate', async () => {
    expect((await send('/user')).headers.get('www-authenticate')).toBe('Bearer');
  });

  it('answers with the reason a token was refused for', async () => {
    expect(await answer(await send('/user', as('bad')))).toEqual([401, 'Token has expired']);
  });

  it('does not close public routes to a refused token', async () => {
    expect(await answer(await send('/none', as('bad')))).toEqual([200, 'open']);
    expect(await answer(await send('/optional', as('bad')))).toEqual([200, 'nobody']);
  });

  it('lets admins in where admins are asked for, and nobody else', async () => {
    expect(await answer(await send('/admin', as('ann')))).toEqual([403, 'Admin access required']);
    expect(await answer(await send('/admin'))).toEqual([401, 'Not authenticated']);
    expect(await answer(await send('/admin', as('root')))).toEqual([200, 'root']);
  });
});

describe('guards of plain routers', () => {
  const router = new Router();
  router.get('/user', requireAuth, (ctx) => {
    ctx.body = { detail: getCurrentUser(ctx).id };
  });
  router.get('/admin', requireAdmin, (ctx) => {
    ctx.body = { detail: 'admin' };
  });
  router.get('/optional', optionalAuth, (ctx) => {
    ctx.body = { detail: getCurrentUserOptional(ctx)?.id ?? 'nobody' };
  });
  const { send } = serve([router]);

  it('answer 401 and 403 as typed routes do', async () => {
    expect(await answer(await send('/user'))).toEqual([401, 'Not authenticated']);
    expect(await answer(await send('/user', as('bad')))).toEqual([401, 'Token has expired']);
    expect(await answer(await send('/user', as('ann')))).toEqual([200, 'ann']);
    expect(await answer(await send('/admin', as('ann')))).toEqual([403, 'Admin access required']);
    expect(await answer(await send('/admin', as('root')))).toEqual([200, 'admin']);
    expect(await answer(await send('/optional'))).toEqual([200, 'nobody']);
    expect(await answer(await send('/optional', as('ann')))).toEqual([200, 'ann']);
  });
});

describe('guards that other rooms register', () => {
  it('refuse to be missing when the routes are compiled', () => {
    const router = createRouter().get('/x', { auth: { scope: 'a:b' } }, async () => null);
    const table = new RouteTable();
    table.mount([router]);

    expect(() => table.compile()).toThrow(/GET \/x asks for a scope, but nothing here can check one/);
  });

  it('refuse a guard whose value would let everyone pass', () => {
    const guards = new GuardRegistry();
    guards.register('scope', () => {});
    const table = new RouteTable(guards);
    table.mount([createRouter().get('/x', { auth: { scope: '' } }, async () => null)]);

    expect(() => table.compile()).toThrow(/auth\.scope is empty/);
  });

  it('run after the caller is known, each with what the route asks for', async () => {
    const guards = new GuardRegistry();
    guards.register('scope', (ctx, scope) => {
      if (ctx.state.auth?.userId !== 'ann') throw new ForbiddenError(`Missing scope ${scope}`);
    });
    const router = createRouter().get('/x', { auth: { scope: 'a:b' } }, async () => ({ detail: 'in' }));
    const { send } = serve([router], { routes: new RouteTable(guards) });

    expect(await answer(await send('/x'))).toEqual([401, 'Not authenticated']);
    expect(await answer(await send('/x', as('bob')))).toEqual([403, 'Missing scope a:b']);
    expect(await answer(await send('/x', as('ann')))).toEqual([200, 'in']);
  });
});

describe('what a handler can ask about the request', () => {
  it('is who, from where, with what and when', async () => {
    const router = createRouter().get('/x', {}, async ({ ctx }) => {
      const { timestamp, ...context } = getRequestContext(ctx);
      const { isAuthenticated, isAdmin, userId } = getRequestContext(ctx);
      return {
        ...context,
        user: undefined,
        fresh: Date.now() - timestamp.getTime() < 5000,
        isAuthenticated,
        isAdmin,
        userId,
      };
    });
    const { send } = serve([router]);

    const response = await send('/x', {
      headers: { ...as('root').headers, 'User-Agent': 'probe/1', 'X-Request-ID': 'r1' },
      remoteAddress: '203.0.113.9',
    });

    expect(await response.json()).toEqual({
      requestId: 'r1',
      ipAddress: '203.0.113.9',
      userAgent: 'probe/1',
      fresh: true,
      isAuthenticated: true,
      isAdmin: true,
      userId: 'root',
    });
  });

  it('is the country and city that Cloudflare names, where they look like some', async () => {
    const router = createRouter().get('/geo', {}, async ({ ctx }) => getGeoFromHeaders(ctx));
    const { send } = serve([router]);

    const named = await send('/geo', {
      headers: { 'CF-IPCountry': 'ch', 'CF-IPCity': 'Bern', 'CF-IPContinent': 'eu' },
    });
    const odd = await send('/geo', { headers: { 'CF-IPCountry': '<b>', 'CF-IPCity': 'x'.repeat(500) } });

    expect(await named.json()).toEqual({ country: 'CH', city: 'Bern', continent: 'EU' });
    expect(await odd.json()).toEqual({ country: null, city: null, continent: null });
  });
});
