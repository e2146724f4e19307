import { z } from 'zod';
import { NotFoundError } from '../../base/errors.js';
import { createRouter, type TypedRouter } from '../../http/index.js';
import type { UserStore } from '../auth/index.js';
import type { Role, RoleAssignment } from './entities.js';
import type { RoleStore } from './role-store.js';

export interface RbacRouterOptions {
  roles: RoleStore;
  /** Roles are given to users that exist. */
  users: Pick<UserStore, 'getById'>;
  /** Default `/admin/roles`. */
  prefix?: string;
}

const Name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^\P{C}+$/u, 'Control characters are not allowed');
const Moment = z.string().meta({ format: 'date-time' });
const Id = z.string().min(1).max(64);

const RoleResponse = z.object({
  id: z.string(),
  name: z.string(),
  permissions: z.array(z.string()),
  description: z.string().nullable(),
  created_at: Moment,
  updated_at: Moment,
});

const AssignmentResponse = z.object({
  id: z.string(),
  user_id: z.string(),
  role_id: z.string(),
  resource_type: z.string().nullable(),
  resource_id: z.string().nullable(),
  granted_by: z.string().nullable(),
  expires_at: Moment.nullable(),
  created_at: Moment,
});

const Held = z.object({
  user_id: Id,
  role: Name.describe('Its name.'),
  resource_type: Id.optional(),
  resource_id: Id.optional(),
});

/** Roles and who has them, for admins. */
export function createRbacRouter({ roles, users, prefix = '/admin/roles' }: RbacRouterOptions): TypedRouter {
  const router: TypedRouter = createRouter({ prefix, tags: ['roles'] });

  router.get('', { auth: 'admin', response: z.array(RoleResponse), summary: 'List roles' }, async () =>
    (await roles.list()).map(toRole),
  );

  router.post(
    '',
    {
      auth: 'admin',
      body: z.object({
        name: Name,
        permissions: z.array(z.string().max(200)).max(200),
        description: z.string().max(1000).nullish(),
      }),
      response: RoleResponse,
      summary: 'Make a role, or change the one of that name',
    },
    async ({ body }) => toRole(await roles.define(body)),
  );

  router.get(
    '/assignments',
    {
      auth: 'admin',
      query: z.object({ user_id: Id }),
      response: z.array(AssignmentResponse),
      summary: 'The roles of a user',
    },
    async ({ query }) => (await roles.listAssignments(query.user_id)).map(toAssignment),
  );

  router.post(
    '/assignments',
    {
      auth: 'admin',
      body: Held.extend({ expires_at: z.iso.datetime({ offset: true }).nullish() }),
      response: AssignmentResponse,
      summary: 'Give a user a role',
      description: 'Everywhere, or for one resource. It counts within a second on every instance.',
    },
    async ({ body, user }) => {
      if (!(await users.getById(body.user_id))) throw new NotFoundError('User not found');
      const expiresAt = body.expires_at ? new Date(body.expires_at) : null;
      const options = { ...resourceOf(body), grantedBy: user.id, expiresAt };
      return toAssignment(await roles.assign(body.user_id, body.role, options));
    },
  );

  router.delete(
    '/assignments',
    {
      auth: 'admin',
      query: Held.partial(),
      body: Held.optional(),
      summary: 'Take a role from a user',
      description: 'Named in the body or in the query.',
    },
    async ({ body, query }) => {
      const { user_id: userId, role, ...resource } = body ?? query;
      const isRevoked = userId && role && (await roles.revoke(userId, role, resourceOf(resource)));
      if (!isRevoked) throw new NotFoundError('Assignment not found');
    },
  );

  router.delete('/:roleId', { auth: 'admin', summary: 'Delete a role, also from who has it' }, async ({ params }) => {
    if (!(await roles.delete(params.roleId))) throw new NotFoundError('Role not found');
  });
  return router;
}

function resourceOf({ resource_type: type, resource_id: id }: { resource_type?: string; resource_id?: string }) {
  return { ...(type !== undefined && { resourceType: type }), ...(id !== undefined && { resourceId: id }) };
}

function toRole({ id, name, permissions, description, createdAt, updatedAt }: Role) {
  return { id, name, permissions, description: description ?? null, created_at: createdAt, updated_at: updatedAt };
}

function toAssignment(assignment: RoleAssignment) {
  const { id, userId, roleId, resourceType, resourceId, grantedBy, expiresAt, createdAt } = assignment;
  return {
    id,
    user_id: userId,
    role_id: roleId,
    resource_type: resourceType || null,
    resource_id: resourceId || null,
    granted_by: grantedBy ?? null,
    expires_at: expiresAt ?? null,
    created_at: createdAt,
  };
}
