import { z } from 'zod';
import { NotFoundError } from '../../base/errors.js';
import { createRouter, ForbiddenError, type TypedRouter } from '../../http/index.js';
import type { FeatureFlag } from './entities.js';
import type { FlagStore } from './flag-store.js';

export interface FlagsRouterOptions {
  flags: FlagStore;
  /** Whether a user may ask for a workspace; without workspaces nobody may name one. */
  isMember?(userId: string, workspaceId: string): Promise<boolean>;
  /** Default `/flags`. */
  prefix?: string;
}

const Moment = z.string().meta({ format: 'date-time' });
const Json = z.json().meta({ id: 'Json' });
const Ids = z.array(z.string().min(1).max(64)).max(10_000);
const Variant = z.object({
  name: z.string().min(1).max(100),
  weight: z.int().min(0).max(1_000_000),
  value: Json.optional(),
});
const Stickiness = z.enum(['user', 'workspace', 'anonymous']);

/** Strict: a misspelt `rollout_percent` would switch the flag on for everybody. */
const FlagBody = z.strictObject({
  name: z.string().min(1).max(100),
  description: z.string().max(1_000).nullish(),
  enabled: z.boolean().default(true),
  rollout_percent: z.number().default(100).describe('Clamped to 0 to 100.'),
  workspaces: Ids.default([]),
  users: Ids.default([]),
  variants: z.array(Variant).max(50).default([]),
  stickiness: Stickiness.default('user'),
  starts_at: z.iso.datetime({ offset: true }).nullish(),
  ends_at: z.iso.datetime({ offset: true }).nullish(),
  metadata: z.record(z.string(), Json).default({}),
  comment: z.string().max(500).optional().describe('Why, for the history.'),
});

const FlagResponse = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  enabled: z.boolean(),
  rollout_percent: z.number(),
  allowed_workspaces: z.array(z.string()),
  allowed_users: z.array(z.string()),
  variants: z.array(Variant),
  stickiness: Stickiness,
  starts_at: Moment.nullable(),
  ends_at: Moment.nullable(),
  metadata: z.record(z.string(), Json),
  created_at: Moment,
  updated_at: Moment,
});

const VersionResponse = z.object({
  version: z.number(),
  changed_at: Moment,
  changed_by: z.string().nullable(),
  comment: z.string().nullable(),
  deleted: z.boolean().describe('Whether the flag was deleted then; `flag` is what it was last.'),
  flag: FlagResponse,
});

const CheckResponse = z.object({
  flag: z.string(),
  enabled: z.boolean(),
  reason: z.string(),
  variant: z.string().nullable(),
  value: Json,
});

const Name = z.object({ name: z.string().max(100) });

/** Feature flags: set by admins, asked by users. */
export function createFlagsRouter({ flags, isMember, prefix = '/flags' }: FlagsRouterOptions): TypedRouter {
  const router: TypedRouter = createRouter({ prefix, tags: ['flags'] });

  router.post(
    '',
    { auth: 'admin', body: FlagBody, response: FlagResponse, summary: 'Make a flag, or set the one of that name anew' },
    async ({ ctx, body }) => {
      const { name, rollout_percent: rolloutPercent, starts_at: startsAt, ends_at: endsAt, ...rest } = body;
      const { flag, isNew } = await flags.set(name, {
        ...rest,
        rolloutPercent,
        startsAt: startsAt ? new Date(startsAt) : null,
        endsAt: endsAt ? new Date(endsAt) : null,
      });
      ctx.status = isNew ? 201 : 200;
      return onWire(flag);
    },
  );

  router.get('', { auth: 'admin', response: z.array(FlagResponse), summary: 'List flags' }, async () =>
    (await flags.list()).map(onWire),
  );

  router.get(
    '/:name',
    { auth: 'admin', params: Name, response: FlagResponse, summary: 'One flag' },
    async ({ params }) => onWire(await known(flags, params.name)),
  );

  router.delete('/:name', { auth: 'admin', params: Name, summary: 'Delete a flag' }, async ({ params }) => {
    if (!(await flags.delete(params.name))) throw unknown(params.name);
  });

  router.get(
    '/:name/history',
    { auth: 'admin', params: Name, response: z.array(VersionResponse), summary: 'Who set it to what, newest first' },
    async ({ params }) => {
      const versions = await flags.history(params.name);
      if (versions.length === 0) throw unknown(params.name);
      return versions.map(({ version, isDeletion }) => ({
        version: version.version,
        changed_at: version.historyTimestamp.toISOString(),
        changed_by: version.historyUserId,
        comment: version.historyComment,
        deleted: isDeletion,
        flag: onWire(version),
      }));
    },
  );

  router.get(
    '/:name/check',
    {
      auth: 'user',
      params: Name,
      query: z.object({
        workspace_id: z.string().max(64).optional(),
        user_id: z.string().max(64).optional().describe('Admins only: what this user sees.'),
        at: z.iso.datetime({ offset: true }).optional().describe('Admins only: what they saw at this moment.'),
      }),
      response: CheckResponse,
      summary: 'Is the flag on for the caller?',
    },
    async ({ params, query, user }) => {
      if ((query.user_id !== undefined || query.at !== undefined) && !user.isAdmin) throw new ForbiddenError();
      const workspaceId = query.workspace_id;
      if (workspaceId && !user.isAdmin && !(await isMember?.(user.id, workspaceId)))
        throw new ForbiddenError('Not a member of this workspace');
      const context = { userId: query.user_id ?? user.id, workspaceId };
      const evaluation = await flags.evaluate(params.name, context, query.at ? new Date(query.at) : undefined);
      return { flag: params.name, ...evaluation, value: evaluation.value as z.input<typeof CheckResponse>['value'] };
    },
  );
  return router;
}

async function known(flags: FlagStore, name: string): Promise<FeatureFlag> {
  const flag = await flags.get(name);
  if (!flag) throw unknown(name);
  return flag;
}

function unknown(name: string): NotFoundError {
  return new NotFoundError(`Flag not found: ${name}`);
}

function onWire(flag: FeatureFlag): z.input<typeof FlagResponse> {
  return {
    id: flag.id,
    name: flag.name,
    description: flag.description ?? null,
    enabled: flag.enabled,
    rollout_percent: flag.rolloutPercent,
    allowed_workspaces: flag.allowedWorkspaces,
    allowed_users: flag.allowedUsers,
    variants: flag.variants as z.input<typeof Variant>[],
    stickiness: flag.stickiness,
    starts_at: flag.startsAt?.toISOString() ?? null,
    ends_at: flag.endsAt?.toISOString() ?? null,
    metadata: flag.metadata as z.input<typeof FlagResponse>['metadata'],
    created_at: flag.createdAt.toISOString(),
    updated_at: flag.updatedAt.toISOString(),
  };
}
