import { z } from 'zod';
import { NotFoundError } from '../../../base/errors.js';
import { BadRequestError, createRouter, type TypedRouter } from '../../../http/index.js';
import type { Saas } from '../create-saas.js';
import { Name, Slug, toWorkspace, WorkspaceResponse } from './schemas.js';

/** Most workspaces that one user may own by making them, so that nobody fills the table. */
const MAX_OWNED = 200;

export function createWorkspaceRoutes({ workspaces, members }: Saas, prefix: string): TypedRouter {
  const router = createRouter({ prefix, tags: ['workspaces'] });
  const one = '/:workspaceId';

  router.post(
    '',
    {
      auth: { proof: 'session' },
      body: z.object({ name: Name, slug: Slug.optional() }),
      response: WorkspaceResponse,
      status: 201,
      summary: 'Create a workspace',
    },
    async ({ body, user }) => {
      const owned = await workspaces.countOwned(user.id);
      if (owned >= MAX_OWNED) throw new BadRequestError(`You own ${MAX_OWNED} workspaces; delete one first`);
      return toWorkspace(await workspaces.create({ ...body, ownerId: user.id }), 'owner');
    },
  );

  router.get(
    '',
    { auth: { proof: 'session' }, response: z.array(WorkspaceResponse), summary: 'The caller’s workspaces' },
    async ({ user }) =>
      (await workspaces.listForUser(user.id)).map((workspace) => toWorkspace(workspace, workspace.role)),
  );

  router.get(
    one,
    { auth: { proof: 'session', workspace: 'member' }, response: WorkspaceResponse, summary: 'One workspace' },
    async ({ params, user }) => toWorkspace(found(await workspaces.get(params.workspaceId)), user.workspaceRole),
  );

  router.patch(
    one,
    {
      auth: { proof: 'session', workspace: 'admin' },
      body: z.object({ name: Name.optional(), slug: Slug.optional() }),
      response: WorkspaceResponse,
      summary: 'Rename a workspace',
    },
    async ({ params, body, user }) =>
      toWorkspace(found(await workspaces.update(params.workspaceId, body)), user.workspaceRole),
  );

  router.delete(
    one,
    {
      auth: { proof: 'session', workspace: 'owner' },
      summary: 'Delete a workspace',
      description: 'With its members, invites, projects and API keys.',
    },
    async ({ params }) => {
      const workspace = found(await workspaces.get(params.workspaceId));
      if (workspace.isPersonal) throw new BadRequestError('Cannot delete personal workspace');
      await workspaces.delete(workspace.id);
    },
  );

  router.post(
    `${one}/transfer`,
    {
      auth: { proof: 'session', workspace: 'owner' },
      body: z.object({ user_id: z.string().min(1) }),
      response: WorkspaceResponse,
      summary: 'Make another member the owner',
      description: 'The caller stays as an admin.',
    },
    async ({ params, body, user }) => {
      const workspace = await members.transfer(params.workspaceId, user.id, body.user_id);
      if (!workspace) throw new NotFoundError('Member not found');
      const role = (await members.get(workspace.id, user.id))?.role;
      return toWorkspace(workspace, role);
    },
  );
  return router;
}

/** The guard has seen it, so it is gone only when somebody deletes it at the same moment. */
function found<T>(workspace: T | null): T {
  if (workspace) return workspace;
  throw new NotFoundError('Workspace not found');
}
