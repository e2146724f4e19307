import { Stream } from 'node:stream';
import { ValidationError, type ValidationIssue } from '../../base/errors.js';
import { uuidv7 } from '../../base/ids.js';
import { type HttpContext, routeLabel } from '../../http/index.js';
import type { UsageMetrics } from './entities.js';

/** What is published of a use. */
export interface UsageRecord {
  id: string;
  /** ms since 1970. */
  at: number;
  app: string;
  type: 'request' | 'stream' | 'custom';
  userId: string | null;
  workspaceId: string | null;
  metrics: UsageMetrics;
  /** Of a request, and of what a stream has sent. */
  request?: {
    endpoint: string;
    method: string;
    statusCode: number;
    latencyMs: number;
    bytesIn: number;
    bytesOut: number;
  };
}

/** A use as it is told to `trackUsage`. */
export interface TrackedUsage {
  userId?: string | null;
  workspaceId?: string | null;
  /** Told twice with one id, it counts once, as long as events are kept. Default an id of its own. */
  eventId?: string;
  /** In whole units, 0 or more: `{ tokens: 1500 }`. */
  metrics: Readonly<UsageMetrics>;
  /** Default now. */
  timestamp?: Date;
}

const METRIC = /^[\w.:/ -]{1,200}$/;
const MAX_METRICS = 50;
const LONGEST_ID = 255;

/** What a stream sends is counted once it is over, as a use of its own: how long that takes, nobody knows. */
export function requestUsage(ctx: HttpContext, latencyMs: number, app: string): UsageRecord {
  const { user, auth } = ctx.state;
  const ms = Math.round(latencyMs);
  const bytesIn = ctx.state.receivedBytes?.() ?? lengthOf(ctx.req.headers['content-length']);
  const isSent = !(ctx.method === 'HEAD' || ctx.body instanceof Stream);
  const bytesOut = isSent ? lengthOf(ctx.res.getHeader('content-length')) : 0;
  const endpoint = routeLabel(ctx).slice(0, 200);
  return {
    id: uuidv7(),
    at: Date.now(),
    app,
    type: 'request',
    userId: (user?.id ?? auth?.userId)?.slice(0, LONGEST_ID) ?? null,
    workspaceId: (user?.workspaceId ?? auth?.workspaceId)?.slice(0, LONGEST_ID) ?? null,
    metrics: {
      requests: 1,
      latency_ms_total: ms,
      bytes_in: bytesIn,
      bytes_out: bytesOut,
      [`${ENDPOINT_METRIC}${ctx.method}:${endpoint}`]: 1,
    },
    request: { endpoint, method: ctx.method, statusCode: ctx.status, latencyMs: ms, bytesIn, bytesOut },
  };
}

/** What a stream has sent, once it is over. @param durationMs from the request on */
export function streamUsage(ctx: HttpContext, bytesOut: number, durationMs: number, app: string): UsageRecord {
  const { request, ...use } = requestUsage(ctx, durationMs, app);
  return {
    ...use,
    type: 'stream',
    metrics: { bytes_out: bytesOut },
    ...(request && { request: { ...request, bytesIn: 0, bytesOut } }),
  };
}

/** What counts requests by route; no part of what people used. */
export const ENDPOINT_METRIC = 'endpoint:';

/** @throws ValidationError naming what cannot be counted */
export function customUsage(usage: TrackedUsage, app: string): UsageRecord {
  const { userId = null, workspaceId = null, eventId = uuidv7(), metrics, timestamp = new Date() } = usage;
  const issues = [
    ...metricIssues(metrics),
    ...(userId === null ? [] : idIssues('userId', userId)),
    ...(workspaceId === null ? [] : idIssues('workspaceId', workspaceId)),
    ...idIssues('eventId', eventId),
  ];
  if (!(timestamp instanceof Date) || Number.isNaN(timestamp.getTime()))
    issues.push(issueOf('timestamp', 'Give a Date'));
  if (issues.length > 0) throw new ValidationError(issues);
  return { id: eventId, at: timestamp.getTime(), app, type: 'custom', userId, workspaceId, metrics: { ...metrics } };
}

const issueOf = (field: string, msg: string): ValidationIssue => ({ loc: [field], msg, type: 'usage' });

function metricIssues(metrics: TrackedUsage['metrics']): ValidationIssue[] {
  const entries = Object.entries(metrics ?? {});
  const isCountGood = entries.length > 0 && entries.length <= MAX_METRICS;
  const count = isCountGood ? [] : [issueOf('metrics', `Name 1 to ${MAX_METRICS} metrics`)];
  return [
    ...count,
    ...entries.flatMap(([name, value]) => {
      const fault = faultOfMetric(name, value);
      return fault === undefined ? [] : [issueOf('metrics', fault)];
    }),
  ];
}

function faultOfMetric(name: string, value: unknown): string | undefined {
  const shown = name.slice(0, 50);
  if (!METRIC.test(name)) return `"${shown}" is no name: letters, digits, and . : / _ - or spaces, at most 200`;
  if (name.startsWith(ENDPOINT_METRIC))
    return `"${shown}": names that begin with ${ENDPOINT_METRIC} count requests by route; use another`;
  if (Number.isSafeInteger(value) && Number(value) >= 0) return undefined;
  return `${name}: ${value} is no whole number of 0 or more; count in a smaller unit, such as cents`;
}

function idIssues(field: string, id: unknown): ValidationIssue[] {
  if (typeof id === 'string' && id.length > 0 && id.length <= LONGEST_ID) return [];
  return [issueOf(field, `Give text of 1 to ${LONGEST_ID} characters`)];
}

function lengthOf(header: unknown): number {
  const length = Number(header);
  return Number.isSafeInteger(length) && length > 0 ? length : 0;
}
