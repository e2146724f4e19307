import { z } from 'zod';
import { NotFoundError } from '../../base/errors.js';
import {
  createRouter,
  ForbiddenError,
  type HttpContext,
  type TypedRouter,
  type UserIdentity,
} from '../../http/index.js';
import type { Saas } from '../saas/index.js';
import { isPeriod } from './periods.js';
import type { UsageScope, UsageStore } from './usage-store.js';

export interface MeteringRouterOptions {
  app: string;
  store: UsageStore;
  /** Without workspaces nobody but admins may name one, and usage is of the caller wherever it was. */
  saas?: Pick<Saas, 'members' | 'workspaces'> | undefined;
}

const Id = z.string().min(1).max(255);
const Period = z
  .string()
  .refine(isPeriod, 'Use day, month, year, or a key such as 2026-11')
  .default('month')
  .describe('`day`, `month` or `year` of now, or the key of one: `2026-11-29`, `2026-11`, `2026`.');
const Metrics = z.record(z.string(), z.number());
const Usage = z.object({ period: z.string(), app: z.string(), workspace_id: z.string().nullable(), metrics: Metrics });
const Endpoints = Usage.omit({ metrics: true }).extend({ endpoints: Metrics });
const Quota = z.object({
  metric: z.string(),
  limit: z.number(),
  used: z.number(),
  remaining: z.number(),
  within_quota: z.boolean(),
});

/** What callers have used, and what is left of a quota. */
export function createMeteringRouter({ app, store, saas }: MeteringRouterOptions): TypedRouter {
  const router: TypedRouter = createRouter({ prefix: '/usage', tags: ['usage'] });

  /** A workspace that is not the caller's is not there. */
  async function assertOwn(ctx: HttpContext, user: UserIdentity, workspaceId: string): Promise<void> {
    const bound = ctx.state.auth?.workspaceId;
    if (bound === undefined || bound === workspaceId) {
      if (user.isAdmin && ctx.state.auth?.type !== 'api_key') return;
      if (await saas?.members.isMember(workspaceId, user.id)) return;
    }
    throw new NotFoundError('Workspace not found');
  }

  /** The workspace that is named, or that the caller's key is for; else the personal one, where there are workspaces. */
  async function workspaceOf(ctx: HttpContext, user: UserIdentity, named: string | undefined): Promise<UsageScope> {
    const workspaceId = named ?? (ctx.get('X-Workspace-Id') || ctx.state.auth?.workspaceId);
    if (workspaceId !== undefined) return scopeOf(ctx, user, workspaceId);
    const personal = await saas?.workspaces.ensurePersonal(user);
    return personal ? { workspaceId: personal.id, ownerId: user.id } : { workspaceId: null };
  }

  async function scopeOf(ctx: HttpContext, user: UserIdentity, workspaceId: string): Promise<UsageScope> {
    await assertOwn(ctx, user, workspaceId);
    return scopeIn(saas, workspaceId);
  }

  router.get(
    '',
    {
      auth: 'user',
      query: z.object({
        period: Period,
        user_id: Id.optional().describe('This user’s usage, in all workspaces; other users’ is for admins.'),
        workspace_id: Id.optional().describe('Only what was used in this workspace.'),
      }),
      response: Usage,
      summary: 'What the caller has used in a workspace',
      description:
        'In the workspace that `workspace_id`, `X-Workspace-Id` or the API key names, else in the caller’s personal one.',
    },
    async ({ ctx, query, user }) => {
      const userId = query.user_id ?? user.id;
      if (userId !== user.id && !user.isAdmin)
        throw new ForbiddenError("Admin access required to view other users' usage");
      const isEverywhere = query.user_id !== undefined && namesNone(ctx, query.workspace_id);
      const scope = isEverywhere ? { workspaceId: null } : await workspaceOf(ctx, user, query.workspace_id);
      const metrics = await store.getUsage({ userId, ...scope, period: query.period });
      return { period: store.keyOf(query.period), app, workspace_id: scope.workspaceId, metrics };
    },
  );

  router.get(
    '/workspace/:id',
    {
      auth: 'user',
      params: z.object({ id: Id }),
      query: z.object({ period: Period }),
      response: Usage,
      summary: 'What a workspace has used',
    },
    async ({ ctx, params, query, user }) => {
      const scope = await scopeOf(ctx, user, params.id);
      const metrics = await store.getUsage({ ...scope, period: query.period });
      return { period: store.keyOf(query.period), app, workspace_id: params.id, metrics };
    },
  );

  router.get(
    '/quota/:metric',
    {
      auth: 'user',
      params: z.object({ metric: z.string().min(1).max(200) }),
      query: z.object({ limit: z.coerce.number().int().min(0), period: Period, workspace_id: Id.optional() }),
      response: Quota,
      summary: 'What is left of a quota of a workspace',
      description: 'Of the one that is named, else of the caller’s personal one; without workspaces, of the caller.',
    },
    async ({ ctx, params: { metric }, query: { limit, period, workspace_id: named }, user }) => {
      const scope = await workspaceOf(ctx, user, named);
      const used = await store.usedOf({ metric, limit, period, ...scope, userId: user.id });
      return { metric, limit, used, remaining: Math.max(0, limit - used), within_quota: used < limit };
    },
  );
  return router;
}

/** A personal workspace has an owner whose use in no workspace is its own. */
async function scopeIn(saas: MeteringRouterOptions['saas'], workspaceId: string): Promise<UsageScope> {
  const workspace = await saas?.workspaces.get(workspaceId);
  return { workspaceId, ownerId: workspace?.isPersonal ? workspace.ownerId : null };
}

function namesNone(ctx: HttpContext, named: string | undefined): boolean {
  return named === undefined && !ctx.get('X-Workspace-Id') && ctx.state.auth?.workspaceId === undefined;
}

/** The usage of everybody. */
export function createAdminMeteringRouter({ app, store, saas }: MeteringRouterOptions): TypedRouter {
  const router: TypedRouter = createRouter({ prefix: '/admin/usage', tags: ['usage'] });

  router.get(
    '/user/:id',
    {
      auth: 'admin',
      params: z.object({ id: Id }),
      query: z.object({ period: Period }),
      response: Usage,
      summary: 'What a user has used',
    },
    async ({ params, query }) => {
      const metrics = await store.getUsage({ userId: params.id, period: query.period });
      return { period: store.keyOf(query.period), app, workspace_id: null, metrics };
    },
  );

  router.get(
    '/endpoints',
    {
      auth: 'admin',
      query: z.object({ period: Period, workspace_id: Id.optional() }),
      response: Endpoints,
      summary: 'Requests by route',
    },
    async ({ query }) => {
      const { period, workspace_id: workspaceId } = query;
      const scope = workspaceId === undefined ? {} : await scopeIn(saas, workspaceId);
      const endpoints = await store.getUsageByEndpoint({ ...scope, period });
      return { period: store.keyOf(period), app, workspace_id: workspaceId ?? null, endpoints };
    },
  );
  return router;
}
