import { z } from 'zod';
import { createRouter, type HttpContext, type TypedRouter } from '../../http/index.js';
import type { SessionHandle } from '../../orm/index.js';
import { KernelAuditLog } from './entities.js';
import { type AuditQuery, countRecords, eachRecord, findRecords } from './read/audit-queries.js';
import { recordsAsCsv } from './read/csv.js';
import { diffView, recordView } from './read/views.js';

export interface AuditRouterOptions {
  /** Where the log is. */
  db: SessionHandle;
  /** Default `/admin/audit`. */
  prefix?: string;
  /** Where workspaces are; their admins read what concerns their own. Without it no such route is mounted. */
  workspacesPrefix?: string | undefined;
}

const Nullable = z.string().nullable();
const Record = z.object({
  id: z.string(),
  event_id: z.string(),
  entity: z.string(),
  entity_id: z.string(),
  action: z.string(),
  status: z.string(),
  changes: z.record(z.string(), z.array(z.json())).nullable(),
  old_snapshot: z.record(z.string(), z.json()).nullable(),
  new_snapshot: z.record(z.string(), z.json()).nullable(),
  metadata: z.record(z.string(), z.json()).nullable(),
  version: z.number().nullable(),
  comment: Nullable,
  user_id: Nullable,
  actor_type: Nullable,
  request_id: Nullable,
  workspace_id: Nullable,
  ip: Nullable,
  user_agent: Nullable,
  timestamp: z.string().meta({ format: 'date-time' }),
  seq: z.number(),
  hash: z.string(),
});
const Records = z.object({ logs: z.array(Record), total: z.number().nullable() });

const Text = z.string().min(1).max(255);
const Moment = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], 'must be a date or a moment with its zone')
  .transform((text) => new Date(text))
  .meta({ type: 'string', format: 'date-time' });
const Filters = z.object({
  entity: Text.optional().describe('A table, or the kind of thing of an entry.'),
  entity_id: Text.optional(),
  user_id: Text.optional(),
  action: Text.optional(),
  status: z.enum(['success', 'failure', 'denied']).optional(),
  request_id: Text.optional(),
  since: Moment.optional().describe('From this moment on.'),
  until: Moment.optional().describe('Up to and with this moment; a date is its begin.'),
});
const Listed = Filters.extend({
  workspace_id: Text.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
  include_count: z.stringbool().default(false).describe('Also count all that match.'),
});
const Exported = Filters.extend({ workspace_id: Text.optional() });
const Row = z.object({ entity: Text, entityId: Text });
const Page = z.object({ limit: z.coerce.number().int().min(1).max(200).default(50) });

const MOST_EXPORTED = 100_000;

/** The audit log: all of it for admins, that of their workspace for its admins. Nobody writes to it here. */
export function createAuditRouter({
  db,
  prefix = '/admin/audit',
  workspacesPrefix,
}: AuditRouterOptions): TypedRouter[] {
  const router: TypedRouter = createRouter({ prefix, tags: ['admin'] });
  const admin = { auth: 'admin' } as const;

  router.get(
    '',
    { ...admin, query: Listed, response: Records, summary: 'Audit records, newest first' },
    async ({ query }) => listed(query, db),
  );

  router.get(
    '/export',
    { ...admin, query: Exported, summary: `Audit records as CSV, newest first, at most ${MOST_EXPORTED}` },
    ({ ctx, query }) => exported(ctx, queryOf(query), db),
  );

  router.get(
    '/entity/:entity/:entityId',
    { ...admin, params: Row, query: Page, summary: 'Records of one row, newest first' },
    async ({ params: { entity, entityId }, query: { limit } }) => {
      const records = await findRecords({ entity, entityId }, { limit, offset: 0 }, { db });
      return { entity, entity_id: entityId, history: records.map(recordView) };
    },
  );

  router.get(
    '/entity/:entity/:entityId/diffs',
    { ...admin, params: Row, query: Page, summary: 'What each version of one row changed, oldest first' },
    async ({ params: { entity, entityId }, query: { limit } }) => {
      const versions = await KernelAuditLog.find({
        where: { entity, entityId, entityVersion: { gt: 0 } },
        orderBy: { entityVersion: 'asc' },
        limit,
        db,
      });
      return { entity, entity_id: entityId, diffs: versions.map(diffView) };
    },
  );
  return workspacesPrefix === undefined ? [router] : [router, workspaceRouter(db, workspacesPrefix)];
}

function workspaceRouter(db: SessionHandle, prefix: string): TypedRouter {
  const router = createRouter({ prefix: `${prefix}/:workspaceId/audit`, tags: ['workspaces'] });
  const guarded = { auth: { proof: 'session', workspace: 'admin' } } as const;
  // What the path names decides alone: a query cannot name another workspace.
  const WorkspaceList = Listed.omit({ workspace_id: true });

  router.get(
    '',
    { ...guarded, query: WorkspaceList, response: Records, summary: 'Audit records of a workspace, newest first' },
    async ({ params, query }) => listed({ ...query, workspace_id: params.workspaceId }, db),
  );

  router.get(
    '/export',
    { ...guarded, query: Filters, summary: 'Audit records of a workspace as CSV' },
    ({ ctx, params, query }) => exported(ctx, { ...queryOf(query), workspaceId: params.workspaceId }, db),
  );
  return router;
}

async function listed(query: z.output<typeof Listed>, db: SessionHandle): Promise<z.input<typeof Records>> {
  const { limit, offset, include_count: includeCount, ...filters } = query;
  const wanted = queryOf(filters);
  const [records, total] = await Promise.all([
    findRecords(wanted, { limit, offset }, { db }),
    includeCount ? countRecords(wanted, { db }) : null,
  ]);
  return { logs: records.map(recordView) as z.input<typeof Record>[], total };
}

function exported(ctx: HttpContext, query: AuditQuery, db: SessionHandle): NodeJS.ReadableStream {
  ctx.set('Content-Type', 'text/csv; charset=utf-8');
  ctx.set('Content-Disposition', 'attachment; filename="audit.csv"');
  return recordsAsCsv(eachRecord(query, { most: MOST_EXPORTED, db }));
}

function queryOf(filters: z.output<typeof Exported>): AuditQuery {
  const { entity_id: entityId, user_id: userId, request_id: requestId, workspace_id: workspaceId, ...rest } = filters;
  return { ...rest, entityId, userId, requestId, workspaceId };
}
