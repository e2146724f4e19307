import type { Logger, Metrics } from '../../base/ports.js';
import type { HttpContext, HttpMiddleware, Next } from '../request-state.js';
import { surround } from '../surround.js';
import { routeLabel } from './route-label.js';
import { ShownPaths } from './shown-path.js';

export interface AccessLogOptions {
  logger: Logger;
  metrics: Metrics;
  /** `false` counts requests without writing a line for each. */
  logs?: boolean;
  /** Further parts of names of path parameters whose values are masked. */
  sensitiveParams?: readonly string[] | undefined;
}

type Level = 'debug' | 'info' | 'warn' | 'error';

/** The usual probes, also where a plain router answers them. */
const QUIET_PATHS: readonly string[] = ['/healthz', '/readyz', '/health'];
const MAX_PATH_LENGTH = 500;

/**
 * Sends `X-Runtime`, counts and times every request by its route's template and the class of its status, and writes one line
 * for it.
 */
export function logAndMeasure({ logger, metrics, logs = true, sensitiveParams }: AccessLogOptions): HttpMiddleware {
  const paths = new ShownPaths(sensitiveParams);
  let inFlight = 0;
  return function accessLog(ctx: HttpContext, next: Next) {
    const start = performance.now();
    metrics.gauge('http_requests_in_flight', ++inFlight);
    return surround(next, (completed) => {
      metrics.gauge('http_requests_in_flight', --inFlight);
      const status = completed ? ctx.status : 500; // without an error boundary Koa answers after this stage
      const ms = performance.now() - start;
      if (!ctx.headerSent) ctx.res.setHeader('X-Runtime', formatRuntime(ms));
      measure(ctx, status, ms, metrics);
      if (logs) writeLine(ctx, paths.of(ctx), status, ms, logger);
    });
  };
}

/** `HH:MM:SS.mmm` */
function formatRuntime(ms: number): string {
  const total = Math.round(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const seconds = Math.floor(total / 1000);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(':');
  return `${clock}.${String(total % 1000).padStart(3, '0')}`;
}

/** Labels are templates, never paths: a scanner must not be able to fill the memory with time series. */
function measure(ctx: HttpContext, status: number, ms: number, metrics: Metrics): void {
  const route = routeLabel(ctx);
  const labels = { method: ctx.method, route, status };
  metrics.increment('http_requests_total', labels);
  const statusClass = `${Math.floor(status / 100)}xx`;
  const classed = { method: ctx.method, route, status_class: statusClass };
  metrics.histogram('http_request_duration_seconds', ms / 1000, classed);
}

function writeLine(ctx: HttpContext, path: string, status: number, ms: number, logger: Logger): void {
  const { requestId, user } = ctx.state;
  const line = {
    request_id: requestId,
    method: ctx.method,
    path: path.slice(0, MAX_PATH_LENGTH),
    status,
    duration_ms: Math.round(ms * 100) / 100,
    ...(user && { user_id: user.id }),
  };
  logger[levelOf(ctx, status)](line, 'request');
}

function levelOf({ path, state }: HttpContext, status: number): Level {
  if (status >= 500) return 'error';
  if (status >= 400) return 'warn';
  return state.route?.marks.quiet || QUIET_PATHS.includes(path) ? 'debug' : 'info';
}
