import type { HttpContext } from '../request-state.js';

/** The template of the route that answered; `unmatched` where none did. */
export function routeLabel(ctx: HttpContext): string {
  return knownTemplate(ctx) ?? 'unmatched';
}

/** A router that was put on the app without the kernel knowing still leaves its template behind. */
export function knownTemplate(ctx: HttpContext): string | undefined {
  const { route } = ctx.state;
  if (route) return route.template;
  return ctx._matchedRoute === undefined ? undefined : String(ctx._matchedRoute);
}
