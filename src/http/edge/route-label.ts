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

/** A router that was put on the app without the kernel knowing still leaves its template behind. */
export function answeringPath(ctx: HttpContext): RoutePath | undefined {
  return ctx.state.route?.path ?? ctx._matchedRoute;
}

/** Where no route answers: of those that take the path by other methods. */
export function otherPaths(ctx: HttpContext): readonly RoutePath[] {
  const { otherRoutes = [] } = ctx.state;
  return [...otherRoutes, ...layersOf(ctx)].map(({ path }) => path);
}

/** Those of routers that the kernel does not know, whatever their methods. */
export function layersOf(ctx: HttpContext): readonly MatchedLayer[] {
  const { matched = [] } = ctx as { matched?: readonly MatchedLayer[] };
  return matched.filter(({ methods }) => methods.length > 0);
}
