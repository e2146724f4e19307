import { NotFoundError } from '../../base/errors.js';
import { MethodNotAllowedError } from '../errors.js';
import type { HttpContext, HttpMiddleware, Next } from '../request-state.js';
import type { RouteTable } from './route-table.js';

/** Says which route will answer, for the labels, limits and marks of the stages in between. Refuses nothing yet. */
export function resolveRoute(routes: RouteTable): HttpMiddleware {
  return function resolve(ctx: HttpContext, next: Next) {
    const route = routes.match(ctx.method, ctx.path);
    if (route) ctx.state.route = route;
    else ctx.state.otherRoutes = routes.matchAll(ctx.path);
    return next();
  };
}

/** The innermost stage: the route, or 404, 405 and the answer to OPTIONS. */
export function answerRoute(routes: RouteTable): HttpMiddleware {
  return function route(ctx: HttpContext) {
    return routes.dispatch(ctx, async () => answerUnmatched(ctx, routes));
  };
}

function answerUnmatched(ctx: HttpContext, routes: RouteTable): void {
  const allowed = routes.allowedMethods(ctx.path);
  if (allowed.length > 0 && ctx.method === 'OPTIONS') {
    ctx.status = 204;
    ctx.set('Allow', allowed.join(', '));
    return;
  }
  const passedOn = allowed.includes(ctx.method);
  if (allowed.length > 0 && !passedOn) throw new MethodNotAllowedError(allowed);
  throw new NotFoundError('Not Found');
}
