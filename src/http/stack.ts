import type Koa from 'koa';
import { type Actor, currentContext, setActor } from '../base/context.js';
import type { Logger, Metrics } from '../base/ports.js';
import type { Services } from '../base/services.js';
import { limitBody } from './body/limit-body.js';
import { compose } from './compose.js';
import { logAndMeasure } from './edge/access-log.js';
import { allowOrigins, type CorsOptions } from './edge/cors.js';
import { catchErrors } from './edge/error-boundary.js';
import { limitRate } from './edge/rate-limit.js';
import type { RateLimits } from './edge/rate-limits.js';
import { identifyRequest } from './edge/request-id.js';
import { setSecurityHeaders } from './edge/security-headers.js';
import { AuthError } from './errors.js';
import type { Idempotency } from './idempotency/idempotency.js';
import type { HttpContext, HttpMiddleware, KernelState, Next } from './request-state.js';
import { answerRoute, resolveRoute } from './routing/route-stages.js';
import type { RouteTable } from './routing/route-table.js';
import type { StaticFiles } from './static/static-files.js';
import type { OpenStreams } from './streaming/open-streams.js';

/** `SecuritySettings`. */
export interface SecurityOptions {
  enableRequestId?: boolean;
  enableSecurityHeaders?: boolean;
  enableRequestLogging?: boolean;
  enableErrorHandling?: boolean;
  /** Bytes; default 10 MiB. */
  maxBodySize?: number;
  debug?: boolean;
}

/** Reads the request's proof of identity and fills `ctx.state.user` and `ctx.state.auth`. */
export type Authenticate = (ctx: HttpContext) => void | Promise<void>;

export interface StackOptions {
  routes: RouteTable;
  logger: Logger;
  metrics: Metrics;
  security?: SecurityOptions;
  /** Further parts of names of path parameters that the log masks. */
  sensitiveParams?: readonly string[] | undefined;
  cors?: CorsOptions;
  /** Sends HSTS. */
  production?: boolean;
  /** Number of proxies in front of this process; default 0. */
  trustProxy?: number;
  apiPrefix?: string;
  authenticate?: Authenticate;
  /** `null` or absent switches limits off. */
  rateLimits?: RateLimits | null;
  /** `null` or absent: repeats are not looked for. */
  idempotency?: Idempotency | null;
  /** Where event streams are looked after, those of the application's own middleware as well. */
  streams?: OpenStreams;
  tracing?: HttpMiddleware;
  /** Serve files where no route answers; innermost, so that the application's own middleware is around them. */
  files?: readonly StaticFiles[];
  requestMetrics?: HttpMiddleware;
  metering?: HttpMiddleware;
  /** What the free accessors (`getCache()`, …) answer with inside a request. */
  services?: Services;
  /** Put on `ctx.state` of every request. */
  state?: Readonly<Partial<KernelState>>;
}

/** The two halves of the pipeline; the application's own middleware runs between them. */
export interface Stack {
  readonly before: readonly HttpMiddleware[];
  readonly route: HttpMiddleware;
}

/** Every request goes through these stages, outermost first. */
export function createStack(options: StackOptions): Stack {
  const { routes, logger, metrics, cors, authenticate, tracing, requestMetrics, metering, sensitiveParams } = options;
  const security = options.security ?? {};
  const { files = [] } = options;
  const before = [
    identifyRequest({
      ...options,
      send: security.enableRequestId,
      state: {
        ...options.state,
        rateLimits: options.rateLimits ?? null,
        idempotency: options.idempotency ?? null,
        ...(files.length > 0 && { hasFile: (path) => isAnywhere(path, files) }),
      },
    }),
    resolveRoute(routes),
    tracing,
    logAndMeasure({ logger, metrics, logs: security.enableRequestLogging, sensitiveParams }),
    requestMetrics,
    security.enableErrorHandling !== false && catchErrors({ logger, debug: security.debug }),
    security.enableSecurityHeaders !== false && setSecurityHeaders(options),
    cors?.enabled !== false && allowOrigins(cors ?? {}),
    limitBody(security.maxBodySize),
    authenticate && identifyCaller(authenticate),
    options.rateLimits && limitRate,
    metering,
    options.streams && lookAfterStreams(options.streams),
  ];
  return {
    before: before.filter(isMiddleware),
    route: compose([...files.map(({ serve }) => serve), answerRoute(routes)]),
  };
}

function lookAfterStreams(streams: OpenStreams): HttpMiddleware {
  return function streamsStage(ctx: HttpContext, next: Next) {
    return next().then(() => streams.prepare(ctx));
  };
}

async function isAnywhere(path: string, files: readonly StaticFiles[]): Promise<boolean> {
  for (const each of files) if (await each.has(path)) return true;
  return false;
}

/** Puts the stack on `app`. What is `use`d afterwards runs inside it, just before the routes. */
export function installStack(app: Koa, { before, route }: Stack): void {
  for (const stage of before) app.use(stage);
  app.use(route);
  app.use = function useBeforeRoutes(this: Koa, middleware: Koa.Middleware) {
    if (typeof middleware !== 'function') throw new TypeError('app.use() takes a function');
    this.middleware.splice(this.middleware.length - 1, 0, middleware);
    return this;
  } as typeof app.use;
}

/** A refused proof does not close public routes: guards answer with the refusal where a caller is needed. */
function identifyCaller(authenticate: Authenticate): HttpMiddleware {
  return function identifyCallerStage(ctx: HttpContext, next: Next) {
    const goOn = (): Promise<unknown> => {
      const actor = actorOf(ctx.state);
      if (actor) setActor(currentContext(), actor);
      return next();
    };
    const refuse = (error: unknown): void => {
      if (!(error instanceof AuthError)) throw error;
      ctx.state.authError = error;
    };
    try {
      const proof = authenticate(ctx);
      if (proof instanceof Promise) return proof.catch(refuse).then(goOn);
    } catch (error) {
      refuse(error);
    }
    return goOn();
  };
}

function actorOf({ user, auth }: KernelState): Actor | undefined {
  if (!user) return undefined;
  return { id: user.id, type: auth?.type ?? 'user', role: user.role, ...(user.email && { email: user.email }) };
}

function isMiddleware(stage: HttpMiddleware | false | null | undefined): stage is HttpMiddleware {
  return typeof stage === 'function';
}
