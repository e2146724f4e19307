export { AddressGuard, parseNetwork } from './client/address-guard.js';
export type { HostResolver } from './client/host-resolver.js';
export { HttpClient, type HttpRequestOptions, httpClient, withHttpClient } from './client/http-client.js';
export type { HttpConfig } from './client/http-config.js';
export { HttpError } from './client/http-errors.js';
export { HttpResponse } from './client/http-response.js';
export { circuitStates } from './client/origin-pools.js';
export { compose } from './compose.js';
export { AfterAnswer } from './edge/after-answer.js';
export { getRealIp, isForwarded, peerAddress } from './edge/client-address.js';
export { type Geo, getGeoFromHeaders } from './edge/geo.js';
export { addressBucket, canonicalAddress, isPrivateAddress } from './edge/ip-address.js';
export { noRateLimit, rateLimit } from './edge/rate-limit.js';
export { type LimitDecision, RateLimits, type RequestLimiter } from './edge/rate-limits.js';
export { routeLabel } from './edge/route-label.js';
export { ShownPaths } from './edge/shown-path.js';
export { countStreamed } from './edge/streamed-bytes.js';
export { traceRequests } from './edge/trace-requests.js';
export {
  AuthError,
  BadRequestError,
  BodyTooLargeError,
  ForbiddenError,
  MethodNotAllowedError,
  RateLimitedError,
  UnsupportedMediaTypeError,
} from './errors.js';
export { Idempotency, idempotent } from './idempotency/idempotency.js';
export { type InjectInit, injectRequest } from './inject.js';
export { buildOpenApi, type OpenApiDocument, type OpenApiInfo } from './openapi/openapi.js';
export { type Problem, toProblem } from './problem.js';
export { getRequestContext, RequestContext, type RequestContextFields } from './request-context.js';
export type { AuthInfo, HttpContext, HttpMiddleware, KernelState, Next } from './request-state.js';
export { type Guard, GuardRegistry } from './routing/guard-registry.js';
export {
  getCaller,
  getCurrentAdmin,
  getCurrentUser,
  getCurrentUserOptional,
  optionalAuth,
  requireAdmin,
  requireAuth,
} from './routing/guards.js';
export type { AuthGuards, AuthRequirement, HttpMethod, RouteInput, RouteOptions } from './routing/route.js';
export { markMiddleware } from './routing/route-marks.js';
export { type MatchedRoute, type Mountable, RouteTable } from './routing/route-table.js';
export { createRouter, type RouterOptions, TypedRouter } from './routing/typed-router.js';
export { createHttpServer, type HttpServerOptions } from './server.js';
export { SilentConnections } from './silent-connections.js';
export {
  createStack,
  installStack,
  type StackOptions,
} from './stack.js';
export {
  cacheBustedStaticFiles,
  type StaticFiles,
  type StaticFilesOptions,
  staticFiles,
} from './static/static-files.js';
export { OpenStreams } from './streaming/open-streams.js';
export { readSse } from './streaming/read-sse.js';
export { type SseMessage, sseEvent } from './streaming/sse-format.js';
export type { SseOptions } from './streaming/sse-options.js';
export { sse } from './streaming/sse-stream.js';
export { surround } from './surround.js';
export { Unanswered } from './unanswered.js';
export { UserIdentity, type UserIdentityFields } from './user-identity.js';
