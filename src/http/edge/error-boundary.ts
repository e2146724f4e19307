import type { Logger } from '../../base/ports.js';
import { type ProblemResponse, statusProblem, toProblem } from '../problem.js';
import type { HttpContext, HttpMiddleware, Next } from '../request-state.js';

export interface ErrorBoundaryOptions {
  logger: Logger;
  /** Adds a `debug` member with the stack; never in production. */
  debug?: boolean;
}

/** What an earlier answer may have left behind that is not true of a problem. */
const BODY_HEADERS = [
  'Content-Disposition',
  'Content-Encoding',
  'Content-Length',
  'Content-Range',
  'ETag',
  'Last-Modified',
  'Transfer-Encoding',
] as const;

/** Turns whatever is thrown inside, and bare error statuses, into problem bodies; headers set so far stay. */
export function catchErrors({ logger, debug = false }: ErrorBoundaryOptions): HttpMiddleware {
  return async function errorBoundary(ctx: HttpContext, next: Next) {
    try {
      await next();
      if (isBareError(ctx)) writeProblem(ctx, statusProblem(ctx.status, ctx.state.requestId ?? ''));
    } catch (error) {
      ctx.state.error = error;
      answerError(ctx, error, logger, debug);
    }
  };
}

function isBareError(ctx: HttpContext): boolean {
  return ctx.status >= 400 && (ctx.body === undefined || ctx.body === null) && !ctx.headerSent && ctx.respond !== false;
}

function answerError(ctx: HttpContext, error: unknown, logger: Logger, debug: boolean): void {
  const problem = toProblem(error, { requestId: ctx.state.requestId ?? '', debug });
  const { status, code } = problem.body;
  const clientLeft = ctx.res.destroyed || (ctx.req.destroyed && !ctx.req.complete);
  if (status >= 500 && !clientLeft) logger.error({ err: error, status, code }, 'The request failed');
  if (ctx.headerSent) {
    ctx.res.destroy();
    return;
  }
  writeProblem(ctx, problem);
}

function writeProblem(ctx: HttpContext, { body, headers }: ProblemResponse): void {
  for (const name of BODY_HEADERS) ctx.remove(name);
  ctx.respond = true;
  ctx.status = body.status;
  ctx.res.setHeader('Content-Type', 'application/problem+json');
  ctx.res.setHeader('Cache-Control', 'no-store, max-age=0');
  for (const [name, value] of Object.entries(headers)) ctx.res.setHeader(name, value);
  ctx.body = JSON.stringify(body);
}
