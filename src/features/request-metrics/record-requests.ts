import { ambientService, type ServiceKey, serviceKey } from '../../base/services.js';
import {
  AfterAnswer,
  type HttpContext,
  type HttpMiddleware,
  type Next,
  ShownPaths,
  surround,
} from '../../http/index.js';
import { type RequestEvent, type RequestEventOptions, requestEvent } from './request-event.js';

/** Where the events of requests go: a publisher of the kernel's hub. */
export interface RequestSink {
  push(event: RequestEvent): boolean;
}

declare module '../../http/request-state.js' {
  interface KernelState {
    /** A recorder of request metrics has this request. */
    isRecorded?: boolean;
  }
}

export const requestSinkService: ServiceKey<RequestSink> = serviceKey('request-metrics');

export interface RequestMetricsOptions extends RequestEventOptions {
  /** Paths that are not recorded. Default: probes, `/metrics` and `/favicon.ico`. */
  excludePaths?: readonly string[];
  /** Default the running kernel's. */
  sink?: RequestSink;
}

const UNRECORDED_PATHS: readonly string[] = ['/health', '/healthz', '/readyz', '/metrics', '/favicon.ico'];

/** Middleware goes here: a Koa application, or anything else with its `use`. */
interface TakesMiddleware {
  use(middleware: HttpMiddleware): unknown;
}

/**
 * Records every request: when, what, how long and who. What is noted is put together after the answer has left. A second
 * recorder on the same pipeline passes over what the first one has.
 */
export function recordRequests(options: RequestMetricsOptions = {}): HttpMiddleware {
  const excluded = new Set(options.excludePaths ?? UNRECORDED_PATHS);
  const paths = new ShownPaths(options.sensitiveParams);
  let sink = options.sink;
  const answered = new AfterAnswer((ctx, latencyMs) => sink?.push(requestEvent(ctx, latencyMs, paths, options)));
  return function recordRequest(ctx: HttpContext, next: Next) {
    if (ctx.state.isRecorded || excluded.has(ctx.path)) return next();
    ctx.state.isRecorded = true;
    sink = options.sink ?? ambientService(requestSinkService);
    const start = performance.now();
    return surround(next, () => answered.add(ctx, performance.now() - start));
  };
}

/** Attaches the recorder to an application; without one, answers it as middleware for `app.use`. */
export function setupRequestMetrics(app: TakesMiddleware, options?: RequestMetricsOptions): void;
export function setupRequestMetrics(options?: RequestMetricsOptions): HttpMiddleware;
export function setupRequestMetrics(
  target: TakesMiddleware | RequestMetricsOptions = {},
  options?: RequestMetricsOptions,
): HttpMiddleware | undefined {
  if (!('use' in target)) return recordRequests(target);
  target.use(recordRequests(options));
  return undefined;
}
