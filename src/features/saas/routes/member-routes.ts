import { z } from 'zod';
import { NotFoundError } from '../../../base/errors.js';
import { BadRequestError, createRouter, type TypedRouter, type UserIdentity } from '../../../http/index.js';
import type { Saas } from '../create-saas.js';
import type { KernelWorkspaceMember, WorkspaceRole } from '../entities.js';
import { lacksRole, outranks } from '../roles.js';
import { MemberResponse, Role, toMember } from './schemas.js';

export function createMemberRoutes({ members }: Saas, prefix: string): TypedRouter {
  const router = createRouter({ prefix: `${prefix}/:workspaceId`, tags: ['workspaces'] });

  router.get(
    '/members',
    { auth: { proof: 'session', workspace: 'member' }, response: z.array(MemberResponse), summary: 'List members' },
    async ({ params }) => (await members.listForWorkspace(params.workspaceId)).map(toMember),
  );

  router.patch(
    '/members/:userId',
    {
      auth: { proof: 'session', workspace: 'admin' },
      body: z.object({ role: Role }),
      response: MemberResponse,
      summary: 'Change a member’s role',
      description: 'Admins change members; owners change everybody, and may make several owners. One owner stays.',
    },
    async ({ params, body, user }) => {
      const { workspaceId, userId } = params;
      const role = writtenRole(body.role, user);
      assertBelow(user, await existing(members.get(workspaceId, userId)), 'Cannot change owner’s role');
      return toMember(await existing(members.updateRole(workspaceId, userId, role)));
    },
  );

  router.delete(
    '/members/:userId',
    { auth: { proof: 'session', workspace: 'admin' }, summary: 'Remove a member' },
    async ({ params, user }) => {
      const { workspaceId, userId } = params;
      const member = await existing(members.get(workspaceId, userId));
      if (member.role === 'owner') throw new BadRequestError('Cannot remove owner');
      assertBelow(user, member, 'Cannot remove owner');
      await members.remove(workspaceId, userId);
    },
  );

  router.delete(
    '/leave',
    { auth: { proof: 'session', workspace: 'member' }, summary: 'Leave the workspace' },
    async ({ params, user }) => {
      await members.remove(params.workspaceId, user.id);
    },
  );
  return router;
}

/** Nobody gives a role above their own. */
function writtenRole(role: string, { workspaceRole }: UserIdentity): WorkspaceRole {
  if (role === 'member' || role === 'admin') return role;
  if (role === 'owner' && workspaceRole === 'owner') return role;
  if (role === 'owner') throw lacksRole('owner');
  throw new BadRequestError("Role must be 'admin' or 'member'");
}

function assertBelow({ workspaceRole = 'member' }: UserIdentity, member: KernelWorkspaceMember, refusal: string): void {
  if (outranks(workspaceRole, member.role)) return;
  if (member.role === 'owner') throw new BadRequestError(refusal);
  throw lacksRole('owner');
}

async function existing(member: Promise<KernelWorkspaceMember | null>): Promise<KernelWorkspaceMember> {
  const found = await member;
  if (found) return found;
  throw new NotFoundError('Member not found');
}
