import { ambientService, serviceKey } from '../../base/services.js';
import { ForbiddenError } from '../../http/errors.js';
import { getCurrentUser, type HttpContext, type HttpMiddleware, type Next } from '../../http/index.js';
import type { SessionHandle } from '../../orm/index.js';
import type { RoleAssignment } from './entities.js';
import { type AssignRoleOptions, type Resource, RoleStore } from './role-store.js';

/** The running kernel's roles, whose cache every question shares. */
export const roleService = serviceKey<RoleStore>('roles');

interface On {
  /** Default the running service's. */
  db?: SessionHandle;
}

/** Gives a user a role, everywhere or for one resource. @throws NotFoundError for an unknown role. */
export function assignRole(
  userId: string,
  roleName: string,
  { db, ...options }: AssignRoleOptions & On = {},
): Promise<RoleAssignment> {
  return storeOn(db).assign(userId, roleName, options);
}

/** False when the user does not have the role, for exactly that resource. */
export function revokeRole(
  userId: string,
  roleName: string,
  { db, ...resource }: Partial<Resource> & On = {},
): Promise<boolean> {
  return storeOn(db).revoke(userId, roleName, resource);
}

/** Whether a role of the user has the permission, everywhere or for the resource that is named. */
export function hasPermission(
  userId: string,
  permission: string,
  { db, ...resource }: Partial<Resource> & On = {},
): Promise<boolean> {
  return storeOn(db).hasPermission(userId, permission, resource);
}

function storeOn(db: SessionHandle | undefined): RoleStore {
  return (db ? undefined : ambientService(roleService)) ?? new RoleStore(db ? { db } : {});
}

/**
 * The guard behind `auth: { permission: … }`. Admins pass. Roles that are held for the workspace of the request count there.
 * @throws ForbiddenError (403)
 */
export async function assertPermission(
  ctx: HttpContext,
  permission: string,
  roles: Pick<RoleStore, 'hasPermission'>,
  resource?: Resource,
): Promise<void> {
  const user = getCurrentUser(ctx);
  if (user.isAdmin) return;
  const workspace = user.workspaceId && { resourceType: 'workspace', resourceId: user.workspaceId };
  for (const where of [resource ?? {}, workspace || {}]) {
    if (await roles.hasPermission(user.id, permission, where)) return;
  }
  throw new ForbiddenError(`Missing required permission: ${permission}`);
}

export interface RequirePermissionOptions {
  /** Roles that are held for one of these count, for the one whose id is in the path. */
  resourceType: string;
  /** The parameter of the path that holds its id. */
  param: string;
}

/** Middleware: lets pass who has a role with the permission. `requirePermission('docs:edit', { resourceType: 'doc', param: 'id' })`. */
export function requirePermission(permission: string, of?: RequirePermissionOptions): HttpMiddleware {
  return async function checkPermission(ctx: HttpContext, next: Next) {
    const resourceId = of && (ctx.params as Record<string, string | undefined>)[of.param];
    const resource = of && resourceId ? { resourceType: of.resourceType, resourceId } : undefined;
    await assertPermission(ctx, permission, storeOn(undefined), resource);
    return next();
  };
}
