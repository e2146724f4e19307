import { ForbiddenError } from '../../http/errors.js';
import { getCaller, type HttpContext, type HttpMiddleware, type Next } from '../../http/index.js';
import { covers } from '../auth/index.js';

/** Who asks, whether by signing in or with an API key. */
export interface CombinedAuth {
  type: 'user' | 'api_key';
  userId: string;
  workspaceId: string | null;
  /** `['*']` for who has signed in: scopes narrow keys, people are limited by roles. */
  scopes: readonly string[];
  email: string;
  role: string;
}

/**
 * Who asks. A handler that takes this has to look at the scopes itself: `checkScope(auth, 'orders:read')`.
 * @throws AuthError (401)
 */
export function getCombinedAuth(ctx: HttpContext): CombinedAuth {
  const user = getCaller(ctx);
  const { auth } = ctx.state;
  const isKey = auth?.type === 'api_key';
  return {
    type: isKey ? 'api_key' : 'user',
    userId: user.id,
    workspaceId: user.workspaceId ?? auth?.workspaceId ?? null,
    scopes: isKey ? (auth.scopes ?? []) : ['*'],
    email: user.email,
    role: user.role,
  };
}

/** Whether who asks may do what `scope` names. A key without scopes may do nothing. */
export function checkScope(auth: Pick<CombinedAuth, 'type' | 'scopes'>, scope: string): boolean {
  return auth.type === 'user' || covers(auth.scopes, scope);
}

/** The guard behind `auth: { scope: … }`. @throws ForbiddenError (403) */
export function assertScope(ctx: HttpContext, scope: string): void {
  if (!checkScope(getCombinedAuth(ctx), scope)) throw new ForbiddenError(`Missing required scope: ${scope}`);
  ctx.state.isKeyAdmitted = true;
}

/** Middleware for plain routers: lets pass who has signed in, and API keys that have the scope. */
export function requireScope(scope: string): HttpMiddleware {
  return async function checkRequiredScope(ctx: HttpContext, next: Next) {
    assertScope(ctx, scope);
    return next();
  };
}
