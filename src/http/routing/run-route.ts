import type { z } from 'zod';
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
import { arrayFields, type CheckedPart, checkPart, throwIfFaulty } from './validate-input.js';

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
    const read = readInput(ctx);
    const answer = handle(read instanceof Promise ? await read : read);
    const result = isPromiseLike(answer) ? await answer : answer;
    const sent = sendResult(ctx, result, options.status, options.response);
    if (sent instanceof Promise) await sent;
  };
}

/** Each `await` of what is there already costs promises that async hooks look at: a tenth of the work of a small route. */
function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | undefined | null)?.then === 'function';
}

/** Only a schema with asynchronous refinements makes a promise of it. */
type InputReader = (ctx: HttpContext) => RouteInput | Promise<RouteInput>;

function inputReader(params?: z.ZodType, query?: z.ZodType, body?: z.ZodType): InputReader {
  const listed = arrayFields(query);
  return function readInput(ctx) {
    const parts = [
      checkPart('path', params, ctx.params),
      checkPart('query', query, queryOf(ctx, listed)),
      checkPart('body', body, body && ctx.request.body),
    ];
    return parts.every(isChecked) ? inputOf(ctx, parts) : Promise.all(parts).then((checked) => inputOf(ctx, checked));
  };
}

function isChecked(part: CheckedPart | Promise<CheckedPart>): part is CheckedPart {
  return !(part instanceof Promise);
}

function inputOf(ctx: HttpContext, parts: readonly CheckedPart[]): RouteInput {
  throwIfFaulty(parts.flatMap(({ issues }) => issues));
  const [params, query, body] = parts;
  return new HandlerInput(ctx, params?.data, query?.data, body?.data);
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
