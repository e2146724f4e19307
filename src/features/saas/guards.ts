import { withTenant } from '../../base/context.js';
import { ForbiddenError } from '../../http/errors.js';
import {
  type Guard,
  getCaller,
  getCurrentUser,
  type HttpContext,
  type HttpMiddleware,
  type Next,
  type UserIdentity,
} from '../../http/index.js';
import type { WorkspaceRole } from './entities.js';
import { hasRank, lacksRole } from './roles.js';
import { MemberStore } from './stores/member-store.js';
import type { WorkspaceStore } from './stores/workspace-store.js';

/**
 * The workspace that a request names: in its path (`:workspaceId`, `:workspace_id`), else as `workspace_id` in its query,
 * else in `X-Workspace-Id`. A path decides alone, so that nobody is checked for one workspace and served another.
 */
function namedWorkspace(ctx: HttpContext): string | undefined {
  const { workspaceId, workspace_id: workspace } = (ctx.params ?? {}) as Record<string, string | undefined>;
  const fromPath = workspaceId ?? workspace;
  if (fromPath !== undefined) return fromPath;
  const fromQuery = ctx.query.workspace_id;
  if (Array.isArray(fromQuery)) throw new ForbiddenError('Name one workspace_id');
  return fromQuery || ctx.get('X-Workspace-Id') || undefined;
}

/**
 * Lets pass who has the role, or a higher one, in the workspace that the request names, and notes both on the caller.
 * An unknown workspace is refused like a foreign one.
 * @throws ForbiddenError (403)
 */
async function assertWorkspaceRole(
  ctx: HttpContext,
  user: UserIdentity,
  least: WorkspaceRole,
  stores: { members: MemberStore; workspaces?: WorkspaceStore },
): Promise<string> {
  const id = namedWorkspace(ctx) ?? ctx.state.auth?.workspaceId ?? (await personalOf(user, stores.workspaces));
  const bound = ctx.state.auth?.workspaceId;
  if (id === undefined || (bound !== undefined && bound !== id)) throw lacksRole('member');
  const member = await stores.members.get(id, user.id);
  if (!member) throw lacksRole('member');
  if (!hasRank(member.role, least)) throw lacksRole(least);
  user.workspaceId = id;
  user.workspaceRole = member.role;
  return id;
}

async function personalOf(user: UserIdentity, workspaces?: WorkspaceStore): Promise<string | undefined> {
  return workspaces && (await workspaces.ensurePersonal(user)).id;
}

/** The guard behind `auth: { workspace: … }`: the handler then runs as the workspace's tenant. */
export function createWorkspaceGuard(stores: {
  members: MemberStore;
  workspaces: WorkspaceStore;
}): Guard<WorkspaceRole> {
  return async function checkWorkspaceRole(ctx, least) {
    return { tenantId: await assertWorkspaceRole(ctx, getCaller(ctx), least, stores) };
  };
}

function requireWorkspaceRole(least: WorkspaceRole): HttpMiddleware {
  const members = new MemberStore();
  return async function requireRole(ctx: HttpContext, next: Next) {
    const id = await assertWorkspaceRole(ctx, getCurrentUser(ctx), least, { members });
    return withTenant(id, next);
  };
}

/** Middleware for plain routers: lets members of the workspace in the path pass, and keeps their queries inside it. */
export const requireWorkspaceMember: HttpMiddleware = requireWorkspaceRole('member');
/** The same for admins and owners. */
export const requireWorkspaceAdmin: HttpMiddleware = requireWorkspaceRole('admin');
/** The same for owners. */
export const requireWorkspaceOwner: HttpMiddleware = requireWorkspaceRole('owner');
