import type { HttpContext } from '../request-state.js';

/** What a route is declared with: a template, or a pattern of a plain router. */
export type RoutePath = string | RegExp;

/** A route of a router that the kernel does not know, as `@koa/router` notes it. */
interface MatchedLayer {
  methods: readonly string[];
  path: RoutePath;
}

/** The template of the route that answered; `unmatched` where none did. */
export function routeLabel(ctx: HttpContext): string {
  return String(answeringPath(ctx) ?? 'unmatched');
}

/** Of the route that answered; of a 405 and a preflight, of all that take this path by other methods. */
export function knownPaths(ctx: HttpContext): readonly RoutePath[] {
  const answering = answeringPath(ctx);
  if (answering !== undefined) return [answering];
  const { otherRoutes = [] } = ctx.state;
  return [...otherRoutes, ...layersOf(ctx)].map(({ path }) => path);
}

/** A router that was put on the app without the kernel knowing still leaves its template behind. */
function answeringPath(ctx: HttpContext): RoutePath | undefined {
  return ctx.state.route?.path ?? ctx._matchedRoute;
}

/** Those of routers that the kernel does not know, whatever their methods. */
export function layersOf(ctx: HttpContext): readonly MatchedLayer[] {
  const { matched = [] } = ctx as { matched?: readonly MatchedLayer[] };
  return matched.filter(({ methods }) => methods.length > 0);
}
