import type { Router } from '@koa/router';
import type Koa from 'koa';
import { z } from 'zod';
import {
  type AuthInfo,
  createRouter,
  type Mountable,
  rateLimit,
  requireAdmin,
  requireAuth,
  type UserIdentity,
} from '../../src/http/index.js';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_answer: Same<A, B>): void => {};

const ProductIn = z.object({ name: z.string(), price: z.number().default(0) });
const ProductOut = z.object({ id: z.string(), name: z.string(), created_at: z.string() });

class Product {
  id = 'p1';
  name = 'Widget';
  createdAt = new Date();
  toJSON(): unknown {
    return { id: this.id, name: this.name, created_at: this.createdAt.toISOString() };
  }
}

const router = createRouter({ prefix: '/shops/:shop', tags: ['products'] });

router.get('/:id/*rest', {}, async ({ params, query, body, user, auth, signal, requestId }) => {
  same<typeof params.shop, string>(true);
  same<typeof params.id, string>(true);
  same<typeof params.rest, string>(true);
  // @ts-expect-error the template has no such parameter
  params.nope;
  same<typeof query, Record<string, string | string[] | undefined>>(true);
  same<typeof body, undefined>(true);
  same<typeof user, UserIdentity | null>(true);
  same<typeof auth, AuthInfo | null>(true);
  same<typeof signal, AbortSignal>(true);
  same<typeof requestId, string>(true);
});

router.get('/optional{/:page}', {}, async ({ params }) => {
  same<typeof params.shop, string>(true);
  same<typeof params.page, string | undefined>(true);
});

router.get('/', { query: z.object({ limit: z.coerce.number().default(20) }) }, async ({ query }) => {
  same<typeof query, { limit: number }>(true);
});

router.get('/:n/numbered', { params: z.object({ n: z.coerce.number() }) }, async ({ params }) => {
  same<typeof params, { n: number }>(true);
});

router.post(
  '/',
  { auth: 'user', body: ProductIn, response: ProductOut, status: 201, use: [rateLimit(5), requireAuth] },
  async ({ body, user, auth }) => {
    same<typeof body, { name: string; price: number }>(true);
    same<typeof user, UserIdentity>(true);
    same<typeof auth, AuthInfo>(true);
    return { id: user.id, name: body.name, created_at: new Date() };
  },
);

router.get('/admin', { auth: 'admin' }, async ({ user }) => same<typeof user, UserIdentity>(true));
router.get('/maybe', { auth: 'optional' }, async ({ user }) => same<typeof user, UserIdentity | null>(true));
router.get('/scoped', { auth: { scope: 'a:b', workspace: 'admin' } }, async ({ user }) => {
  same<typeof user, UserIdentity>(true);
});

router.get('/models', { response: z.array(ProductOut) }, async () => [new Product()]);
router.get('/model', { response: ProductOut }, () => new Product());
router.delete('/:id', { auth: 'admin' }, async ({ params }) => {
  same<typeof params.id, string>(true);
});

// @ts-expect-error the answer lacks created_at
router.get('/wrong', { response: ProductOut }, async () => ({ id: 'x', name: 'y' }));
// @ts-expect-error there is no such requirement
router.get('/wrong', { auth: 'superuser' }, async () => null);
// @ts-expect-error there is no such guard
router.get('/wrong', { auth: { scopes: 'a:b' } }, async () => null);
// @ts-expect-error misspelt option
router.get('/wrong', { auht: 'user' }, async () => null);

declare const plain: Router;
declare const koaMiddleware: Koa.Middleware;
const mountables: Mountable[] = [router, plain, ['/prefix', router], ['/prefix', plain, ['tag']]];
void mountables;
plain.get('/x', requireAuth, requireAdmin, rateLimit(5), (ctx) => {
  ctx.body = null;
});
router.get('/koa', { use: [koaMiddleware] }, async () => null);
