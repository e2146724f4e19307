import { SPAN_KIND } from '../../base/spans.js';
import { type KernelTracer, parseTraceparent } from '../../telemetry/index.js';
import { toProblem } from '../problem.js';
import type { HttpContext, HttpMiddleware, Next } from '../request-state.js';
import { surround } from '../surround.js';
import { routeLabel } from './route-label.js';

export interface TraceRequestsOptions {
  tracer: KernelTracer;
  /** Paths that are not traced. */
  excludePaths: readonly string[];
}

/** Runs each request as a span: of the trace that its `traceparent` names, else of a new one. */
export function traceRequests({ tracer, excludePaths }: TraceRequestsOptions): HttpMiddleware {
  const excluded = new Set(excludePaths);
  return function traceRequest(ctx: HttpContext, next: Next) {
    if (excluded.has(ctx.path)) return next();
    const remote = parseTraceparent(ctx.req.headers.traceparent);
    const unit = tracer.begin(nameOf(ctx), { remote, kind: SPAN_KIND.server });
    ctx.state.trace = unit.context;
    return surround(
      () => tracer.run(unit, next),
      () => {
        if (unit.recording) describe(unit.recording.root, ctx);
        tracer.end(unit);
      },
    );
  };
}

type Root = NonNullable<ReturnType<KernelTracer['begin']>['recording']>['root'];

/** The name is told once more: routers that the kernel does not know leave their template behind when they have run. */
function describe(root: Root, ctx: HttpContext): void {
  const { requestId = '', user, error } = ctx.state;
  root.name = nameOf(ctx);
  root.setAttribute('http.request.method', ctx.method);
  root.setAttribute('http.route', routeLabel(ctx));
  root.setAttribute('http.response.status_code', ctx.status);
  root.setAttribute('request_id', requestId);
  if (user) root.setAttribute('user_id', user.id);
  if (ctx.status < 500) return;
  const type = error instanceof Error ? error.name : 'Error';
  root.fail(type, error === undefined ? undefined : toProblem(error, { requestId }).body.detail);
}

function nameOf(ctx: HttpContext): string {
  return `${ctx.method} ${routeLabel(ctx)}`;
}
