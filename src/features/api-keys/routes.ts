import { z } from 'zod';
import { NotFoundError } from '../../base/errors.js';
import { BadRequestError, createRouter, ForbiddenError, type HttpContext, type TypedRouter } from '../../http/index.js';
import type { Saas } from '../saas/index.js';
import type { ApiKeyStore, IssuedApiKey } from './api-key-store.js';
import type { KernelApiKey } from './entities.js';

export interface ApiKeyRouterOptions {
  keys: ApiKeyStore;
  /** Default: keys belong to no workspace. */
  saas?: Pick<Saas, 'members' | 'workspaces'> | undefined;
  /** Default `/api-keys`. */
  prefix?: string;
}

/** Most keys of one user that are not revoked. */
const MAX_KEYS = 100;
const TEN_YEARS = 3650;

const Moment = z.string().meta({ format: 'date-time' });
const Issued = z.object({
  id: z.string(),
  key: z.string().describe('Shown this one time.'),
  name: z.string(),
  scopes: z.array(z.string()),
  expires_at: Moment.nullable(),
  created_at: Moment,
});
const Shown = z.object({
  id: z.string(),
  name: z.string(),
  key_prefix: z.string(),
  scopes: z.array(z.string()),
  workspace_id: z.string().nullable(),
  expires_at: Moment.nullable(),
  last_used_at: Moment.nullable(),
  revoked_at: Moment.nullable(),
  created_at: Moment,
});

/** Making, listing, rotating and revoking API keys. No API key opens these routes. */
export function createApiKeyRouter({ keys, saas, prefix = '/api-keys' }: ApiKeyRouterOptions): TypedRouter {
  const router: TypedRouter = createRouter({ prefix, tags: ['api-keys'] });
  const auth = { proof: 'session' } as const;

  const hasRole = async (key: KernelApiKey, userId: string): Promise<boolean> =>
    key.workspaceId ? ((await saas?.members.isAdmin(key.workspaceId, userId)) ?? false) : false;

  /** The key, for whose it is and for admins of its workspace; for others there is none. */
  const visible = async (keyId: string, userId: string): Promise<KernelApiKey> => {
    const key = await keys.get(keyId);
    if (key && (key.userId === userId || (await hasRole(key, userId)))) return key;
    throw new NotFoundError('API key not found');
  };

  router.post(
    '',
    {
      auth,
      body: z.object({
        name: z.string().trim().min(1).max(100),
        scopes: z.array(z.string().max(200)).max(50).default([]),
        workspace_id: z.string().max(64).optional(),
        expires_in_days: z.number().int().min(0).max(TEN_YEARS).nullish(),
      }),
      response: Issued,
      status: 201,
      summary: 'Create an API key',
      description: 'It has the power of the caller in one workspace, narrowed to its scopes. The key is shown once.',
    },
    async ({ ctx, body, user }) => {
      const workspaceId = await workspaceOf(ctx, user, body.workspace_id, saas);
      if ((await keys.countLive(user.id)) >= MAX_KEYS)
        throw new BadRequestError(`You have ${MAX_KEYS} keys; revoke one`);
      const { name, scopes, expires_in_days: expiresInDays } = body;
      return toIssued(await keys.create(user.id, workspaceId, { name, scopes, expiresInDays }));
    },
  );

  router.get(
    '',
    {
      auth,
      query: z.object({
        workspace_id: z.string().optional(),
        include_revoked: z.enum(['true', 'false', '1', '0']).optional(),
      }),
      response: z.array(Shown),
      summary: 'List API keys',
      description: 'The caller’s own; with `workspace_id`, admins of that workspace see everybody’s.',
    },
    async ({ query, user }) => {
      const { workspace_id: workspaceId, include_revoked: revoked } = query;
      const options = { includeRevoked: revoked === 'true' || revoked === '1' };
      const isAdmin = workspaceId !== undefined && (await saas?.members.isAdmin(workspaceId, user.id));
      const found = isAdmin
        ? await keys.listForWorkspace(workspaceId, options)
        : await keys.listForUser(user.id, { ...options, ...(workspaceId !== undefined && { workspaceId }) });
      return found.map(toShown);
    },
  );

  router.get('/:keyId', { auth, response: Shown, summary: 'One API key' }, async ({ params, user }) =>
    toShown(await visible(params.keyId, user.id)),
  );

  router.delete('/:keyId', { auth, summary: 'Revoke an API key' }, async ({ params, user }) => {
    const { id } = await visible(params.keyId, user.id);
    if (!(await keys.revoke(id))) throw new NotFoundError('API key not found');
  });

  router.post(
    '/:keyId/rotate',
    {
      auth,
      response: Issued,
      summary: 'Replace the secret of an API key',
      description: 'Only whose key it is may do so, for it acts in their name. The old secret no longer works.',
    },
    async ({ params, user }) => {
      const { id, userId } = await visible(params.keyId, user.id);
      const rotated = userId === user.id ? await keys.rotate(id) : null;
      if (!rotated) throw new NotFoundError('API key not found');
      return toIssued(rotated);
    },
  );
  return router;
}

/** The workspace that is named in the body or in `X-Workspace-Id`, of which the caller is a member; else the personal one. */
async function workspaceOf(
  ctx: HttpContext,
  user: { id: string; email: string },
  named: string | undefined,
  saas: ApiKeyRouterOptions['saas'],
): Promise<string | null> {
  if (!saas) return null;
  const workspaceId = named ?? (ctx.get('X-Workspace-Id') || undefined);
  if (workspaceId === undefined) return (await saas.workspaces.ensurePersonal(user)).id;
  if (await saas.members.isMember(workspaceId, user.id)) return workspaceId;
  throw new ForbiddenError('Not a member of this workspace');
}

function toIssued({ id, key, name, scopes, expiresAt, createdAt }: IssuedApiKey) {
  return { id, key, name, scopes: [...scopes], expires_at: expiresAt, created_at: createdAt };
}

function toShown(key: KernelApiKey) {
  const { id, name, keyPrefix, scopes, workspaceId, expiresAt, lastUsedAt, revokedAt, createdAt } = key;
  return {
    id,
    name,
    key_prefix: keyPrefix,
    scopes,
    workspace_id: workspaceId ?? null,
    expires_at: expiresAt ?? null,
    last_used_at: lastUsedAt ?? null,
    revoked_at: revokedAt ?? null,
    created_at: createdAt,
  };
}
