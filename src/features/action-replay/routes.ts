import { z } from 'zod';
import { NotFoundError } from '../../base/errors.js';
import { createRouter, type HttpContext, RateLimitedError, rateLimit, type TypedRouter } from '../../http/index.js';
import type { DatabaseHandle } from '../../orm/index.js';
import type { RateLimiter } from '../../reliability/index.js';
import type { ReplayGroup, ReplayStore, ReplaySummary } from './replay-store.js';

export interface ActionReplayRouterOptions {
  replays: ReplayStore;
  database: DatabaseHandle;
  /** Counts the replays of those who are not signed in, all together. */
  limiter: Pick<RateLimiter, 'consume'>;
  /** Most of them in an hour, whoever sends them. Default 200. */
  anonymousPerHour?: number;
  /** Whether a user belongs to the workspace that `X-Workspace-Id` names; without workspaces nobody does. */
  isMember?(userId: string, workspaceId: string): Promise<boolean>;
  /** Default `/admin`. */
  prefix?: string;
}

/** A beacon holds 64 KiB. */
const MAX_BODY_BYTES = 64 * 1024;
const MAX_LOG_CHARS = 32 * 1024;
const SAVES_PER_MINUTE = 10;
const HOUR_SECONDS = 3_600;

const Moment = z.string().meta({ format: 'date-time' });
const When = z.iso.datetime({ offset: true }).optional();
const Flag = z.enum(['true', 'false']).transform((text) => text === 'true');
const Limit = z.coerce.number().int().min(1).max(200).default(50);
const Offset = z.coerce.number().int().min(0).default(0);
const ReplayId = z.object({ replay_id: z.string().min(1).max(64) });

const SaveBody = z.object({
  error_message: z.string().nullish(),
  error_source: z.string().nullish(),
  url: z.string().nullish(),
  user_agent: z.string().nullish(),
  replay_log: z
    .union([z.string().max(MAX_LOG_CHARS), z.array(z.record(z.string(), z.json())).max(100)])
    .nullish()
    .describe('The steps: an array, or its JSON. Secrets in them are not kept.'),
});
const Saved = z.object({ id: z.string(), saved: z.literal(true) });

const Summary = z.object({
  id: z.string(),
  workspace_id: z.string().nullable(),
  user_id: z.string().nullable(),
  error_message: z.string(),
  error_source: z.string(),
  url: z.string(),
  user_agent: z.string(),
  fingerprint: z.string(),
  resolved: z.boolean(),
  timestamp: Moment,
});
const Detail = Summary.extend({ replay_log: z.array(z.record(z.string(), z.unknown())) });
const Group = z.object({
  fingerprint: z.string(),
  count: z.number().int(),
  users: z.number().int(),
  first_seen: Moment,
  last_seen: Moment,
  latest: Summary,
});

