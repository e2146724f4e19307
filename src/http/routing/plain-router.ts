import { Router } from '@koa/router';
import { DEFAULT_MAX_BODY_SIZE } from '../body/limit-body.js';
import { parseKnownBody } from '../body/parse-body.js';
import { compose } from '../compose.js';
import type { HttpContext, HttpMiddleware, Next } from '../request-state.js';
import type { HttpMethod } from './route.js';
import { marksOf, type RouteMarks } from './route-marks.js';

/** One route of a plain `@koa/router`, as the table sees it. */
export interface PlainRoute {
  methods: readonly string[];
  path: string | RegExp;
  regexp: RegExp;
  marks: RouteMarks;
}

export interface MountedPlainRouter {
  routes: PlainRoute[];
  dispatch: HttpMiddleware;
}

export function isPlainRouter(value: unknown): value is Router {
  return typeof value === 'object' && value !== null && 'stack' in value && 'routes' in value;
}

/** Mounts a copy of `router` below `prefix`; the original stays as it is. */
export function mountPlainRouter(router: Router, prefix: string): MountedPlainRouter {
  const mounted = new Router({ ...router.opts, prefix: '' });
  const nested = router.routes() as Parameters<typeof mounted.use>[0];
  if (prefix === '' || prefix === '/') mounted.use(nested);
  else mounted.use(prefix, nested);
  return {
    routes: plainRoutes(mounted),
    dispatch: compose([readPlainBody, heedKey, mounted.routes() as HttpMiddleware]),
  };
}

function plainRoutes(router: Router): PlainRoute[] {
  const around = router.stack.filter((layer) => layer.methods.length === 0);
  return router.stack
    .filter((layer) => layer.methods.length > 0)
    .map((layer) => ({
      methods: layer.methods,
      path: layer.path,
      regexp: layer.regexp,
      marks: marksOf([
        ...around.filter((outer) => outer.regexp.test(String(layer.path))).flatMap((outer) => outer.stack),
        ...layer.stack,
      ]),
    }));
}

/** `GET /users/:id`, `GET|POST /users`, or `ALL /users` for a route that takes whatever comes. */
export function routeName(methods: readonly string[], path: string | RegExp): string {
  const names = methods.filter((method) => method !== 'HEAD' || methods.length === 1);
  return `${names.length > 5 ? 'ALL' : names.join('|')} ${path}`;
}

export interface PathPattern {
  regexp: RegExp;
  paramNames: readonly string[];
}

/** A template as `@koa/router` reads it, so that typed and plain routes agree on what a path means. */
export function compilePattern(method: HttpMethod, path: string): PathPattern {
  const router = new Router({ sensitive: true });
  router.register(path, [method], () => {});
  const [layer] = router.stack;
  if (!layer) throw new Error(`No pattern came of ${path}`);
  return { regexp: layer.regexp, paramNames: layer.paramNames.map((key) => key.name) };
}

/** Plain routers expect JSON and forms in `ctx.request.body`. */
async function readPlainBody(ctx: HttpContext, next: Next): Promise<unknown> {
  const { value } = await parseKnownBody(ctx, ctx.state.bodyLimit ?? DEFAULT_MAX_BODY_SIZE);
  if (value !== undefined) Object.assign(ctx.request, { body: value });
  return next();
}

/** Around the whole router, whose routes may ask for more by `idempotent()`. */
function heedKey(ctx: HttpContext, next: Next): unknown {
  return ctx.state.idempotency ? ctx.state.idempotency.once(ctx, next) : next();
}
