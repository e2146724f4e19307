import type { z } from 'zod';
import type { ValidationIssue } from '../../base/errors.js';
import { DEFAULT_MAX_BODY_SIZE } from '../body/limit-body.js';
import type { UploadedFiles } from '../body/multipart.js';
import { NO_FILES, parseBody } from '../body/parse-body.js';
import { readBody } from '../body/read-body.js';
import { compose } from '../compose.js';
import { heedIdempotencyKey } from '../idempotency/idempotency.js';
import type { AuthInfo, HttpContext, HttpMiddleware, Next } from '../request-state.js';
import type { UserIdentity } from '../user-identity.js';
import type { RouteGuard } from './guard-registry.js';
import { getCurrentUserOptional } from './guards.js';
import type { BodyFormat, RouteDeclaration, RouteInput } from './route.js';
import { sendResult } from './send-result.js';
import { arrayFields, checkPart, throwIfFaulty } from './validate-input.js';

/** One middleware for a declared route: guard, repeats, body, the route's own middleware, validation, handler, answer. */
export function compileRoute(declaration: RouteDeclaration, guard: RouteGuard): HttpMiddleware {
  const stages: HttpMiddleware[] = [];
  if (guard) stages.push(guard);
  if (declaration.method !== 'GET') stages.push(heedIdempotencyKey(declaration.options.maxBodySize));
  if (takesBody(declaration)) stages.push(bodyStage(declaration));
  return compose([...stages, ...declaration.use, answerStage(declaration)]);
}

function takesBody({ options }: RouteDeclaration): boolean {
  return options.body !== undefined || options.rawBody === true || options.accepts !== undefined;
}

function bodyStage({ options }: RouteDeclaration): HttpMiddleware {
  const formats: readonly BodyFormat[] = [options.accepts ?? 'json'].flat();
  const parses = options.body !== undefined || options.accepts !== undefined;
  return async function readRouteBody(ctx: HttpContext, next: Next) {
    const maxBytes = options.maxBodySize ?? ctx.state.bodyLimit ?? DEFAULT_MAX_BODY_SIZE;
    if (options.rawBody) ctx.state.rawBody = await readBody(ctx.req, maxBytes);
    if (parses) {
      const { value, files } = await parseBody(ctx, formats, maxBytes);
      Object.assign(ctx.request, { body: value });
      ctx.state.files = files;
    }
    return next();
  };
}

function answerStage({ options, handler }: RouteDeclaration): HttpMiddleware {
  const readInput = inputReader(options.params, options.query, options.body);
  const handle = handler as (input: RouteInput) => unknown;
  return async function answerRoute(ctx: HttpContext) {
    const input = await readInput(ctx);
    const result = await handle(input);
    await sendResult(ctx, result, options.status, options.response);
  };
}

type InputReader = (ctx: HttpContext) => Promise<RouteInput>;

function inputReader(params?: z.ZodType, query?: z.ZodType, body?: z.ZodType): InputReader {
  const listed = arrayFields(query);
  return async function readInput(ctx) {
    const issues: ValidationIssue[] = [];
    const rawQuery = queryOf(ctx, listed);
    const checkedParams = params ? await checkPart('path', params, ctx.params, issues) : ctx.params;
    const checkedQuery = query ? await checkPart('query', query, rawQuery, issues) : rawQuery;
    const checkedBody = body ? await checkPart('body', body, ctx.request.body, issues) : undefined;
    throwIfFaulty(issues);
    return new HandlerInput(ctx, checkedParams, checkedQuery, checkedBody);
  };
}

/** A query field that came once is a list where the schema asks for one. */
function queryOf(ctx: HttpContext, listed: readonly string[]): Record<string, unknown> {
  const query: Record<string, unknown> = ctx.query;
  if (listed.length === 0) return query;
  const complete = { ...query };
  for (const name of listed) if (typeof complete[name] === 'string') complete[name] = [complete[name]];
  return complete;
}

class HandlerInput implements RouteInput {
  #abort: AbortController | undefined;

  constructor(
    readonly ctx: HttpContext,
    readonly params: unknown,
    readonly query: unknown,
    readonly body: unknown,
  ) {}

  get user(): UserIdentity | null {
    return getCurrentUserOptional(this.ctx);
  }

  get auth(): AuthInfo | null {
    return this.ctx.state.auth ?? null;
  }

  get requestId(): string {
    return this.ctx.state.requestId ?? '';
  }

  get rawBody(): Buffer | undefined {
    return this.ctx.state.rawBody;
  }

  get files(): UploadedFiles {
    return this.ctx.state.files ?? NO_FILES;
  }

  get signal(): AbortSignal {
    this.#abort ??= abortWhenGone(this.ctx);
    return this.#abort.signal;
  }
}

function abortWhenGone({ res }: HttpContext): AbortController {
  const controller = new AbortController();
  const abort = (): void => {
    if (!res.writableFinished) controller.abort(new Error('The client closed the connection'));
  };
  if (res.destroyed) abort();
  else res.once('close', abort);
  return controller;
}
