import { AuthError, ForbiddenError } from '../errors.js';
import type { HttpContext, KernelState, Next } from '../request-state.js';
import type { UserIdentity } from '../user-identity.js';

/** All that a guard reads of a Koa context. */
export interface ContextWithState {
  state: KernelState;
}

/**
 * The caller.
 * @throws AuthError (401) where nobody is logged in, or why the token that came was refused.
 */
export function getCurrentUser(ctx: ContextWithState): UserIdentity {
  const { user, authError } = ctx.state;
  if (user) return user;
  throw authError ?? new AuthError();
}

/** The caller, or null. */
export function getCurrentUserOptional(ctx: ContextWithState): UserIdentity | null {
  return ctx.state.user ?? null;
}

/**
 * The caller, who is an admin.
 * @throws AuthError (401), ForbiddenError (403)
 */
export function getCurrentAdmin(ctx: ContextWithState): UserIdentity {
  const user = getCurrentUser(ctx);
  if (!user.isAdmin) throw new ForbiddenError('Admin access required');
  return user;
}

/** Middleware for plain routers: lets only logged-in callers pass. */
export function requireAuth(ctx: HttpContext, next: Next): Promise<unknown> {
  getCurrentUser(ctx);
  return next();
}

/** Middleware for plain routers: lets only admins pass. */
export function requireAdmin(ctx: HttpContext, next: Next): Promise<unknown> {
  getCurrentAdmin(ctx);
  return next();
}

/** Middleware for plain routers that says: anyone may pass, and `getCurrentUserOptional` tells who it is. */
export function optionalAuth(_ctx: HttpContext, next: Next): Promise<unknown> {
  return next();
}
