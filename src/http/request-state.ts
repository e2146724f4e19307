import type Koa from 'koa';
import type { TraceContext } from '../base/context.js';
import type { UploadedFiles } from './body/multipart.js';
import type { RateLimits } from './edge/rate-limits.js';
import type { AuthError } from './errors.js';
import type { Idempotency } from './idempotency/idempotency.js';
import type { MatchedRoute } from './routing/route-table.js';
import type { UserIdentity } from './user-identity.js';

/** How the caller proved who they are. Rooms that bring another proof add their fields by declaration merging. */
export interface AuthInfo {
  type: 'user' | 'api_key';
  userId?: string;
  sessionId?: string;
  /** What the proof is limited to; absent where it is not limited at all. */
  scopes?: readonly string[];
  /** Which API key it was. */
  keyId?: string;
  /** The one workspace that the proof is good for; absent where it is good for all of the user's. */
  workspaceId?: string;
  /** Requests per window that this key may make, counted apart from its user's tier. */
  rateLimit?: number;
}

/** `ctx.state` of every request that goes through the stack. Rooms add fields by declaration merging. */
export interface KernelState {
  requestId?: string;
  /** The client's address behind the trusted proxies, in canonical form. */
  ipAddress?: string | null;
  startedAt?: Date;
  /** The span of this request, where requests are traced. */
  trace?: TraceContext;
  user?: UserIdentity;
  auth?: AuthInfo;
  /** True once a guard that knows about scopes has let this API key in. */
  isKeyAdmitted?: boolean;
  /** Why the proof that came with the request was refused; guards answer with it. */
  authError?: AuthError;
  /** The route that will answer, known before authentication and limits. */
  route?: MatchedRoute;
  /** Where none will: those that take the path by other methods. */
  otherRoutes?: readonly MatchedRoute[];
  /** `null` where limits are switched off. */
  rateLimits?: RateLimits | null;
  /** Whether there is a file of that path to serve where no route answers. */
  hasFile?: (path: string) => Promise<boolean>;
  /** `null` where repeats are not looked for. */
  idempotency?: Idempotency | null;
  /** Most bytes a body may have, here. */
  bodyLimit?: number;
  /** How many bytes have come of a body that did not announce its length. */
  receivedBytes?: () => number;
  /** The body's bytes, where the route asks for them. */
  rawBody?: Buffer;
  /** What a multipart body uploaded. */
  files?: UploadedFiles;
  /** What the error boundary turned into a problem. */
  error?: unknown;
}

export type HttpContext = Koa.ParameterizedContext<KernelState>;
export type Next = () => Promise<unknown>;
/** Koa middleware that reads the kernel's state. Any plain Koa middleware is one. */
export type HttpMiddleware = (ctx: HttpContext, next: Next) => unknown;