/** What users did before an error: saved by pages, also before anybody has signed in, and read by admins. */
export function createActionReplayRouter(options: ActionReplayRouterOptions): TypedRouter {
  const { replays, database, prefix = '/admin' } = options;
  const router: TypedRouter = createRouter({ prefix, tags: ['action-replay'] });

  router.post(
    '/action-replay',
    {
      auth: 'optional',
      body: SaveBody,
      maxBodySize: MAX_BODY_BYTES,
      use: [rateLimit(SAVES_PER_MINUTE)],
      response: Saved,
      status: 201,
      summary: 'Save what a user did before an error',
    },
    async ({ ctx, body, user }) => {
      if (!user) await countAnonymous(options);
      const id = await replays.save({
        errorMessage: body.error_message,
        errorSource: body.error_source,
        url: body.url,
        userAgent: body.user_agent ?? ctx.get('User-Agent'),
        replayLog: body.replay_log,
        userId: user?.id ?? null,
        workspaceId: user ? await workspaceOf(ctx, user.id, options) : null,
      });
      return { id, saved: true as const };
    },
  );

  router.get(
    '/action-replays',
    {
      auth: 'admin',
      query: z.object({
        workspace_id: z.string().max(64).optional(),
        resolved: Flag.optional(),
        since: When,
        until: When,
        fingerprint: z.string().max(32).optional(),
        limit: Limit,
        offset: Offset,
      }),
      response: z.object({ replays: z.array(Summary), total: z.number().int() }),
      summary: 'List replays, newest first',
    },
    async ({ query }) => {
      const { workspace_id: workspaceId, since, until, limit, offset, ...rest } = query;
      const filter = { ...rest, workspaceId, since: since && new Date(since), until: until && new Date(until) };
      const [found, total] = await Promise.all([
        replays.list({ ...filter, limit, offset } as Parameters<ReplayStore['list']>[0]),
        replays.count(filter as Parameters<ReplayStore['count']>[0]),
      ]);
      return { replays: found.map(summaryOf), total };
    },
  );

  router.get(
    '/action-replay-groups',
    {
      auth: 'admin',
      query: z.object({ resolved: Flag.optional(), limit: Limit, offset: Offset }),
      response: z.object({ groups: z.array(Group) }),
      summary: 'Replays by what seems to be one error, the one met last first',
    },
    async ({ query }) => ({ groups: (await replays.groups(database, query)).map(groupOf) }),
  );

  router.get(
    '/action-replays/:replay_id',
    { auth: 'admin', params: ReplayId, response: Detail, summary: 'One replay with its steps' },
    async ({ params }) => {
      const replay = await replays.get(params.replay_id);
      if (!replay) throw new NotFoundError('Replay not found');
      return { ...summaryOf(replay), replay_log: replay.replayLog as Array<Record<string, unknown>> };
    },
  );

  router.patch(
    '/action-replays/:replay_id/resolve',
    {
      auth: 'admin',
      params: ReplayId,
      query: z.object({ alike: Flag.default(false).describe('Every other one of the same error too.') }),
      response: z.object({ resolved: z.literal(true) }),
      summary: 'Mark a replay as resolved',
    },
    async ({ params, query }) => {
      if (!(await replays.resolve(params.replay_id, query))) throw new NotFoundError('Replay not found');
      return { resolved: true as const };
    },
  );
  return router;
}

/** Many addresses together must not be able to fill the table either. */
async function countAnonymous({ limiter, anonymousPerHour = 200 }: ActionReplayRouterOptions): Promise<void> {
  const whenUnavailable = 'count-locally';
  const { allowed, retryAfterSeconds } = await limiter.consume(
    'action-replay:anonymous',
    anonymousPerHour,
    HOUR_SECONDS,
    { whenUnavailable },
  );
  if (!allowed) throw new RateLimitedError(Math.max(1, Math.ceil(retryAfterSeconds)));
}

async function workspaceOf(
  ctx: HttpContext,
  userId: string,
  { isMember }: ActionReplayRouterOptions,
): Promise<string | null> {
  const workspaceId = ctx.get('X-Workspace-Id');
  return workspaceId && (await isMember?.(userId, workspaceId)) ? workspaceId : null;
}

function summaryOf(replay: ReplaySummary): z.input<typeof Summary> {
  return {
    id: replay.id,
    workspace_id: replay.workspaceId ?? null,
    user_id: replay.userId ?? null,
    error_message: replay.errorMessage,
    error_source: replay.errorSource,
    url: replay.url,
    user_agent: replay.userAgent,
    fingerprint: replay.fingerprint,
    resolved: replay.resolved,
    timestamp: replay.timestamp.toISOString(),
  };
}

function groupOf({ fingerprint, count, users, firstSeen, lastSeen, latest }: ReplayGroup): z.input<typeof Group> {
  const seen = { first_seen: firstSeen.toISOString(), last_seen: lastSeen.toISOString() };
  return { fingerprint, count, users, ...seen, latest: summaryOf(latest) };
}
