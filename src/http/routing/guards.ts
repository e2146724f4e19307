import { AuthError, ForbiddenError } from '../errors.js';
import type { HttpContext, KernelState, Next } from '../request-state.js';
import type { UserIdentity } from '../user-identity.js';

/** All that a guard reads of a Koa context. */
export interface ContextWithState {
  state: KernelState;
}

/** The scope of an API key that may do whatever its user may. */
const EVERY_SCOPE = '*';

/**
 * Whoever asks, by whatever proof; what an API key may do is then for the caller to see to.
 * @throws AuthError (401) where nobody is logged in, or why the token that came was refused.
 */
export function getCaller(ctx: ContextWithState): UserIdentity {
  const { user, authError } = ctx.state;
  if (user) return user;
  throw authError ?? new AuthError();
}

/**
 * The caller. An API key stands for its user only where a guard has looked at its scopes, or with the scope `*`: what
 * names no scope is closed to keys that were narrowed.
 * @throws AuthError (401) where nobody is logged in, ForbiddenError (403) for an API key that is too narrow.
 */
export function getCurrentUser(ctx: ContextWithState): UserIdentity {
  const user = getCaller(ctx);
  if (standsForUser(ctx)) return user;
  throw new ForbiddenError('This API key may only be used where one of its scopes is asked for');
}

/** The caller, or null; null as well for an API key that is too narrow to stand for its user here. */
export function getCurrentUserOptional(ctx: ContextWithState): UserIdentity | null {
  const { user } = ctx.state;
  return user && standsForUser(ctx) ? user : null;
}

function standsForUser({ state: { auth, isKeyAdmitted } }: ContextWithState): boolean {
  return auth?.type !== 'api_key' || isKeyAdmitted === true || (auth.scopes ?? []).includes(EVERY_SCOPE);
}

/**
 * The caller, who has signed in.
 * @throws AuthError (401), ForbiddenError (403) for an API key, whatever its scopes.
 */
export function getSignedInUser(ctx: ContextWithState): UserIdentity {
  const user = getCaller(ctx);
  if (ctx.state.auth?.type === 'api_key') throw new ForbiddenError('API keys cannot be used here; sign in');
  return user;
}

/**
 * The caller, who has signed in and is an admin.
 * @throws AuthError (401), ForbiddenError (403)
 */
export function getCurrentAdmin(ctx: ContextWithState): UserIdentity {
  const user = getSignedInUser(ctx);
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
