import { z } from 'zod';
import { createRouter, type TypedRouter } from '../../http/index.js';
import type { RequestMetric } from './entities.js';
import type { RequestMetricsStore } from './request-metrics-store.js';

export interface RequestMetricsRouterOptions {
  store: RequestMetricsStore;
  /** Default `/admin/metrics`. */
  prefix?: string;
}

const Text = z.string().nullable();
const Item = z.object({
  id: z.string(),
  request_id: z.string(),
  method: z.string(),
  route: z.string().describe('The template that matched.'),
  path: z.string(),
  query_params: z.record(z.string(), z.union([z.string(), z.array(z.string())])).nullable(),
  status_code: z.number(),
  error: Text,
  error_type: Text,
  server_latency_ms: z.number(),
  client_ip: Text,
  user_agent: Text,
  referer: Text,
  user_id: Text,
  workspace_id: Text,
  country: Text,
  city: Text,
  continent: Text,
  trace_id: Text,
  timestamp: z.string().meta({ format: 'date-time' }),
  year: z.number(),
  month: z.number(),
  day: z.number(),
  hour: z.number(),
  metadata: z.record(z.string(), z.json()),
});
const Items = z.array(Item);
const Latency = z.number().nullable();
const Stats = z.object({
  period_hours: z.number(),
  total_requests: z.number(),
  avg_latency_ms: Latency,
  max_latency_ms: Latency,
  min_latency_ms: Latency,
  p50_latency_ms: Latency,
  p95_latency_ms: Latency,
  p99_latency_ms: Latency,
  error_5xx: z.number(),
  error_4xx: z.number(),
  success_2xx: z.number(),
  slow_endpoints: z.array(z.object({ path: z.string(), avg_latency_ms: z.number(), count: z.number() })),
  error_endpoints: z.array(z.object({ path: z.string(), status_code: z.number(), count: z.number() })),
});

const limit = (most: number, usual: number) => z.coerce.number().int().min(1).max(most).default(usual);
const offset = z.coerce.number().int().min(0).max(1_000_000).default(0);
const path = z.string().max(500).optional().describe('The beginning of paths.');
const latency = z.coerce.number().min(0);

/** What was asked of the service and how it went, for admins. */
export function createRequestMetricsRouter({
  store,
  prefix = '/admin/metrics',
}: RequestMetricsRouterOptions): TypedRouter {
  const router: TypedRouter = createRouter({ prefix, tags: ['request metrics'] });

  router.get(
    '',
    {
      auth: 'admin',
      query: z.object({
        limit: limit(1_000, 100),
        offset,
        path,
        status: z.coerce.number().int().optional(),
        user_id: z.string().max(255).optional(),
        request_id: z.string().max(128).optional(),
        min_latency: latency.optional().describe('ms'),
      }),
      response: z.object({ items: Items, count: z.number(), limit: z.number(), offset: z.number() }),
      summary: 'Requests, newest first',
    },
    async ({ query }) => {
      const items = await store.getRecent({
        limit: query.limit,
        offset: query.offset,
        pathPrefix: query.path,
        statusCode: query.status,
        userId: query.user_id,
        requestId: query.request_id,
        minLatencyMs: query.min_latency,
      });
      return { items: items.map(onWire), count: items.length, limit: query.limit, offset: query.offset };
    },
  );

  router.get(
    '/stats',
    {
      auth: 'admin',
      query: z.object({ hours: limit(168, 24), path }),
      response: Stats,
      summary: 'Counts and latencies of the last hours',
    },
    async ({ query }) => {
      const stats = await store.getStats({ hours: query.hours, pathPrefix: query.path });
      return {
        period_hours: query.hours,
        total_requests: stats.total,
        avg_latency_ms: stats.avgLatencyMs,
        max_latency_ms: stats.maxLatencyMs,
        min_latency_ms: stats.minLatencyMs,
        p50_latency_ms: stats.p50LatencyMs,
        p95_latency_ms: stats.p95LatencyMs,
        p99_latency_ms: stats.p99LatencyMs,
        error_5xx: stats.error5xx,
        error_4xx: stats.error4xx,
        success_2xx: stats.success2xx,
        slow_endpoints: stats.slowEndpoints.map(({ avgLatencyMs, ...rest }) => ({
          ...rest,
          avg_latency_ms: avgLatencyMs,
        })),
        error_endpoints: stats.errorEndpoints.map(({ statusCode, ...rest }) => ({ ...rest, status_code: statusCode })),
      };
    },
  );

  router.get(
    '/slow',
    {
      auth: 'admin',
      query: z.object({ limit: limit(500, 50), min_latency: latency.default(1_000).describe('ms'), path }),
      response: z.object({ items: Items, count: z.number(), min_latency_ms: z.number() }),
      summary: 'Slow requests, newest first',
    },
    async ({ query }) => {
      const { limit, path: pathPrefix, min_latency: minLatencyMs } = query;
      const items = await store.getRecent({ limit, pathPrefix, minLatencyMs });
      return { items: items.map(onWire), count: items.length, min_latency_ms: minLatencyMs };
    },
  );

  router.get(
    '/errors',
    {
      auth: 'admin',
      query: z.object({
        limit: limit(500, 100),
        status: z.coerce.number().int().min(400).max(599).optional().describe('Default all of 400 and above.'),
        path,
      }),
      response: z.object({ items: Items, count: z.number() }),
      summary: 'Requests that failed, newest first',
    },
    async ({ query }) => {
      const items = await store.getErrors({ limit: query.limit, statusCode: query.status, pathPrefix: query.path });
      return { items: items.map(onWire), count: items.length };
    },
  );
  return router;
}

function onWire(row: RequestMetric): z.input<typeof Item> {
  return {
    id: row.id,
    request_id: row.requestId,
    method: row.method,
    route: row.route,
    path: row.path,
    query_params: row.queryParams ?? null,
    status_code: row.statusCode,
    error: row.error ?? null,
    error_type: row.errorType ?? null,
    server_latency_ms: row.serverLatencyMs,
    client_ip: row.clientIp ?? null,
    user_agent: row.userAgent ?? null,
    referer: row.referer ?? null,
    user_id: row.userId ?? null,
    workspace_id: row.workspaceId ?? null,
    country: row.country ?? null,
    city: row.city ?? null,
    continent: row.continent ?? null,
    trace_id: row.traceId ?? null,
    timestamp: row.timestamp.toISOString(),
    year: row.year,
    month: row.month,
    day: row.day,
    hour: row.hour,
    metadata: row.metadata as z.input<typeof Item>['metadata'],
  };
}
